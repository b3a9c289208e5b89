"""Clicks that count: those of traffic later found invalid do not."""

from __future__ import annotations

from kit.data.log import AuctionLog


def valid_clicks(log: AuctionLog) -> AuctionLog:
    """Count clicks of traffic later found invalid as no clicks: nobody pays for them."""
    if not {"click", "is_invalid_traffic"} <= set(log.frame.columns):
        return log
    return log.with_columns(click=log.frame["click"] & ~log.frame["is_invalid_traffic"])
