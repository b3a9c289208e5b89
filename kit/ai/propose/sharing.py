"""What leaves this machine for a proposal: aggregates of train and tune, and tune scores."""

from __future__ import annotations

from collections.abc import Iterable

from kit.ai.aggregates import rounded
from kit.ai.disclosure import share_aggregates
from kit.ai.names import Names
from kit.ai.propose.brief import Brief
from kit.ai.shareable import Shareable, fenced, one_line
from kit.base.errors import PromptError
from kit.variant.change import Change
from kit.variant.trial import Trial

_OF_COLUMN = ("add_feature", "drop_feature")


def share_brief(brief: Brief, names: Names) -> Shareable:
    """Share the default variant's features, and counts of the log.

    Parameters
    ----------
    brief : Brief
        Aggregates of train and tune.
    names : Names
        Of the request columns.
    """
    fields = {
        "features": ", ".join(names.show(name) for name in brief.features),
        "labelled training rows": rounded(brief.rows),
        "with a click": rounded(brief.clicks),
        "clicks are worth different amounts": "yes" if brief.values_differ else "no",
        "trees can be grown": "yes" if brief.has_trees else "no: too few clicks",
    }
    return fenced("brief", [one_line([field]) for field in fields.items()])


def share_exchanges(brief: Brief) -> Shareable:
    """Share what bids earn by exchange: exchanges with few auctions are left out."""
    rows = [
        {"exchange": fact.name, "first_price": fact.first_price, "auctions": fact.auctions,
         "best_factor": fact.factor, "would_add": fact.gain}
        for fact in brief.exchanges
    ]  # fmt: skip
    return share_aggregates(rows, "auctions")


def share_options(options: Iterable[tuple[Change, str]], names: Names) -> Shareable:
    """Share changes that evidence speaks for, as they would be written."""
    return fenced("options", [_option(change, why, names) for change, why in options])


def share_trials(trials: Iterable[Trial], names: Names) -> Shareable:
    """Share what a search has tried, with scores of the tune split: a trial has no other.

    Raises
    ------
    PromptError
        If one is no trial.
    """
    return fenced("trials", [_trial(trial, names) for trial in trials])


def _option(change: Change, why: str, names: Names) -> str:
    name = names.show(change.name) if change.kind in _OF_COLUMN else change.name
    value = str(change.value)
    return one_line([
        ("kind", change.kind), ("name", name),
        ("value", names.mask(value) if change.kind == "add_expression" else value), ("why", why),
    ])  # fmt: skip


def _trial(trial: Trial, names: Names) -> str:
    if type(trial) is not Trial:
        raise PromptError(
            f"trials: got {type(trial).__name__}; must be trials of a search, which know the tune "
            "split alone. Pass those."
        )
    scored = "none" if trial.score is None else rounded(trial.score)
    why = f": {names.mask_text(trial.why)}" if trial.why else ""
    return one_line([
        ("trial", str(trial.number)), ("parent", str(trial.parent)),
        ("change", names.mask(trial.spec.name)), ("score", scored),
        ("status", f"{trial.status}{why}"),
    ])  # fmt: skip
