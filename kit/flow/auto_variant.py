"""Make a variant of whatever a notebook holds, so that it can be checked and frozen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.checks import bad_values
from kit.base.errors import DataError, ModelError
from kit.base.workspace import candidates_path
from kit.bid.policy import BidPolicy
from kit.bid.registry import POLICIES
from kit.bid.scaled import ScaledPolicy
from kit.data.sealed import SealedSplit
from kit.flow.check import read_variant
from kit.flow.promote import freeze_policy, model_spec
from kit.flow.search.default import default_variant, shaded
from kit.flow.search.evaluate import Bench
from kit.models.response import load_response
from kit.models.response_base import Response
from kit.validate.readings import bids_of
from kit.variant.build import build_variant
from kit.variant.frozen import VARIANT_FILE, FrozenVariant, freeze, load_frozen
from kit.variant.spec import LOGGED, PolicySpec, VariantSpec

Floats = NDArray[np.float64]
ALLOWED = (
    "a frozen variant, a VariantSpec, a policy, a PolicySpec, a click model, the folder or file of "
    "one, or numbers with kind"
)


def numbers_in(thing: Any) -> Floats | None:
    """Return numbers as an array; None where it is something else.

    Examples
    --------
    >>> numbers_in([1, 2.5]).tolist(), numbers_in("a folder")
    ([1.0, 2.5], None)
    """
    if not isinstance(thing, np.ndarray | pd.Series | list | tuple):
        return None
    try:
        made = np.asarray(thing, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return made if made.ndim == 1 else None


def checked_numbers(name: str, values: Floats, rows: int, *, may_lack: bool = False) -> Floats:
    """Return numbers after checking that there is one a row, all finite (or NaN where allowed).

    Raises
    ------
    DataError
        If there are more or fewer, or one is infinite or missing.
    """
    if len(values) != rows:
        raise DataError(
            f"{name}: got {len(values):,} numbers; must be {rows:,}, one for each row of the tune "
            "split in its order. Compute them on sealed.tune."
        )
    odd = np.isinf(values) if may_lack else ~np.isfinite(values)
    bad_values(name, values, odd, "finite", "Compute them again.", "missing or infinite")
    return values


class Maker:
    """Turns results into frozen variants on one log.

    Parameters
    ----------
    sealed : SealedSplit
        The log.
    click_value_cpm : float or None
        As in `kit.validate.claim.Claim`.
    seed : int
        Of fits.
    say : callable of str
        Told before something is fitted.
    """

    def __init__(
        self, sealed: SealedSplit, click_value_cpm: float | None, seed: int,
        say: Callable[[str], None],
    ) -> None:  # fmt: skip
        worth = {} if click_value_cpm is None else {"click_value_cpm": click_value_cpm}
        self.train = sealed.train.with_columns(**worth)
        self.tune = sealed.tune.with_columns(**worth)
        self._seed, self._say = seed, say

    @cached_property
    def default(self) -> FrozenVariant:
        """The log's default variant, as a search begins with it."""
        self._say("Building the log's default variant …")
        bench = Bench(self.train, self.tune, candidates_path())
        return bench.built(shaded(bench, default_variant(self.train, self._seed)))

    def baseline(self, thing: Any, *, of_model: bool) -> FrozenVariant | Floats:
        """Return what a result is compared with; numbers stay numbers."""
        if thing is not None:
            found = numbers_in(thing)
            return self._made("baseline", thing, "", None) if found is None else found
        if of_model or "bid_price_cpm" not in self.tune.frame.columns:
            return self.default
        spec = VariantSpec(name=LOGGED, model=None, policy=PolicySpec(name=LOGGED))
        return build_variant(spec, self.train, self.tune)

    def candidate(
        self, thing: Any, baseline: Any, name: str
    ) -> tuple[FrozenVariant, FrozenVariant]:
        """Return a result and its baseline as frozen variants.

        Raises
        ------
        DataError
            If it is nothing that can be frozen.
        PolicyError
            If its policy is none that ships.
        KitError
            If it cannot be built.
        """
        thing = _opened(thing)
        beside = self.baseline(baseline, of_model=isinstance(thing, Response))
        if not isinstance(beside, FrozenVariant):
            raise DataError(
                f"baseline: got numbers with {type(thing).__name__}; must be something that bids. "
                f"Pass {ALLOWED.rpartition(', or')[0]}."
            )
        return self._made("candidate", thing, name, beside), beside

    def bids_of(self, policy: BidPolicy) -> Floats:
        """Return what a policy that does not ship bids on the tune split."""
        log = self.tune
        if "pctr" not in log.frame.columns and self.default.click is not None:
            log = self.default.with_predictions(log)
        rng = np.random.default_rng(self._seed)
        return np.asarray(policy.bid(log.request, rng), dtype=np.float64)

    def by_predictions(self, predicted: Floats, beside: FrozenVariant | Floats) -> Floats:
        """Return what the baseline's policy bids by other predictions; of numbers the default's."""
        shown = beside if isinstance(beside, FrozenVariant) else self.default
        spec = shown.spec.model_copy(update={"policy": _of_model(shown), "model": None})
        bare = FrozenVariant(spec, shown.folder, shown.files, None)
        return bids_of(self.tune.with_columns(pctr=predicted), bare, self._seed)

    def _made(
        self, role: str, thing: Any, name: str, beside: FrozenVariant | None
    ) -> FrozenVariant:
        thing = _opened(thing)
        if isinstance(thing, FrozenVariant):
            return thing
        if isinstance(thing, VariantSpec):
            self._say(f"Building {thing.name} …")
            spec = thing.model_copy(update={"name": name or thing.name})
            return build_variant(spec, self.train, self.tune)
        if isinstance(thing, PolicySpec):
            return self._with_model(thing, name or thing.name)
        if isinstance(thing, Response):
            return self._of_response(thing, name or f"my {thing.target} model", beside)
        if isinstance(thing, BidPolicy):
            click = self._click(thing)
            called = name or str(getattr(thing, "name", type(thing).__name__))
            return freeze_policy(called, thing, click, seed=self._seed)
        raise DataError(
            f"{role}: got {type(thing).__name__}; must be {ALLOWED}. Make one of it: build_variant "
            "freezes a model and a policy."
        )

    def _click(self, policy: BidPolicy) -> Response | None:
        """Return the model that a policy bids by, where the log has no predictions."""
        base = policy.base if isinstance(policy, ScaledPolicy) else policy
        lacks = "pctr" not in self.tune.frame.columns
        return self.default.click if lacks and "pctr" in getattr(base, "columns", ()) else None

    def _with_model(self, policy: PolicySpec, name: str) -> FrozenVariant:
        reads = "pctr" in getattr(POLICIES.get(policy.name), "columns", ())
        borrowed = reads and "pctr" not in self.tune.frame.columns
        model, click = (self.default.spec.model, self.default.click) if borrowed else (None, None)
        spec = VariantSpec(name=name, policy=policy, model=model, seed=self._seed)
        return build_variant(spec, self.train, self.tune, click=click)

    def _of_response(
        self, click: Response, name: str, beside: FrozenVariant | None
    ) -> FrozenVariant:
        if click.target != "click":
            raise ModelError(
                f"candidate: predicts {click.target}; must be a click model, for bids are made of "
                "clicks. Pass kit.fit_response(train, tune, 'click')."
            )
        policy = _of_model(beside or self.default)
        spec = VariantSpec(name=name, policy=policy, model=model_spec(click), seed=self._seed)
        return freeze(spec, click)


def _of_model(variant: FrozenVariant) -> PolicySpec:
    """Return a variant's policy if it bids by predictions, else the value as the bid."""
    policy = variant.spec.policy
    reads = "pctr" in getattr(POLICIES.get(policy.name), "columns", ())
    return policy if reads else PolicySpec(name="value", params={"multiplier": 1.0})


def _opened(thing: Any) -> Any:
    """Return what a path holds; anything else as it is."""
    if not isinstance(thing, str | Path):
        return thing
    path = Path(thing)
    if not path.is_dir():
        return read_variant(path)
    return load_frozen(path) if (path / VARIANT_FILE).is_file() else load_response(path)
