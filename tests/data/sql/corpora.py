"""The corpora that the guard is judged by, and what their analyst may read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMA = HERE / "schema.sql"

_OPEN_COLUMNS = (
    "auction_id", "timestamp", "exchange", "auction_type", "unit_id", "ad_format", "site_category",
    "campaign_id", "deal_id", "country", "device", "user_segment", "hour", "weekday",
    "recency_hours", "page_quality", "bid_floor_cpm", "fee_cpm", "bid_price_cpm", "won",
    "clearing_price_cpm", "min_bid_to_win_cpm", "click_value_cpm", "click", "conversion",
    "conversion_time", "is_exploration", "is_invalid_traffic",
)  # fmt: skip

ALLOW: tuple[str, ...] = (
    *(f"auctions.{column}" for column in _OPEN_COLUMNS),  # all but user_id
    *(f"campaigns.{column}" for column in (
        "campaign_id", "advertiser", "name", "start_date", "end_date", "budget", "goal",
        "target_cpa")),  # all but contact_email
    "exchanges",
    "deals",
    *(f"conversions.{column}" for column in (
        "conversion_id", "campaign_id", "timestamp", "revenue", "kind")),  # all but user_id
)  # fmt: skip
"""What ``--allow`` names: two whole tables, the others but for their identifiers of people."""


def read(name: str) -> list[dict[str, Any]]:
    """Return one corpus: ``hostile`` or ``benign``, ``_frozen`` or ``_open``."""
    found: list[dict[str, Any]] = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    return found
