"""The variant that a search begins with, and that every proposal is compared with."""

from __future__ import annotations

from kit.data.log import AuctionLog
from kit.data.schema import FIRST_PRICE, SECOND_PRICE
from kit.flow.search.diagnose import first_price_factor
from kit.flow.search.evaluate import Bench
from kit.models.features import default_features
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec

NAME = "default"


def default_variant(train: AuctionLog, seed: int = 0) -> VariantSpec:
    """Return the default: the log's default features, and the value as the bid.

    Parameters
    ----------
    train : AuctionLog
        Training rows.
    seed : int
        Of the fit.

    Notes
    -----
    A log with its own prediction and no features has that recalibrated. Where some winners pay
    their bid the policy is ``shade``, which at a factor of 1 bids as ``value`` does: it has what a
    search needs to move.
    """
    kinds = train.column("auction_type", SECOND_PRICE)
    shaded = bool((kinds == FIRST_PRICE).any())
    policy = PolicySpec(name="shade", params={"shading_factor": 1.0, "multiplier": 1.0})
    plain = PolicySpec(name="value", params={"multiplier": 1.0})
    takes_logged = "pctr" in train.frame.columns and not train.meta.features
    model = ModelSpec(features=None if takes_logged else default_features(train) or None)
    return VariantSpec(
        name=NAME, policy=policy if shaded else plain, model=model, seed=seed,
        hypothesis="The log's default features, and the expected value as the bid.",
        proposer="kit propose",
    )  # fmt: skip


def shaded(bench: Bench, default: VariantSpec) -> VariantSpec:
    """Return the default with the shading that its bids earn most with on train and tune.

    Parameters
    ----------
    bench : Bench
        What it will be built on; its model is fitted here, once.
    default : VariantSpec
        From `default_variant`; one that does not shade stays.

    Raises
    ------
    KitError
        If it cannot be built.
    """
    if default.policy.name != "shade":
        return default
    variant = bench.built(default)
    both = [variant.with_predictions(part) for part in (bench.train, bench.tune)]
    factor = round(min(first_price_factor(both, variant), 1.0), 3)
    params = {**default.policy.params, "shading_factor": factor}
    policy = default.policy.model_copy(update={"params": params})
    why = "The log's default features, and the expected value as the bid, shaded where it is paid."
    return default.model_copy(update={"policy": policy, "hypothesis": why})
