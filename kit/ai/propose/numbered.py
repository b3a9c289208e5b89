"""From proposals to trials: what is unknown, unsafe, leaks or was tried is refused before a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kit.ai.aggregates import MIN_COUNT
from kit.ai.hostile import clean
from kit.ai.propose.brief import Brief
from kit.base.checks import did_you_mean
from kit.base.errors import KitError, LeakageError, PolicyError, UnsafeSQLError
from kit.data.sql.features import check_feature
from kit.models.boosting import checked_params
from kit.variant.change import Proposal
from kit.variant.spec import VariantSpec
from kit.variant.trial import Trial

_LONGEST_NAME, _LONGEST_TEXT = 80, 500


def numbered(proposals: Sequence[Proposal], trials: Sequence[Trial], brief: Brief) -> list[Trial]:
    """Return proposals as the next trials; one that may not be tried is refused, and says why.

    Parameters
    ----------
    proposals : sequence of Proposal
        Of one round; each changes one of the trials.
    trials : sequence of Trial
        What was tried, in order.
    brief : Brief
        What may be read, and what leaks.

    Examples
    --------
    >>> from kit.variant.change import Change
    >>> from kit.variant.spec import ModelSpec, PolicySpec
    >>> model = ModelSpec(features=("hour",))
    >>> default = VariantSpec(name="default", policy=PolicySpec(name="value"), model=model)
    >>> misspelt = Proposal(0, (Change(kind="add_feature", name="divice"),), "They differ.", "me")
    >>> trials = [Trial(0, default, status="scored", score=0.0)]
    >>> numbered([misspelt], trials, Brief(kinds={"device": "VARCHAR", "hour": "INTEGER"}))[0].why
    "proposal: 'divice' is no request column of the log; ... Did you mean 'device'?"
    """
    known = list(trials)
    for proposal in proposals:
        known.append(_trial(proposal, trials[proposal.parent].spec, known, brief))
    return known[len(trials) :]


def _trial(
    proposal: Proposal, parent: VariantSpec, known: Sequence[Trial], brief: Brief
) -> Trial:  # fmt: skip
    said = clean(proposal.hypothesis, _LONGEST_TEXT), clean(proposal.proposer, _LONGEST_NAME)
    proposal = replace(proposal, hypothesis=said[0], proposer=said[1])
    try:
        spec = proposal.apply(parent)
        _check_new(spec, known)
        _check_exchanges(spec, brief)
        _check_reads(spec, parent, brief)
        checked_params(None if spec.model is None else spec.model.params)
    except KitError as error:
        why = clean(str(error), _LONGEST_TEXT)
        return Trial(len(known), _named(parent, proposal), proposal.parent, "refused", why=why)
    return Trial(len(known), spec, proposal.parent)


def _check_new(spec: VariantSpec, known: Sequence[Trial]) -> None:
    tried = (trial for trial in known if trial.status != "refused")
    same = next((trial.number for trial in tried if trial.spec.key == spec.key), None)
    if same is not None:
        raise PolicyError(
            f"proposal: bids as trial {same} does; must be something new. Propose another change."
        )


def _check_exchanges(spec: VariantSpec, brief: Brief) -> None:
    """Refuse a factor of an exchange that the log does not have; the rare ones are not named."""
    known = {fact.name: fact.auctions for fact in brief.exchanges}
    odd = sorted({*spec.policy.multipliers, *spec.policy.first_price} - {*known})
    if known and odd:
        often = [name for name, auctions in known.items() if auctions >= MIN_COUNT]
        raise PolicyError(
            f"proposal: {odd[0]!r} is no exchange of the log; must be one of it. "
            f"{did_you_mean(odd[0], often) or 'Take another.'}"
        )


def _check_reads(spec: VariantSpec, parent: VariantSpec, brief: Brief) -> None:
    """Refuse a model that reads what is unknown, or a leak, by itself or in an expression."""
    if spec.model is None:
        return
    features, known = set(spec.model.features or ()), [*brief.kinds, *brief.leaks]
    for name, text in spec.model.expressions.items():
        features |= set(_reads(name, text, known))
    leaks = sorted(features & set(brief.leaks))
    if leaks:
        raise LeakageError(
            f"proposal: reads {', '.join(leaks)}, which the leakage battery found; must not. Leave "
            "it out."
        )
    old = set() if parent.model is None else set(parent.model.features or ())
    odd = sorted(features - set(known) - old)
    if odd:
        raise PolicyError(
            f"proposal: {odd[0]!r} is no request column of the log; must be one that is known "
            f"before the bid. {did_you_mean(odd[0], known) or 'Take another.'}"
        )


def _reads(name: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    try:
        return check_feature(text, known)[1]
    except UnsafeSQLError as error:
        raise UnsafeSQLError(
            f"expression {name!r}: {error.reason}; must be one expression over request columns. "
            "Write it so, or leave it out.",
            error.at,
        ) from None


def _named(parent: VariantSpec, proposal: Proposal) -> VariantSpec:
    """Return the parent under the proposal's name: what was refused has no spec of its own."""
    said = {
        "name": clean(proposal.name, _LONGEST_NAME) or "(no name)",
        "hypothesis": proposal.hypothesis,
        "proposer": proposal.proposer,
        "parent": parent.key,
    }
    return parent.model_copy(update=said)
