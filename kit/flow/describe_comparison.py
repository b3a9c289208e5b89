"""What stands beside the comparison of totals: rates and prices, slices, extreme blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kit.base.units import PriceUnit
from kit.data.log import AuctionLog
from kit.flow.choose import Candidate
from kit.flow.judge import Judged
from kit.replay.each import EachAuction, replay_each
from kit.report.numbers import ABSENT, count, money, percent
from kit.report.parts import Table
from kit.validate.ratio import ratio_differences
from kit.validate.readings import impression_value
from kit.validate.scoring import METRICS
from kit.validate.slices import SliceEffects, cross_blocks, slice_effects
from kit.validate.winsor import share_of_largest, winsorised

MOST_SLICES = 20
"""Slices shown; all are counted."""
LARGEST = 0.01
_RATIOS = {
    "win_rate": "Win rate (%)",
    "ctr": "Clicks per impression (%)",
    "ecpm_paid": "Cost per mille ({currency})",
    "roas": "Value per spend",
    "surplus_per_1000": "Surplus per 1,000 auctions ({currency})",
}


def comparison_tables(
    judged: Judged, log: AuctionLog, candidates: Sequence[Candidate], seed: int
) -> list[Table]:
    """Return the tables that a comparison is read with.

    Parameters
    ----------
    judged : Judged
        The comparison that decides, of two candidates without a budget.
    log : AuctionLog
        The rows it was made on, with ``click_value_cpm``.
    candidates : sequence of Candidate
        The policy and the baseline.
    seed : int
        Seed of the bootstrap and of bids drawn at random.

    Returns
    -------
    list of Table
        Rates and prices; slices by campaign and by exchange where there is more than one;
        the effect with extreme blocks pulled in.
    """
    policy, baseline = (_each(log, candidate, judged, seed) for candidate in candidates)
    tables = [_rates(judged, seed)]
    if len(judged.policy.by_campaign) > 1:
        found = slice_effects(
            judged.policy.blocks, judged.baseline.blocks, blocks=judged.blocks,
            rng=np.random.default_rng(seed), metrics=METRICS, level=judged.comparison.level,
        )  # fmt: skip
        tables.append(_slices(found, "campaign", judged.policy.unit))
    if len(log.labels("exchange", "")[1]) > 1:
        blocks = cross_blocks(judged.blocks, log, "exchange")
        sums = [each.by(blocks.codes, len(blocks)) for each in (policy, baseline)]
        found = slice_effects(
            *sums, blocks=blocks, rng=np.random.default_rng(seed), metrics=METRICS,
            level=judged.comparison.level,
        )  # fmt: skip
        tables.append(_slices(found, "exchange", judged.policy.unit))
    return [*tables, _extremes(judged, policy.surplus - baseline.surplus, seed)]


def _each(log: AuctionLog, candidate: Candidate, judged: Judged, seed: int) -> EachAuction:
    return replay_each(
        log, candidate.bids(log), value=impression_value(log, "pessimistic"),
        censored=judged.reading, rng=np.random.default_rng(seed),
    )  # fmt: skip


def _rates(judged: Judged, seed: int) -> Table:
    unit = judged.policy.unit
    found = ratio_differences(
        judged.policy.blocks, judged.baseline.blocks, blocks=judged.blocks,
        rng=np.random.default_rng(seed), level=judged.comparison.level,
    )  # fmt: skip
    rows = []
    for name, row in found.iterrows():
        policy, baseline, difference, low, high = (
            _rate(str(name), float(row[end]), unit, sign)
            for end, sign in (
                ("policy", False), ("baseline", False), ("difference", True),
                ("simultaneous_low", True), ("simultaneous_high", True),
            )
        )  # fmt: skip
        rows.append({
            "Rate": _RATIOS[str(name)].format(currency=unit.currency),
            judged.policy.policy: policy, judged.baseline.policy: baseline,
            "Difference": difference,
            "Interval": row["lacking"] or f"{low} to {high}",
        })  # fmt: skip
    level = f"{100 * judged.comparison.level:g} %"
    note = (
        f"Ratios of two totals. The {level} intervals of their differences (delta method, the same "
        "paired blocks) hold for all rates together. They describe; the surplus decides."
    )
    return Table("Rates and prices", pd.DataFrame(rows), note)


def _rate(name: str, value: float, unit: PriceUnit, sign: bool) -> str:
    if not np.isfinite(value):
        return ABSENT
    if name in ("win_rate", "ctr"):
        return percent(value, 1 if name == "win_rate" else 3, sign).removesuffix(" %")
    if name == "roas":
        return count(float(f"{value:.3g}"), sign)
    return money(unit.money(value), "", sign)


def _slices(found: SliceEffects, column: str, unit: PriceUnit) -> Table:
    names = found.table["slice"].drop_duplicates()
    rows = []
    for name in names.head(MOST_SLICES):
        parts = found.table[found.table["slice"] == name].set_index("metric")
        cells = {
            f"{metric.capitalize()} ({unit.currency})": _effect(parts.loc[metric], unit)
            for metric in METRICS
        }
        auctions = count(int(parts["auctions"].iloc[0]))
        rows.append({column.capitalize(): name or "not stated", "Auctions": auctions, **cells})
    return Table(f"Difference by {column}", pd.DataFrame(rows), _slices_note(found, column, unit))


def _effect(row: pd.Series, unit: PriceUnit) -> str:
    said = money(unit.money(float(row["difference"])), "", True)
    if row["lacking"]:
        return f"{said} ({row['lacking']})"
    low, high = (money(unit.money(float(row[end])), "", True) for end in ("low", "high"))
    return f"{said} ({low} to {high})"


def _slices_note(found: SliceEffects, column: str, unit: PriceUnit) -> str:
    slices = found.table["slice"].nunique()
    said = [
        f"Policy minus baseline; the {100 * found.level:g} % intervals hold for all "
        f"{found.counted} of them together ({found.adjusted_by})."
        if found.counted
        else "Too little data in every slice for an interval."
    ]
    name, lost = found.regret()
    if name or lost:
        surplus = found.losers[found.losers["metric"] == "surplus"]
        sure = "surely" if name in set(surplus["slice"]) else "not surely"
        said.append(
            f"Largest loss of surplus: {column} {name or 'not stated'}, "
            f"{money(unit.money(lost), unit.currency)}, {sure} a loss."
        )
    else:
        said.append(f"No {column} loses surplus.")
    if slices > MOST_SLICES:
        said.append(f"{slices - MOST_SLICES} with fewer auctions are counted and not shown.")
    return " ".join(said)


def _extremes(judged: Judged, differences: np.ndarray, seed: int) -> Table:
    unit = judged.policy.unit
    found = winsorised(
        judged.policy.blocks, judged.baseline.blocks, blocks=judged.blocks,
        rng=np.random.default_rng(seed), level=judged.comparison.level,
    )  # fmt: skip
    rows = []
    for row in found.to_dict("records"):
        low, high = (money(unit.money(row[end]), "", True) for end in ("low", "high"))
        share = percent(row["share"], 0)
        rows.append({
            "Blocks pulled in": f"{share} at each end" if row["share"] else "none, as it was",
            "Blocks changed": count(row["blocks_changed"]),
            f"Surplus difference ({unit.currency})": money(
                unit.money(row["difference"]), "", True
            ),
            "Interval": row["lacking"] or f"{low} to {high}",
            "Left of the difference (%)": percent(row["kept"], 0).removesuffix(" %"),
        })  # fmt: skip
    largest = share_of_largest(differences, LARGEST)
    note = (
        "The blocks with the largest and the smallest difference per auction are set to the next "
        "one: how much of the difference rests on a few blocks. It decides nothing."
    )
    if np.isfinite(largest):
        note += (
            f" The {percent(LARGEST, 0)} of auctions that push the difference most make up "
            f"{percent(largest, 0)} of it."
        )
    return Table("Without extreme blocks", pd.DataFrame(rows), note)
