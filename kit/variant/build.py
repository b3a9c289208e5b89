"""Build a variant: fit its model, spell its policy's parameters out, freeze both."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from kit.base.checks import did_you_mean
from kit.base.errors import PolicyError
from kit.bid.parameters import Bidder
from kit.bid.registry import POLICIES, make_policy
from kit.bid.scaled import ALL
from kit.bid.training import TrainingStats
from kit.data.log import AuctionLog
from kit.models.response import Response, fit_response
from kit.variant.constraint import check_constraints
from kit.variant.frozen import FrozenVariant, freeze
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec


def build_variant(
    spec: VariantSpec,
    train: AuctionLog,
    tune: AuctionLog,
    folder: Path | None = None,
    *,
    code: Path | None = None,
    click: Response | None = None,
    root: Path | None = None,
) -> FrozenVariant:
    """Fit, and freeze.

    Parameters
    ----------
    spec : VariantSpec
        What to build.
    train, tune : AuctionLog
        Earlier and later rows; models are fitted on the first, stopped early and calibrated on
        the second. Parameters that a policy takes from its training period come from the first.
    folder, root : Path, optional
        As in `kit.variant.frozen.freeze`.
    code : Path, optional
        Python file of a policy named ``python:Name``. It is run here, and wherever else a person
        says that they trust it.
    click : Response, optional
        The spec's model, where `fit_click` fitted it before: another variant has the same.

    Raises
    ------
    ModelError
        If a feature or parameter of the model is not allowed.
    UnsafeSQLError
        If the guard refuses a computed feature.
    PolicyError
        If the policy or one of its parameters is not allowed.
    InfeasibleError
        If its constraints exclude each other.

    Examples
    --------
    >>> import tempfile
    >>> from kit.data.simulate import SimulationConfig, simulate
    >>> from kit.data.split import time_split
    >>> split = time_split(simulate(SimulationConfig(auctions=4000), 1).log)
    >>> spec = VariantSpec(name="flat", model=None, policy=PolicySpec(name="constant",
    ...     params={"bid": 2.0}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     build_variant(spec, split.train, split.tune, Path(folder) / "flat").bids(split.tune)
    ConstantPolicy(bid_cpm=2.0)
    """
    check_constraints(spec.constraints)
    policy = spelled_out(spec.policy, train)
    _known_exchanges(policy, train)
    if click is None and spec.model is not None:
        click = fit_click(spec.model, train, tune, spec.seed)
    return freeze(spec.model_copy(update={"policy": policy}), click, folder, code, root=root)


def _known_exchanges(policy: PolicySpec, train: AuctionLog) -> None:
    """Refuse factors of an exchange that the log does not have: a misspelt one would do nothing."""
    names = train.labels("exchange", ALL)[1]
    odd = sorted({*policy.multipliers, *policy.first_price} - set(names))
    if odd:
        raise PolicyError(
            f"policy {policy.name}: has a factor for exchange {odd[0]!r}, which the log does not "
            f"have; must be one of: {', '.join(names)}. {did_you_mean(odd[0], names)}".rstrip()
        )


def fit_click(
    model: ModelSpec, train: AuctionLog, tune: AuctionLog, seed: int, *, num_threads: int = 0
) -> Response:
    """Fit the click model of a spec.

    Parameters
    ----------
    model : ModelSpec
        What to fit.
    train, tune, seed
        As in `build_variant`.
    num_threads : int
        Threads; 0 takes all cores. The model is the same with any number.

    Raises
    ------
    ModelError, UnsafeSQLError
        As `build_variant`.
    """
    if model.recent_share < 1:
        train = train.rows(slice(-max(1, round(model.recent_share * len(train))), None))
    return fit_response(
        train, tune, "click", model.features, model.params, seed, expressions=model.expressions,
        objective=model.objective, calibration=model.calibration, num_threads=num_threads,
    )  # fmt: skip


def spelled_out(chosen: PolicySpec, train: AuctionLog) -> PolicySpec:
    """Return the spec with every parameter of its policy; those not given come from `train`."""
    kind = POLICIES.get(chosen.name)
    if kind is None or not issubclass(kind, Bidder):
        return chosen  # the logged bids; what is unknown or plans ahead is refused by `freeze`
    learnt = [
        item.name
        for item in kind.parameters
        if item.training and item.default is None and item.name not in chosen.params
    ]
    stats = TrainingStats.from_log(train) if learnt else None
    policy = cast(Bidder, make_policy(chosen.name, chosen.params, stats))
    return chosen.model_copy(update={"params": policy.params})
