"""The frozen half: cases and clean logs that were fixed before any detector was written.

The detectors were tuned on `development` and on clean logs of other seeds; these are scored once.
"""

from __future__ import annotations

from tests.validate.leakage.corpus import PLANTS, STRENGTHS, Planted, planted

MIDDLE, OTHER, CLEAN = 24, 8, 300
"""Cases of each kind at the middle strength, at each other, and clean logs."""
_FROZEN_SEED, _DEVELOPMENT_SEED = 500_000, 100_000
CLEAN_SEEDS = range(900_000, 900_000 + CLEAN)
DEVELOPMENT_CLEAN_SEEDS = range(200_000, 200_000 + CLEAN)


def _half(first_seed: int) -> list[Planted]:
    cases = []
    for place, kind in enumerate(PLANTS):
        for level, strength in enumerate(STRENGTHS):
            count = MIDDLE if strength == "middle" else OTHER
            cases += planted(kind, strength, count, first_seed + 1_000 * place + 100 * level)
    return cases


def frozen() -> list[Planted]:
    """Return the frozen half of the planted leaks."""
    return _half(_FROZEN_SEED)


def development() -> list[Planted]:
    """Return the half that detectors may be tuned on."""
    return _half(_DEVELOPMENT_SEED)
