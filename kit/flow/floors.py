"""Fit floors on a log's earlier rows, judge them on later ones, before and after buyers answer."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from kit.allocate.floors.curves import FloorCurves
from kit.allocate.floors.fit import FloorPlan, floors_from_curves
from kit.base.errors import DataError
from kit.base.files import atomic_path, file_hash, write_text
from kit.base.specs import Spec
from kit.base.units import PriceUnit
from kit.data.log import AuctionLog
from kit.data.rejects import rejects_path
from kit.data.simulate import SimulationConfig
from kit.data.simulate_buyers import SellerSimulation, simulate_seller
from kit.data.split import time_split
from kit.flow.demo import source_words
from kit.flow.floor_report import write_floors
from kit.flow.floor_study import ANSWERS, BIDS, ONE, SEGMENTS, FloorAnswer, FloorStudy
from kit.flow.runs import Outcome, Say, utc_now
from kit.flow.source import open_log
from kit.flow.specs import Share, Source
from kit.report.numbers import count, percent


class FloorsSpec(Spec):
    """Settings of ``kit floors``.

    Parameters
    ----------
    source : Source or None
        The log; None simulates a seller whose buyers' values are known.
    curves : tuple of Path
        Reserve/acceptance curves instead of a log, a file each: columns ``accept_prob``,
        ``price``, ``revenue``, apart by blanks or commas.
    out : Path
        Folder for the floors and the report.
    by : tuple of str
        Columns that make a segment, the coarsest first; empty takes exchange, unit_id, country.
    view : {"bids", "competition"}
        Whether a row's two bids are read, or the highest other bid alone.
    top_bids : {"known", "draw"}
        Refuse rows whose highest bid is not known, or draw it from a landscape.
    max_lost_fill : float or None
        Most that fill may fall, as a share of auctions.
    soft_factor : float
        Soft floor over hard floor, where pricing rules are compared.
    rounds : int
        Rounds in which buyers answer.
    listen_cost : float
        What a thousand requests cost a buyer to listen to, in the log's currency.
    auctions : int
        Auctions of a simulated seller.
    tune, holdout : float
        Shares of the split.
    seed : int
        Of every draw.
    """

    source: Source | None = None
    curves: tuple[Path, ...] = ()
    out: Path = Path("floors")
    by: tuple[str, ...] = ()
    view: Literal["bids", "competition"] = "bids"
    top_bids: Literal["known", "draw"] = "known"
    max_lost_fill: Annotated[float, Field(ge=0, le=1)] | None = None
    soft_factor: Annotated[float, Field(ge=1)] = 2.0
    rounds: Annotated[int, Field(ge=0, le=200)] = 12
    listen_cost: Annotated[float, Field(ge=0)] = 0.02
    auctions: Annotated[int, Field(ge=1000)] = 150_000
    tune: Share = 0.2
    holdout: Share = 0.3
    seed: Annotated[int, Field(ge=0)] = 0


def run_floors(spec: FloorsSpec, say: Say) -> Outcome:
    """Write ``floors.csv``, ``floors.parquet`` and a report into the folder.

    Raises
    ------
    KitError
        If the log cannot be read, or does not tell what floors need.
    """
    if spec.out.exists() and not spec.out.is_dir():
        raise DataError(f"out: got {spec.out}, a file; must be a folder. Name another place.")
    if spec.curves:
        return _from_curves(spec, say)
    log, inputs, bad_rows = _rows(spec, say)
    rows = log.log if isinstance(log, SellerSimulation) else log
    study = FloorStudy(
        log, spec.by or None, view=spec.view, market=_drawn(spec, rows, say), tune=spec.tune,
        holdout=spec.holdout, seed=spec.seed,
    )  # fmt: skip
    say(f"fitting floors of {len(study.fit.labels):,} segments on {len(study.fit):,} auctions")
    cost = spec.listen_cost * study.unit.minor_per_major
    answer = study.judge(spec.max_lost_fill, rounds=spec.rounds, listen_cost_cpm=cost)
    rules = study.rules(answer.advised, spec.soft_factor, rounds=spec.rounds, listen_cost_cpm=cost)
    say("writing the report")
    written = _write_tables(spec.out, answer.advised.table, answer.table)
    written += write_floors(
        spec.out, study, answer, rules, command=floors_command(spec), seed=spec.seed,
        source=rows.meta.source or "a log", bad_rows=bad_rows, generated_at=utc_now(),
    )  # fmt: skip
    summary = _summary(spec, study, answer)
    return Outcome(
        summary=summary | {"bad_rows": bad_rows},
        inputs=inputs,
        outputs={str(path): file_hash(path) for path in written},
        lines=_lines(spec, study, answer),
    )


def floors_command(spec: FloorsSpec) -> str:
    """Return the command that runs these settings again.

    Examples
    --------
    >>> floors_command(FloorsSpec(max_lost_fill=0.02))
    'kit floors --max-lost-fill 0.02 --out floors --seed 0'
    """
    words = ["kit", "floors"]
    if spec.source is not None:
        words += source_words("", spec.source)[1:]
    for path in spec.curves:
        words += ["--curves", str(path)]
    if spec.by:
        words += ["--by", ",".join(spec.by)]
    defaults = FloorsSpec()
    names = (
        "view", "top_bids", "max_lost_fill", "soft_factor", "rounds", "listen_cost", "auctions",
        "tune", "holdout",
    )  # fmt: skip
    for name in names:
        value = getattr(spec, name)
        if value != getattr(defaults, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join([*words, "--out", str(spec.out), "--seed", str(spec.seed)])


def read_curves(path: Path) -> pd.DataFrame:
    """Read one reserve/acceptance curve; ``accept.prob`` is understood.

    Raises
    ------
    DataError
        If the file is missing or is no table.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file. Pass a table of accept_prob, price and revenue.")
    try:
        frame = pd.read_csv(path, sep=r"\s*[,;\t]\s*|\s+", engine="python")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path}: is no table ({str(error).strip()}); must have the columns accept_prob, "
            "price, revenue. Repair the file."
        ) from None
    return frame.rename(columns=lambda name: str(name).strip().replace(".", "_"))


def _rows(spec: FloorsSpec, say: Say) -> tuple[AuctionLog | SellerSimulation, dict[str, str], int]:
    if spec.source is None:
        say(f"simulating a seller, {spec.auctions:,} auctions")
        return simulate_seller(SimulationConfig(auctions=spec.auctions), spec.seed), {}, 0
    say(f"loading {spec.source.path.name}")
    rejects = rejects_path(spec.out / spec.source.path.name)
    log, report = open_log(spec.source, rejects)
    return log, {str(spec.source.path): report.source_hash}, report.bad_rows


def _drawn(spec: FloorsSpec, log: AuctionLog, say: Say) -> NDArray[np.float64] | None:
    """Draw the highest other bids from a landscape fitted on the train split."""
    if spec.top_bids == "known":
        return None
    from kit.models.landscape import LandscapeModel  # here: most runs need no LightGBM

    say("fitting a landscape on the train split, to draw the bids that the log only bounds")
    split = time_split(log, tune=spec.tune, holdout=spec.holdout)
    model = LandscapeModel.fit(split.train, split.train, seed=spec.seed)
    return model.market_prices(log, np.random.default_rng([spec.seed, 5]))


def _from_curves(spec: FloorsSpec, say: Say) -> Outcome:
    if spec.source is not None:
        raise DataError("curves: given beside a log; only one may tell the revenue. Drop one.")
    say(f"reading {len(spec.curves)} curve{'s' * (len(spec.curves) != 1)}")
    names = [path.stem for path in spec.curves]
    if len(set(names)) < len(names):
        raise DataError(f"curves: two files share a name ({names}); must differ. Rename one.")
    frames = [read_curves(path).assign(curve=path.stem) for path in spec.curves]
    curves = FloorCurves.of_frame(pd.concat(frames, ignore_index=True), ["curve"])
    plan = floors_from_curves(curves, spec.max_lost_fill)
    written = _write_tables(spec.out, plan.table, curves.frontier())
    summary: dict[str, Any] = _fitted(plan) | {
        "floors": plan.table[["curve", "floor_cpm", "fill", "revenue_cpm"]].to_dict("records"),
        "judged": None,
    }
    shown = [
        f"  {row['curve']:<24}floor {row['floor_cpm']:.6g}, fill {percent(row['fill'])}, revenue "
        f"{row['revenue_cpm']:.6g}"
        for row in summary["floors"]
    ]
    return Outcome(
        summary=summary,
        inputs={str(path): file_hash(path) for path in spec.curves},
        outputs={str(path): file_hash(path) for path in written},
        lines=("Floors from the curves; a curve holds no auctions to judge them on.", *shown),
    )


def _write_tables(out: Path, floors: pd.DataFrame, states: pd.DataFrame) -> list[Path]:
    write_text(out / "floors.csv", floors.to_csv(index=False))
    write_text(out / "states.csv", states.to_csv(index=False))
    with atomic_path(out / "floors.parquet") as partial:
        floors.to_parquet(partial, index=False)
    return [out / "floors.csv", out / "floors.parquet", out / "states.csv"]


def _fitted(plan: FloorPlan) -> dict[str, Any]:
    """Return what the fit says of a plan, per auction."""
    choice = plan.choice
    if choice is None:
        return {}
    return {
        "fitted_revenue_cpm": choice.revenue, "fitted_lost_fill": choice.lost,
        "bound_cpm": choice.bound, "fill_price": choice.fill_price,
    }  # fmt: skip


def _summary(spec: FloorsSpec, study: FloorStudy, answer: FloorAnswer) -> dict[str, Any]:
    comparisons = answer.trial.comparisons
    states = answer.table.astype(object).where(answer.table.notna(), None)
    types = study.by_type(answer)
    return {
        "decision": {
            state: comparison.decision for (name, state), comparison in comparisons.items()
            if name == SEGMENTS
        },
        "floors_fitted_for": ANSWERS if answer.answered_plans else BIDS,
        "baseline": ONE,
        "states": states.to_dict("records"),
        "by_auction_type": types.astype(object).where(types.notna(), None).to_dict("records"),
        "segments": len(answer.floors),
        "fitted_on": len(study.fit),
        "judged_on": len(study.held_out),
        "currency": study.unit.currency,
        "max_lost_fill": spec.max_lost_fill,
        **_fitted(answer.advised),
        "regret_left": {
            name: float(response.rounds["regret"].iloc[-1])
                for name, response in (answer.answered or answer.trial).responses.items()
        },
        "report": str(spec.out / "report.html"),
        "floors": str(spec.out / "floors.parquet"),
    }  # fmt: skip


def _lines(spec: FloorsSpec, study: FloorStudy, answer: FloorAnswer) -> tuple[str, ...]:
    unit = study.unit
    said = [
        f"Floors of {len(answer.floors):,} segments, fitted on {count(len(study.fit))} auctions "
        f"and judged on {count(len(study.held_out))} later ones:",
    ]
    for fitted_for, rows in answer.table.groupby("fitted_for", sort=False):
        said.append(f"Fitted for {fitted_for}:")
        said += [f"  {_state_line(row, unit)}" for row in rows.itertuples(index=False)]
    if study.market is None:
        said.append("  The log tells too little of the buyers to let them answer.")
    return (
        *said,
        f"Open next: {spec.out / 'report.html'}; the floors are in {spec.out}/floors.csv",
    )


def _state_line(row: Any, unit: PriceUnit) -> str:
    text = f"{row.plan:<20}{row.state:<8}revenue {row.revenue_cpm:.4g} {unit.label}, fill "
    text += percent(row.fill)
    if row.plan == ONE:
        return text
    text += f"; {percent(row.lift, 2, sign=True)} over {ONE}"
    if math.isfinite(row.low):
        base = row.revenue_cpm - row.lift_cpm
        ends = [percent(end / base, 2, sign=True) for end in (row.low, row.high)]
        text += f" ({ends[0]} to {ends[1]})"
    return text
