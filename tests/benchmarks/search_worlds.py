"""Eight worlds in which something structural is missing from where a search starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from kit.data.schema import FIRST_PRICE, SECOND_PRICE
from kit.data.simulate import Campaign, Exchange
from kit.variant.change import Change
from tests.benchmarks.search_traffic import SWITCH, Columns, Floats, World, effect

USUAL = (
    "country", "device", "ad_format", "site_category", "user_segment", "hour", "page_quality",
    "recency_hours", "exchange", "campaign_id",
)  # fmt: skip
"""What a default reads, unless its world says otherwise."""


@dataclass(frozen=True)
class Plan:
    """A world, where a search in it starts, and the edits that it was built around.

    Parameters
    ----------
    world : World
        What is true.
    train, tune : int
        Auctions of each part.
    edits : tuple of Change
        From the default to the solution: one or two of structure, and good numbers.
    features : tuple of str
        What the default reads.
    policy : str
        Policy of the default.
    numbers : dict of str to float
        Its parameters.
    """

    world: World
    train: int
    tune: int
    edits: tuple[Change, ...]
    features: tuple[str, ...] = USUAL
    policy: str = "shade"
    numbers: tuple[tuple[str, float], ...] = (("shading_factor", 0.5), ("multiplier", 1.0))


def _labels(rng: np.random.Generator, names: list[str], rows: int, prefix: str = "") -> Any:
    return pd.Categorical.from_codes(rng.integers(0, len(names), rows), names)


# 1: an ad in the language of its page is clicked; neither language says anything alone

LANGUAGES = ["ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pl", "pt", "sv", "tr"]


def _languages(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    page, other = (rng.integers(0, len(LANGUAGES), len(frame)) for _ in range(2))
    ad = np.where(rng.random(len(frame)) < 0.35, page, other)
    pair = {"page_language": page, "ad_language": ad}
    return {name: pd.Categorical.from_codes(codes, LANGUAGES) for name, codes in pair.items()}


def _understood(frame: pd.DataFrame, hidden: Floats) -> Floats:
    same = frame["page_language"].astype(str) == frame["ad_language"].astype(str)
    return np.where(same, 1.1, -1.1)


# 2: an offer is clicked if its price is near what the user usually spends, on whatever scale


def _offers(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    scale, apart = rng.uniform(-2, 2, len(frame)), rng.normal(0, 0.5, len(frame))
    return {
        "offer_price": np.round(40 * np.exp(scale + apart / 2), 2),
        "usual_spend": np.round(40 * np.exp(scale - apart / 2), 2),
    }


def _near(frame: pd.DataFrame, hidden: Floats) -> Floats:
    apart = np.log(frame["offer_price"] / frame["usual_spend"]).to_numpy(np.float64)
    return np.asarray(2.2 * np.exp(-0.5 * (apart / 0.25) ** 2) - 1.2)


# 3: the second part of a placement's name says what it is about

TOPICS = ["auto", "culture", "money", "politics", "science", "sports"]
SITES = [f"site{number:03d}" for number in range(1, 81)]


def _placements(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    site, topic = rng.integers(0, len(SITES), len(frame)), rng.integers(0, 6, len(frame))
    place = rng.integers(0, 4, len(frame))
    slot = np.array(["top", "side", "feed", "foot"])
    names = np.array(SITES)[site] + "-" + np.array(TOPICS)[topic] + "-" + slot[place]
    return {"placement_path": pd.Categorical(names)}


def _about(frame: pd.DataFrame, hidden: Floats) -> Floats:
    topic = frame["placement_path"].astype(str).str.split("-").str[1]
    liked = {"auto": 0.9, "culture": -0.9, "money": 0.8, "politics": -0.8, "science": -0.7}
    return topic.map(liked).fillna(0.7).to_numpy(np.float64)


# 4: the money is in a fifth of the rows, whose taste is their own; the rest takes every tree

FEW = (Campaign("mass", 2.0, 0.8), Campaign("private_bank", 42.0, 0.2))


def _dwells(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    return {"dwell_share": np.round(rng.random(len(frame)), 3)}


def _tastes(frame: pd.DataFrame, hidden: Floats) -> Floats:
    own = sum(
        (effect(f"taste/{name}", frame[name], 0.7)
         for name in ("site_category", "user_segment", "country")),
        np.zeros(len(frame)),
    )  # fmt: skip
    page, hours, dwell = (
        frame[name].to_numpy(np.float64)
        for name in ("page_quality", "recency_hours", "dwell_share")
    )
    waves = 2.2 * np.sin(20 * page) + 1.6 * np.sin(5 * np.log(hours)) + 1.8 * np.sin(22 * dwell)
    return np.where(frame["campaign_id"].to_numpy() == "private_bank", 0.1 - own, waves - 0.9)


# 5: how far up the page an ad is shown matters, and is logged, and is not read


def _depths(frame: pd.DataFrame, rng: np.random.Generator) -> Columns:
    depth = rng.beta(1.5, 2.5, len(frame))
    return {"scroll_depth": np.round(depth, 2), "sdk_version": _labels(rng, VERSIONS, len(frame))}


VERSIONS = ["3.8", "4.0", "4.1", "4.2"]


def _seen(frame: pd.DataFrame, hidden: Floats) -> Floats:
    return np.asarray(1.1 - 3.2 * frame["scroll_depth"].to_numpy(np.float64))


# 6: on one exchange, rivals know which users are worth little, and leave those to us

KNOWING = (
    Exchange("aurora", SECOND_PRICE, True, 0.35, 20.0, 1.9, 0.3),
    Exchange("borealis", SECOND_PRICE, True, 0.25, 13.0, 2.2),
    Exchange("dione", SECOND_PRICE, True, 0.40, 9.0, 6.0),
)


def _known_to_rivals(frame: pd.DataFrame, hidden: Floats) -> Floats:
    return np.where(frame["exchange"].to_numpy() == "dione", 1.4 * hidden, 0.0)


def _outbid(frame: pd.DataFrame, hidden: Floats) -> Floats:
    return _known_to_rivals(frame, hidden)


# 7: two exchanges sell at first price: on one rivals crowd, on the other hardly any come

CROWDED = (
    Exchange("aurora", FIRST_PRICE, True, 0.45, 20.0, 1.1),
    Exchange("borealis", FIRST_PRICE, True, 0.35, 13.0, 0.35),
    Exchange("cassini", SECOND_PRICE, True, 0.20, 22.0, 1.9),
)
ALIKE = (Campaign("hotel", 36.0, 0.6), Campaign("sneaker", 32.0, 0.4))


def _crowd(frame: pd.DataFrame) -> tuple[Floats, Floats]:
    crowded = frame["exchange"].to_numpy() == "aurora"
    return np.where(crowded, 0.9, 0.4), np.where(crowded, 0.15, 0.45)


# 8: in the middle of the training period a redesign changed who clicks on what


def _redesigned(frame: pd.DataFrame, hidden: Floats) -> Floats:
    old = (frame["timestamp"] < SWITCH).to_numpy()
    total = np.zeros(len(frame))
    for name in ("site_category", "user_segment", "ad_format"):
        before, after = (effect(f"redesign/{when}/{name}", frame[name], 0.7) for when in (1, 2))
        total += np.where(old, before, after)
    return total


PLANS = {
    "pair_of_labels": Plan(
        World("pair_of_labels", _languages, _understood),
        15_000, 8_000,
        (Change(kind="add_expression", name="same_language", value="page_language = ad_language"),),
        (*USUAL, "page_language", "ad_language"),
    ),
    "ratio": Plan(
        World("ratio", _offers, _near),
        14_000, 8_000,
        (Change(kind="add_expression", name="price_ratio", value="ln(offer_price / usual_spend)"),),
        (*USUAL, "offer_price", "usual_spend"),
    ),
    "part_of_name": Plan(
        World("part_of_name", _placements, _about),
        16_000, 8_000,
        (Change(kind="add_expression", name="topic", value="split_part(placement_path, '-', 2)"),),
        (*USUAL, "placement_path"),
    ),
    "few_rows_of_value": Plan(
        World("few_rows_of_value", _dwells, _tastes, base=-3.4, campaigns=FEW, strength=0.1),
        16_000, 9_000,
        (Change(kind="objective", value="value_log_loss"),
         Change(kind="param", name="lambda_l2", value=15),
         Change(kind="param", name="num_leaves", value=6)),
        (*USUAL, "dwell_share"),
    ),
    "unread_column": Plan(
        World("unread_column", _depths, _seen),
        12_000, 7_000,
        (Change(kind="add_feature", name="scroll_depth"),),
    ),
    "knowing_rivals": Plan(
        World("knowing_rivals", clicks=_known_to_rivals,
              prices=_outbid,
              exchanges=KNOWING),
        15_000, 9_000,
        (Change(kind="exchange_factor", name="dione", value=0.1),),
        policy="value", numbers=(("multiplier", 1.0),),
    ),
    "two_first_prices": Plan(
        World("two_first_prices", rivals=_crowd, exchanges=CROWDED, campaigns=ALIKE),
        13_000, 8_000,
        (Change(kind="first_price_factor", name="aurora", value=2.0),
         Change(kind="first_price_factor", name="borealis", value=0.85)),
        numbers=(("shading_factor", 0.3), ("multiplier", 1.0)),
    ),
    "redesign": Plan(
        World("redesign", clicks=_redesigned, base=-3.4),
        16_000, 8_000,
        (Change(kind="recent_share", value=0.45),),
    ),
}  # fmt: skip
