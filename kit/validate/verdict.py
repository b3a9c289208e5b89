"""`Verdict`: what a charged look at a sealed holdout may say. Nothing else is a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kit.base.checks import has_columns, one_of
from kit.base.units import USD_CPM, PriceUnit
from kit.validate.comparison import Comparison

Question = Literal["better", "not_worse", "worse"]
QUESTIONS = ("better", "not_worse", "worse")
Status = Literal["pass", "fail", "needs a person"]
STATUSES = ("pass", "fail", "needs a person")
EXIT_CODES: Mapping[str, int] = {"pass": 0, "fail": 1, "needs a person": 3}
"""What ``kit check`` exits with."""
_ON_TUNE = ("tune", "tune_optimistic")
ANSWERS: Mapping[Question, str] = {"better": "better", "not_worse": "not worse", "worse": "worse"}
"""What a shown claim is called."""


@dataclass(frozen=True)
class GateResult:
    """One rule, applied.

    Parameters
    ----------
    gate : str
        leakage, effect, worst_segment, calibration, drift or stress.
    status : {"pass", "fail", "needs a person"}
        How it came out.
    split : {"train and tune", "tune", "holdout"}
        What it was measured on. On the holdout only where the effect was shown: a gate's answer at
        every look would let a caller learn the holdout, one bit at a time.
    reasons : tuple of str
        Why, in sentences; numbers only from a split that may be seen.
    """

    gate: str
    status: Status
    split: str
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        one_of("status", self.status, STATUSES)


@dataclass(frozen=True)
class Effect:
    """A difference in surplus on a holdout, rounded: what a shown claim releases.

    Parameters
    ----------
    difference, low, high : float
        Candidate less baseline and its interval, price sums of the whole holdout, each rounded to
        `step`.
    step : float
        A power of ten between a twentieth and a half of the standard error.
    level : float
        Of the interval, for all looks at this holdout so far together.
    blocks, auctions : int
        Independent time blocks and rows of the holdout.
    """

    difference: float
    low: float
    high: float
    step: float
    level: float
    blocks: int
    auctions: int

    @classmethod
    def of(cls, seen: Comparison, critical_z: float) -> Effect:
        """Round what a comparison saw in its first metric.

        Parameters
        ----------
        seen : Comparison
            On the holdout, its intervals counted over every look so far.
        critical_z : float
            Of the look: where the comparison has no interval, for want of events or of
            independent blocks, this many standard errors either way.

        Examples
        --------
        >>> from kit.validate.comparison import MetricDifference
        >>> row = MetricDifference("surplus", 9e5, 5e5, 412_345, 104_321, 712_345, 51_234, 7e5,
        ...                        104_321, 712_345)
        >>> Effect.of(Comparison("better", (), 24, "", 0.95, 1, (row,), 900, 50), 2.0).difference
        410000.0
        """
        row = seen.first
        step = 10.0 ** math.floor(math.log10(row.se / 2)) if row.se > 0 else 1.0

        low, high = row.simultaneous_low, row.simultaneous_high
        if not (math.isfinite(low) and math.isfinite(high)):
            reach = critical_z * row.se
            low, high = row.difference - reach, row.difference + reach

        def rounded(end: float) -> float:
            return round(end / step) * step

        return cls(
            rounded(row.difference), rounded(low), rounded(high),
            step, seen.level, seen.blocks, seen.auctions,
        )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """The answer of the vault.

    Parameters
    ----------
    question : {"better", "not_worse", "worse"}
        What was asked of the candidate beside the baseline.
    shown : bool
        Whether the holdout shows it, under the rule that holds over all looks together.
    status : {"pass", "fail", "needs a person"}
        The worst gate decides.
    gates : tuple of GateResult
        Every gate, the effect first.
    candidate, baseline : str
        Names.
    candidate_hash, baseline_hash : str
        Of the frozen artefacts.
    source_hash : str
        The log whose holdout was looked at.
    look : int
        Number of the look at this log; 0 where the candidate was refused before one.
    looks_left : int
        Looks that the budget still pays for.
    share : float
        Part of the error budget that the look was charged.
    repeated : bool
        Whether this is the recorded answer of an earlier look, not charged again.
    effect : Effect or None
        The paired effect in money on the holdout; only where it was shown.
    tune, tune_optimistic : Comparison or None
        The paired effect on the tune split, under the pessimistic reading and under the
        optimistic one: the figures of a report. What was chosen on that split looks better there
        than it is.
    mde_cpm : float or None
        Smallest true effect that such a look finds with the power of the rules, as a price sum
        of the holdout; estimated on the tune split, before the look.
    unit : PriceUnit
        Unit of the price sums.
    """

    question: Question
    shown: bool
    status: Status
    gates: tuple[GateResult, ...]
    candidate: str
    baseline: str
    candidate_hash: str
    baseline_hash: str
    source_hash: str
    look: int
    looks_left: int
    share: float
    repeated: bool = False
    effect: Effect | None = None
    tune: Comparison | None = None
    tune_optimistic: Comparison | None = None
    mde_cpm: float | None = None
    unit: PriceUnit = USD_CPM

    def __post_init__(self) -> None:
        one_of("question", self.question, QUESTIONS)
        one_of("status", self.status, STATUSES)

    @property
    def answer(self) -> str:
        """Return ``better``, ``not shown better``, and so on for the other questions."""
        return ANSWERS[self.question] if self.shown else f"not shown {ANSWERS[self.question]}"

    @property
    def exit_code(self) -> int:
        """Return 0, 1 or 3: pass, fail, needs a person."""
        return EXIT_CODES[self.status]

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        plain = asdict(self)
        plain["gates"] = [asdict(gate) | {"reasons": list(gate.reasons)} for gate in self.gates]
        for name in _ON_TUNE:
            held: Comparison | None = getattr(self, name)
            plain[name] = held.to_dict() if held is not None else None
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Verdict:
        """Read what `to_dict` wrote.

        Raises
        ------
        DataError
            If a field is missing or out of range.
        """
        has_columns("verdict", plain, cls.__dataclass_fields__)
        values = {name: plain[name] for name in cls.__dataclass_fields__}
        values["gates"] = tuple(
            GateResult(**{**gate, "reasons": tuple(gate["reasons"])}) for gate in plain["gates"]
        )
        for name in _ON_TUNE:
            values[name] = Comparison.from_dict(plain[name]) if plain[name] is not None else None
        values["effect"] = Effect(**plain["effect"]) if plain["effect"] is not None else None
        values["unit"] = PriceUnit(**plain["unit"])
        return cls(**values)


def worst(gates: tuple[GateResult, ...]) -> Status:
    """Return the status of several gates together: one failure fails, one doubt needs a person.

    Examples
    --------
    >>> worst((GateResult("effect", "pass", "holdout"), GateResult("drift", "fail", "holdout")))
    'fail'
    """
    statuses = {gate.status for gate in gates}
    if "fail" in statuses:
        return "fail"
    return "needs a person" if "needs a person" in statuses else "pass"
