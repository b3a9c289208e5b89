"""The truth behind a simulated log: rival bids, clicks, conversions, and our past bids.

One definition serves the draw of a log and the questions put to its truth. It lies outside the
families that estimators assume: prices are a point mass and two lognormals whose weights
interact with the user, clicks are a saturating intent plus an accidental and an invalid part
(no link function makes their sum linear), and both drift over days.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from kit.data.simulate_config import DEVICES, SimulationConfig
from kit.data.simulate_effects import build_effects
from kit.data.simulate_traffic import QUALITY_LEVELS, RECENCY_HOURS, Codes, Traffic, build_traffic

Floats = NDArray[np.float32]

INTENT_CAP = 0.25
"""No user clicks on purpose more often than this."""
_LEVELS = len(RECENCY_HOURS)


@dataclass(frozen=True)
class PriceMixture:
    """Distribution of the highest rival bid: nobody, the broad field, or a retargeter.

    Parameters
    ----------
    nobody : ndarray, shape (n,)
        Probability that no rival bids.
    retarget : ndarray, shape (n,)
        Probability that a retargeter sets the price.
    location : ndarray, shape (n,)
        Mean log price of the broad field; a retargeter's lies `shift` higher.
    shift, broad_sigma, retarget_sigma : ndarray, shape (n,)
        Shift and standard deviations of log price.
    """

    nobody: Floats
    retarget: Floats
    location: Floats
    shift: Floats
    broad_sigma: Floats
    retarget_sigma: Floats

    def take(self, rows: NDArray[np.intp]) -> PriceMixture:
        """Return the distributions of some rows."""
        return PriceMixture(*(getattr(self, item.name)[rows] for item in fields(self)))


@dataclass(frozen=True)
class ClickParts:
    """Parts of the click probability.

    Parameters
    ----------
    accidental, intent : ndarray, shape (n,)
        A valid impression is clicked by accident or on purpose; at most one of them.
    invalid : ndarray, shape (n,)
        Probability that the impression is invalid traffic.
    invalid_click : ndarray, shape (n,)
        Probability that an invalid impression is clicked.
    """

    accidental: Floats
    intent: Floats
    invalid: Floats
    invalid_click: Floats


@dataclass(frozen=True)
class World:
    """Tables of one world; the shapes are flattened products of code ranges.

    Parameters
    ----------
    config : SimulationConfig
        What it was built from.
    traffic : Traffic
        Who comes when.
    location, retarget, intent, base_bid : ndarray, shape (places * users,)
        Log price, weight of retargeters, click intent, the logging policy's central bid.
    retarget_recency, intent_recency, convert_recency : ndarray, shape (segments * levels,)
        How they change with the time since the last visit.
    slot_location, slot_nobody : ndarray, shape (slots * exchanges,)
        Log price and missing competition by hour, with drift.
    slot_intent : ndarray, shape (slots * campaigns,)
        Click intent by hour, with drift.
    shift, broad_sigma, retarget_sigma : ndarray, shape (exchanges,)
        See `PriceMixture`.
    accidental : ndarray, shape (places * devices,)
        Accidental clicks.
    quality_intent, quality_accidental : ndarray, shape (QUALITY_LEVELS,)
        How clicks change with the quality of the page.
    invalid : ndarray, shape (exchanges * QUALITY_LEVELS,)
        Share of invalid traffic.
    invalid_click : ndarray, shape (places,)
        Click probability of invalid traffic: inflated or none.
    convert : ndarray, shape (campaigns * devices,)
        Conversion rate of an intended click.
    """

    config: SimulationConfig
    traffic: Traffic
    location: Floats
    retarget: Floats
    intent: Floats
    base_bid: Floats
    retarget_recency: Floats
    intent_recency: Floats
    convert_recency: Floats
    slot_location: Floats
    slot_nobody: Floats
    slot_intent: Floats
    shift: Floats
    broad_sigma: Floats
    retarget_sigma: Floats
    accidental: Floats
    quality_intent: Floats
    quality_accidental: Floats
    invalid: Floats
    invalid_click: Floats
    convert: Floats

    def cell(self, codes: Codes) -> NDArray[np.intp]:
        """Return the index of place x user."""
        width = len(self.traffic.user_country)
        return codes.place.astype(np.intp) * width + codes.user

    def prices(self, codes: Codes, cell: NDArray[np.intp]) -> PriceMixture:
        """Return the distribution of the highest rival bid in each row."""
        slot = codes.slot * len(self.config.exchanges) + codes.exchange.astype(np.intp)
        retarget = self.retarget.take(cell)
        retarget *= self.retarget_recency.take(_user_recency(codes))
        return PriceMixture(
            nobody=self.slot_nobody.take(slot),
            retarget=retarget,
            location=self.location.take(cell) + self.slot_location.take(slot),
            shift=self.shift.take(codes.exchange),
            broad_sigma=self.broad_sigma.take(codes.exchange),
            retarget_sigma=self.retarget_sigma.take(codes.exchange),
        )

    def clicks(self, codes: Codes, cell: NDArray[np.intp]) -> ClickParts:
        """Return the parts of each row's click probability."""
        rate = self.intent.take(cell)
        rate *= self.intent_recency.take(_user_recency(codes))
        rate *= self.quality_intent.take(codes.quality)
        slot = codes.slot * len(self.config.campaigns) + codes.campaign.astype(np.intp)
        rate *= self.slot_intent.take(slot)
        device = codes.place.astype(np.intp) * len(DEVICES) + codes.device
        accidental = self.accidental.take(device)
        accidental *= self.quality_accidental.take(codes.quality)
        page = codes.exchange.astype(np.intp) * QUALITY_LEVELS + codes.quality
        return ClickParts(
            accidental=accidental,
            intent=rate / (1.0 + rate / np.float32(INTENT_CAP)),
            invalid=self.invalid.take(page),
            invalid_click=self.invalid_click.take(codes.place),
        )

    def conversion_of_intent(self, codes: Codes) -> Floats:
        """Return the conversion rate of an intended click in each row."""
        device = codes.campaign.astype(np.intp) * len(DEVICES) + codes.device
        return np.asarray(
            self.convert.take(device) * self.convert_recency.take(_user_recency(codes))
        )


def _user_recency(codes: Codes) -> NDArray[np.intp]:
    return codes.segment.astype(np.intp) * _LEVELS + codes.recency


def build_world(config: SimulationConfig) -> World:
    """Return the world of a config; the same config gives the same world."""
    rng = np.random.default_rng([20260302, config.world_seed])
    traffic = build_traffic(config, rng)
    # float32 hides what platforms differ by in the last bits of exp, so logs do not differ.
    tables = {
        name: np.asarray(table, dtype=np.float32).ravel()
        for name, table in build_effects(config, traffic, rng).items()
    }
    return World(config=config, traffic=traffic, **tables)
