"""Replay one policy over a log of any size and print what it would have bought."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kit.base.errors import DataError
from kit.base.files import file_hash, write_text
from kit.base.units import PriceUnit
from kit.bid.registry import POLICIES, make_policy
from kit.bid.training import TrainingStats
from kit.data.log import AuctionLog, LogMeta
from kit.data.warehouse import ScannedLog, is_kit_log
from kit.flow.findings import FrameData
from kit.flow.runs import Outcome, Say
from kit.flow.source import open_log
from kit.flow.specs import ReplaySpec
from kit.replay.result import ReplayResult
from kit.replay.run import replay
from kit.report.numbers import count, money

if TYPE_CHECKING:
    from kit.models.response import Response


def run_replay(spec: ReplaySpec, say: Say) -> Outcome:
    """Replay a policy and return its totals; ``cost`` is the plain sum of the prices paid.

    A log that kit wrote is read in batches, so that it may be larger than memory.

    Raises
    ------
    KitError
        If the log, the policy or the budget is not allowed.
    """
    say(f"loading {spec.source.path.name}")
    auctions = _Auctions.of(spec)
    inputs = dict(auctions.inputs)
    stats = _training(spec, inputs)
    if stats is not None:
        stats.check_unit(auctions.meta.unit)
    model = _model(spec, inputs)
    policy = make_policy(spec.policy, spec.params, stats)
    if spec.model is None and "pctr" in POLICIES[spec.policy].columns:
        _need_pctr(spec.policy, auctions.columns)
    say(f"replaying {spec.policy} over {auctions.rows:,} auctions")
    limits = _limits(spec, stats, auctions)
    result = replay(
        (_prepared(batch, spec, model) for batch in auctions.batches), policy,
        name=spec.policy, censored=spec.censored, rng=np.random.default_rng(spec.seed), **limits,
    )  # fmt: skip
    summary = result.to_dict() | {"params": spec.params, "bad_rows": auctions.bad_rows}
    is_valued = spec.click_value is not None or "click_value_cpm" in auctions.columns
    if not is_valued:
        summary |= {"value": None, "surplus": None}  # nobody said what a click is worth
    return Outcome(
        summary=summary,
        inputs=inputs,
        outputs=_write(result, summary, spec.out),
        lines=_lines(result, is_valued),
    )


def _need_pctr(policy: str, columns: tuple[str, ...]) -> None:
    if "pctr" not in columns:
        raise DataError(
            f"policy {policy}: needs pctr, and the log has none; must come with a click model. "
            "Pass --model DIR, a folder of `kit train`, or map the column."
        )


@dataclass(frozen=True)
class _Auctions:
    """The log of a replay: in memory, or in batches from disk."""

    batches: Iterable[AuctionLog]
    rows: int
    meta: LogMeta
    columns: tuple[str, ...]
    inputs: dict[str, str]
    bad_rows: int = 0

    @classmethod
    def of(cls, spec: ReplaySpec) -> _Auctions:
        path = spec.source.path
        if spec.source.format == "parquet" and is_kit_log(path):
            scanned = ScannedLog(path)
            inputs = {str(path): file_hash(path)}
            columns = tuple(scanned.columns)
            return cls(scanned.batches(), len(scanned), scanned.meta, columns, inputs)
        log, report = open_log(spec.source, _rejects(spec))
        inputs = {str(path): report.source_hash}
        columns = tuple(map(str, log.frame.columns))
        return cls([log], len(log), log.meta, columns, inputs, report.bad_rows)


def _rejects(spec: ReplaySpec) -> Path | None:
    return None if spec.out is None else spec.out.with_name(f"{spec.out.name}.rejects.tsv")


def _training(spec: ReplaySpec, inputs: dict[str, str]) -> TrainingStats | None:
    if spec.info is not None and spec.train is not None:
        raise DataError("info: given beside train; only one may describe the training period.")
    if spec.info is not None:
        inputs[str(spec.info)] = file_hash(spec.info) if spec.info.is_file() else ""
        return TrainingStats.from_info(spec.info)
    if spec.train is not None:
        log, report = open_log(spec.train)
        inputs[str(spec.train.path)] = report.source_hash
        return TrainingStats.from_log(log)
    return None


def _model(spec: ReplaySpec, inputs: dict[str, str]) -> Response | None:
    if spec.model is None:
        return None
    from kit.models.response import load_response  # here: most replays need no LightGBM

    model = load_response(spec.model)
    inputs[str(spec.model)] = file_hash(spec.model / "schema.json")
    return model


def _prepared(log: AuctionLog, spec: ReplaySpec, model: Response | None) -> AuctionLog:
    if spec.click_value is not None:
        unit = log.meta.unit
        log = log.with_columns(click_value_cpm=spec.click_value * 1000 * unit.minor_per_major)
    return log if model is None else log.with_columns(pctr=model.predict(log))


def _limits(spec: ReplaySpec, stats: TrainingStats | None, auctions: _Auctions) -> dict[str, Any]:
    budget = _budget(spec, stats, spec.episode or auctions.rows, auctions.meta.unit)
    if spec.episode is None:
        return {} if budget is None else {"budget": budget}
    if budget is None:
        raise DataError(
            f"episode: got {spec.episode} without a budget; must come with --budget-share or "
            "--budget. Pass one."
        )
    return {"episode": spec.episode, "episode_budget": budget}


def _budget(
    spec: ReplaySpec, stats: TrainingStats | None, auctions: int, unit: PriceUnit
) -> float | None:
    """Return the price sum of the whole replay, or of an episode."""
    if spec.budget is not None and spec.budget_share is not None:
        raise DataError("budget: given beside budget_share; only one may limit. Drop one.")
    if spec.budget is not None:
        return spec.budget * 1000 * unit.minor_per_major
    if spec.budget_share is None:
        return None
    share = _share(spec.budget_share)
    if stats is None:
        raise DataError(
            f"budget_share: got {spec.budget_share}, a share of the training period's mean price; "
            "must come with training statistics. Pass --info INFO.json or --train LOG."
        )
    return stats.mean_price_cpm * share * auctions


def _share(text: str) -> float:
    try:
        share = float(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError):
        share = -1.0
    if not 0 <= share <= 1000:
        raise DataError(
            f"budget_share: got {text!r}; must be a number or fraction in [0, 1000], such as 1/32. "
            "Pass one inside the range."
        )
    return share


def _write(result: ReplayResult, summary: dict[str, Any], out: Path | None) -> dict[str, str]:
    if out is None:
        return {}
    tables = {
        "by_exchange_hour": result.by_exchange_hour,
        "by_campaign": result.by_campaign,
    }
    plain = summary | {
        name: FrameData.of(table).model_dump(mode="json") for name, table in tables.items()
    }
    write_text(out, json.dumps(plain, indent=1, allow_nan=False) + "\n")
    return {str(out): file_hash(out)}


def _lines(result: ReplayResult, is_valued: bool) -> tuple[str, ...]:
    unit = result.unit
    rows = [
        ("auctions", count(result.auctions)),
        ("impressions", f"{count(result.impressions)} ({100 * result.win_rate:.1f} % won)"),
        ("clicks", count(result.clicks)),
        ("cost", _sum(result.cost, unit)),
        ("undetermined bids", count(result.undetermined)),
    ]
    if is_valued:
        rows[4:4] = [("value", _sum(result.value, unit)), ("surplus", _sum(result.surplus, unit))]
    return (result.policy, *(f"  {name:<18}{text}" for name, text in rows))


def _sum(price_sum: float, unit: PriceUnit) -> str:
    amount = money(unit.money(price_sum), unit.currency)
    return f"{amount} (a price sum of {count(price_sum)} {unit.label})"
