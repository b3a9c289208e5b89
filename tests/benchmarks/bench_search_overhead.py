"""What a search takes beside training the same specs, on a log of 100,000 auctions."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from kit.data.sealed import SealedSplit, seal_log
from kit.data.simulate import SimulationConfig, simulate
from kit.flow.search import propose
from kit.flow.search.default import default_variant
from kit.flow.search.evaluate import Bench
from kit.flow.search.outcome import Found
from kit.flow.search.settings import ProposeSpec
from kit.flow.specs import Source
from kit.variant.build import fit_click
from kit.variant.frozen import load_frozen
from tests.benchmarks.table import Row, Table

AUCTIONS, TRIALS, TRIES = 100_000, 12, 3
PROPOSERS = ("rules", "tpe")


def tables(quick: bool) -> list[Table]:
    """Return the overhead for each proposer; battery and looks are apart.

    Bare training fits each model of the trials once: trials that differ in their bids alone share
    theirs, with the search and without; the search takes the trees of one that differs in its
    calibration alone as well, which bare training grows again. Whoever trains to choose must score
    as well: predict the tune split and replay it, which is the second row. All is CPU time of one
    thread, warm; the median of three tries, as a machine's speed moves between the two sides.
    """
    with tempfile.TemporaryDirectory() as folder, _workspace(Path(folder) / "workspace"):
        root = Path(folder)
        small, large = (_sealed(rows, root / str(rows)) for rows in (20_000, AUCTIONS))
        default = root / "default.json"
        default.write_text(default_variant(large.train).model_dump_json())
        for name in PROPOSERS:  # loads kernels and libraries
            list(_rows(name, small, default, root / f"warm {name}", 3))
        sealed, trials = (small, 4) if quick else (large, TRIALS)
        rows: list[Row] = []
        for name in PROPOSERS:
            tries = [
                list(_rows(name, sealed, default, root / f"{name} {place}", trials))
                for place in range(1 if quick else TRIES)
            ]
            rows += sorted(tries, key=lambda tried: tried[0].ratio)[len(tries) // 2]
    return [Table(f"A search of {TRIALS} trials over bare training of the same specs", rows)]


def _sealed(auctions: int, root: Path) -> SealedSplit:
    log = simulate(SimulationConfig(auctions=auctions), seed=1).log
    return seal_log(log.save(root / "log.parquet"), out=root / "sealed")


def _rows(
    proposer: Any, sealed: SealedSplit, default: Path, out: Path, trials: int
) -> Iterator[Row]:
    spec = ProposeSpec(
        source=Source(path=sealed.folder, format="parquet"), proposer=proposer, budget=trials,
        default=default, out=out, finalists=1,
    )  # fmt: skip
    parts: dict[str, float] = {}
    with _timed(parts, "_leaks"), _timed(parts, "judge_finalists"):
        began = time.process_time()
        found = propose.search_variants(spec, lambda line: None)
        whole = time.process_time() - began
    apart = sum(parts.values())
    bare, models = _bare(found, sealed)
    scored = _scoring(found)
    said = (
        f"apart: leakage battery {parts['_leaks']:.2f} s, {len(found.judged)} look (in the "
        f"vault's own process) {parts['judge_finalists']:.2f} s here"
    )
    rows = len(sealed.train) + len(sealed.tune)
    name, taken = f"{proposer}, {len(found.trials)} trials of {rows:,} rows", whole - apart
    yield Row(
        f"{name}, over training; {said}", f"{taken:.2f} s", f"{models} fits {bare:.2f} s",
        taken / bare, "<= 1.1",
    )  # fmt: skip
    yield Row(
        f"{name}, over training and scoring", f"{taken:.2f} s",
        f"fits {bare:.2f} s + scores {scored:.2f} s", taken / (bare + scored),
    )  # fmt: skip


def _bare(found: Found, sealed: SealedSplit) -> tuple[float, int]:
    """Return the seconds of fitting each model of the trials, and how many there are."""
    specs = {
        trial.spec.model.model_dump_json(): trial.spec
        for trial in found.trials
        if trial.spec.model is not None and trial.status == "scored"
    }
    began = time.process_time()
    for spec in specs.values():
        assert spec.model is not None
        fit_click(spec.model, sealed.train, sealed.tune, spec.seed)
    return time.process_time() - began, len(specs)


def _scoring(found: Found) -> float:
    """Return the seconds of scoring each trial that was built."""
    claim = found.claim
    bench = Bench.of(
        found.sealed.folder, Path(), claim["click_value_cpm"], claim["budget_per_1000"]
    )
    variants = [load_frozen(folder) for folder in found.folders.values() if folder]
    began = time.process_time()
    for variant in variants:
        bench.replayed(variant)
    return time.process_time() - began


@contextmanager
def _timed(parts: dict[str, float], name: str) -> Iterator[None]:
    """Add the seconds of one step of the search."""
    plain: Callable[..., Any] = getattr(propose, name)

    def measured(*given: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return plain(*given, **named)
        finally:
            parts[name] = time.process_time() - began

    with patch.object(propose, name, measured):
        yield


@contextmanager
def _workspace(root: Path) -> Iterator[None]:
    with patch.dict(os.environ, {"KIT_WORKSPACE": str(root)}):
        yield
