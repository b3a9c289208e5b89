"""What a proposal may name: columns, exchanges and parameters that are there, nothing else."""

from __future__ import annotations

from kit.ai.aggregates import MIN_COUNT
from kit.ai.propose.brief import Brief
from kit.base.errors import KitError, PolicyError
from kit.data.sql.features import check_feature
from kit.models.boosting import checked_params
from kit.variant.change import Change


def refusal(change: Change, brief: Brief) -> str:
    """Return why a change names what is not there; empty if all of it is.

    Parameters
    ----------
    change : Change
        From a model or a person.
    brief : Brief
        What is there.

    Examples
    --------
    >>> brief = Brief(kinds={"device": "VARCHAR"})
    >>> refusal(Change(kind="add_feature", name="device"), brief)
    ''
    >>> refusal(Change(kind="add_feature", name="divice"), brief)
    "'divice' is no request column; must be among: device"
    """
    try:
        _check(change, brief)
    except KitError as error:
        return str(error)
    return ""


def _check(change: Change, brief: Brief) -> None:
    exchanges = [fact.name for fact in brief.exchanges if fact.auctions >= MIN_COUNT]
    if change.kind == "add_feature":
        _among(change.name, list(brief.kinds), "request column")
    elif change.kind == "add_expression":
        check_feature(str(change.value), list(brief.kinds))
    elif change.kind in ("exchange_factor", "first_price_factor"):
        _among(change.name, exchanges, "exchange")
    elif change.kind == "param":
        checked_params({change.name: change.number()})


def _among(name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise PolicyError(f"{name!r} is no {what}; must be among: {', '.join(known)}")
