"""What a comparison does not show, in sentences that fit the log it was made on."""

from __future__ import annotations

from kit.data.log import AuctionLog
from kit.flow.fit import ClickValue, Models
from kit.flow.judge import Judged
from kit.report.numbers import count
from kit.validate.readings import lost_rows

_PERIOD = (
    "Any other period than the holdout's, and, in the main comparison, any budget: neither policy "
    "was given one."
)


def limits(
    tune: AuctionLog,
    models: Models,
    click_value: ClickValue,
    judged: Judged,
    optimistic: Judged | None,
) -> list[str]:
    """Return the limits, the weightiest first."""
    said = [
        *_open_outcomes(judged, optimistic),
        *_selection(tune, models),
        *_value(tune, click_value),
        "How rivals, exchanges and floors answer: the replay keeps every other bid as it was.",
        _PERIOD,
        *_clock(tune),
        *_floor(judged),
    ]
    return said


def _open_outcomes(judged: Judged, optimistic: Judged | None) -> list[str]:
    if optimistic is None:
        return []
    bids = count(judged.policy.undetermined)
    agree = judged.comparison.decision == optimistic.comparison.decision
    rest = "both readings agree" if agree else "the two readings differ"
    return [
        f"What would have followed where the log cannot say: {bids} of the policy's bids meet an "
        f"auction whose outcome the log does not determine. Both ends are shown below; {rest}."
    ]


def _selection(tune: AuctionLog, models: Models) -> list[str]:
    if models.market is None or not models.market.summary()["wins_only"]:
        return []
    if lost_rows(tune).any():
        return []
    return [
        "Auctions that were lost: the log holds won impressions only, so nothing is known of "
        "bids above the logged ones, and the win-rate curves hold given that we won."
    ]


def _value(tune: AuctionLog, click_value: ClickValue) -> list[str]:
    said = []
    if click_value.is_assumed:
        said.append(
            "What a click is really worth: its value here is derived from cost. Pass "
            "--click-value to state it; a higher one favours the policy that buys more."
        )
    if "conversion" in tune.frame.columns:
        said.append("Conversions: a click counts the same whether or not one followed.")
    return said


def _clock(tune: AuctionLog) -> list[str]:
    if "timestamp" in tune.frame.columns:
        return []
    return ["Hours of the day: the log has no clock, so nothing is shown by hour."]


def _floor(judged: Judged) -> list[str]:
    rows = judged.policy.paid_below_floor
    if not rows:
        return []
    return [
        f"Why {count(rows)} impressions of the log were cheaper than their declared floor; they "
        "are replayed at the price that was paid."
    ]
