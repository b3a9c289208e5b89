"""`kit.auto_check`: any model, policy, variant or claim in numbers gets the whole battery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from kit.base.checks import one_of
from kit.base.errors import DataError, PolicyError
from kit.bid.policy import BidPolicy
from kit.data.sealed import SealedSplit, open_sealed
from kit.flow.ask import ask
from kit.flow.auto_claim import Claimed, check_numbers
from kit.flow.auto_result import NOT_ASKED, AutoCheck
from kit.flow.auto_variant import Maker, numbers_in
from kit.flow.fit import ClickValue
from kit.models.reliability import ProbabilityScore
from kit.models.response_base import Response
from kit.validate.rules import read_rules
from kit.validate.vault import Vault
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import PolicySpec, VariantSpec

Kind = Literal["surplus", "bids", "predictions"]
KINDS = ("surplus", "bids", "predictions")
PROPOSER = "human, automatic check"
"""Who asks, in the ledger."""

Result = FrozenVariant | VariantSpec | PolicySpec | BidPolicy | Response | str | Path


def auto_check(
    candidate: Result | Any,
    sealed: SealedSplit | str | Path,
    baseline: Result | Any = None,
    *,
    kind: Kind | None = None,
    name: str = "",
    look: bool = False,
    click_value: float | None = None,
    spend: float | None = None,
    seed: int = 0,
    ledger: Path | None = None,
    rules: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> AutoCheck:
    """Put a result through every check that applies to it.

    Leaks, calibration, drift, the paired comparison with its interval and blocks, the worst
    segment, stress, and the smallest effect that the holdout could show: all on train and tune,
    as often as one likes. One look at the holdout only if `look` says so.

    Parameters
    ----------
    candidate : object
        A frozen variant, a `kit.VariantSpec`, a `kit.PolicySpec` or a policy, a click model, or
        the folder or file of one; or numbers, one for each row of the tune split, with `kind`.
    sealed : SealedSplit, str or Path
        The sealed log, or its folder.
    baseline : object, optional
        What it is compared with, of the same kinds. Default: for a model and for predictions the
        log's default model under the same policy; for all else the bids in the log, or the log's
        default variant where it has none.
    kind : {"surplus", "bids", "predictions"}, optional
        What numbers are: value less cost of each auction, bids (NaN is none) or click
        probabilities. Money is in the log's unit of prices.
    name : str
        What the result is called; default its own name, or its kind.
    look : bool
        Whether to ask the holdout once, charged in the ledger. Only what can be frozen, and fails
        no gate on tune, is asked about.
    click_value : float, optional
        Value of a click in the log's currency; default each row's own, else what a click cost.
    spend : float, optional
        What either may spend for every 1,000 auctions, in the log's currency.
    seed : int
        Of fits, resamples and stress.
    ledger, rules : Path, optional
        As in `kit.Vault`.
    say : callable of str, optional
        Told what is going on.

    Returns
    -------
    AutoCheck
        It shows itself in a notebook; ``verdict`` is the holdout's answer, or ``no_verdict`` says
        why there is none.

    Raises
    ------
    DataError
        If it is nothing that can be checked, or numbers of another length.
    KitError
        If the log, a variant or a setting is not allowed.

    Examples
    --------
    >>> import tempfile, kit
    >>> import numpy as np
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = Path(folder.name)
    >>> log = kit.simulate(kit.SimulationConfig(auctions=6000, days=10), 1).log
    >>> sealed = kit.seal_log(log.save(root / "log.parquet"), out=root / "sealed")
    >>> earned = np.where(np.arange(len(sealed.tune.frame)) % 2, 3.0, 1.0)
    >>> found = auto_check(earned, sealed, earned - 0.5, kind="surplus", name="mine")
    >>> found.comparison.decision, found.verdict
    ('better', None)
    >>> folder.cleanup()
    """
    log = sealed if isinstance(sealed, SealedSplit) else open_sealed(sealed)
    value = ClickValue.of(log.train, log.tune, click_value)
    unit = log.tune.meta.unit
    budget = None if spend is None else spend * 1000 * unit.minor_per_major
    maker = Maker(log, value.cpm, seed, say)
    vault = Vault(log, ledger=ledger, rules=rules)
    claim = {"click_value_cpm": value.cpm, "budget_per_1000": budget, "seed": seed}
    numbers = numbers_in(candidate)
    if kind is not None:
        one_of("kind", kind, KINDS)
    if (numbers is None) != (kind is None):
        raise DataError(
            f"kind: got {kind!r} with {type(candidate).__name__}; must be one of "
            f"{', '.join(KINDS)} for an array of numbers, one for each row of the tune split, and "
            "nothing for all else. Say what the numbers are."
        )
    if numbers is not None and kind is not None:
        beside = maker.baseline(baseline, of_model=kind == "predictions")
        claimed = Claimed(kind, numbers, name or f"my {kind}", beside)
        return check_numbers(claimed, log, vault, claim, maker)
    try:
        made = maker.candidate(candidate, baseline, name)
    except PolicyError as error:
        if not isinstance(candidate, BidPolicy):
            raise
        say(f"{error} Its bids are checked as numbers.")
        called = name or str(getattr(candidate, "name", type(candidate).__name__))
        beside = maker.baseline(baseline, of_model=False)
        claimed = Claimed("bids", maker.bids_of(candidate), called, beside)
        return check_numbers(claimed, log, vault, claim, maker, f"It cannot be frozen: {error}")
    return _check_variant(*made, log, vault, claim, look, say)


def _check_variant(
    variant: FrozenVariant, beside: FrozenVariant, log: SealedSplit, vault: Vault,
    claim: dict[str, Any], look: bool, say: Callable[[str], None],
) -> AutoCheck:  # fmt: skip
    if variant.hash == beside.hash:
        raise DataError(
            f"candidate: {variant.spec.name} bids as the baseline does; must be another. Pass "
            "another baseline."
        )
    say(f"Scoring {variant.spec.name} against {beside.spec.name} on the tune split …")
    # Names are those of this session: what lies frozen may have been called otherwise before.
    named = partial(replace, candidate=variant.spec.name, baseline=beside.spec.name)
    seen = named(vault.preview(variant, beside, **claim))
    power = read_rules(vault.rules).effect.power
    verdict, why = None, NOT_ASKED
    if look and seen.status == "fail":
        why = "It fails on the tune split, which costs no look: the holdout was not asked."
    elif look:
        say("Asking the holdout: one look, charged …")
        answer = ask(vault, variant, beside, proposer=PROPOSER, **claim)
        verdict = None if answer.verdict is None else named(answer.verdict)
        why = answer.no_verdict
    return AutoCheck(
        seen=seen, verdict=verdict, no_verdict=why, kind="variant", holdout=log.rows["holdout"],
        power=power, scores=_scores(variant, beside, log), variant=variant,
    )  # fmt: skip


def _scores(
    variant: FrozenVariant, beside: FrozenVariant, log: SealedSplit
) -> dict[str, ProbabilityScore]:
    """Return how well the click models predict on tune; one that both have says nothing new."""
    if variant.click is None:
        return {}
    both = {each.spec.name: each.click for each in (variant, beside)}
    return {name: click.score(log.tune) for name, click in both.items() if click is not None}
