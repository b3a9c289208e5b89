"""What an auction is worth where nobody says: the expected value, else clicks."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from kit.data.log import AuctionLog


def replay_options(
    log: AuctionLog,
    *,
    value: ArrayLike | None = None,
    click_value_cpm: float | None = None,
    market: ArrayLike | None = None,
) -> tuple[dict[str, Any], str]:
    """Return the options of a replay on rows that are for choosing, and what its value is.

    Parameters
    ----------
    log : AuctionLog
        The tune split.
    value, click_value_cpm, market
        As in `kit.replay.run.replay`; without a value, that of an impression is
        ``pctr * click_value_cpm`` where the log has both, so that a choice does not hang on a few
        clicks.
    """
    about = "the value given" if value is not None else "clicks times their value"
    has_value = {"pctr", "click_value_cpm"} <= set(log.frame.columns)
    if value is None and click_value_cpm is None and has_value:
        value = (log.frame["pctr"] * log.frame["click_value_cpm"]).to_numpy()
        about = "expected: pCTR times the value of a click"
    options: dict[str, Any] = {"value": value, "click_value_cpm": click_value_cpm}
    if market is not None:
        options |= {"market": market, "censored": "given"}
    return options, about
