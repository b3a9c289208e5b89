"""A proposal that may not be tried is refused before a fit, and the refusal names nothing rare."""

from __future__ import annotations

import pytest

from kit.ai.propose.brief import Brief, ExchangeFact
from kit.ai.propose.numbered import numbered
from kit.variant.change import Change, Proposal
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from kit.variant.trial import Trial

DEFAULT = VariantSpec(
    name="default", policy=PolicySpec(name="value", params={"multiplier": 1.0}),
    model=ModelSpec(features=("hour",)),
)  # fmt: skip
TRIALS = [Trial(0, DEFAULT, status="scored", score=0.0)]


def fact(name: str, auctions: int) -> ExchangeFact:
    return ExchangeFact(name=name, first_price=False, auctions=auctions, factor=1.0, gain=0.0)


BRIEF = Brief(
    features=("hour",), kinds={"hour": "INTEGER", "device": "VARCHAR"}, leaks=("seen_click",),
    exchanges=(fact("north", 900), fact("rarehouse", 7)),
)  # fmt: skip


def tried(kind: str, name: str = "", value: str | float = "") -> Trial:
    change = Change.model_validate({"kind": kind, "name": name, "value": value})
    return numbered([Proposal(0, (change,), "why", "model")], TRIALS, BRIEF)[0]


@pytest.mark.parametrize(
    ("kind", "name", "value", "why"),
    [
        ("add_feature", "divice", "", "Did you mean 'device'?"),
        ("add_feature", "seen_click", "", "which the leakage battery found"),
        ("add_expression", "made", "click * 2", "no column 'click'"),
        ("add_expression", "made", "sum(hour)", "no query, aggregate or window"),
        ("add_expression", "made", "seen_click", "which the leakage battery found"),
        ("exchange_factor", "mars", 1.5, "is no exchange of the log"),
        ("param", "num_leafs", 9.0, "Did you mean 'num_leaves'?"),
        ("policy_param", "multiplier", "much", "is no number"),
        ("objective", "", "hinge", "objective"),
        ("policy_param", "multiplier", 1.0, "changes nothing"),
    ],
)
def test_what_is_not_there_or_not_allowed_is_refused(
    kind: str, name: str, value: str | float, why: str
) -> None:
    trial = tried(kind, name, value)
    assert trial.status == "refused"
    assert why in trial.why


def test_what_was_tried_is_refused_by_its_number_and_the_next_goes_on() -> None:
    one = Proposal(0, (Change(kind="add_feature", name="device"),), "why", "model")
    first, again = numbered([one, one], TRIALS, BRIEF)
    assert (first.number, first.status) == (1, "proposed")
    assert (again.number, again.status) == (2, "refused")
    assert "bids as trial 1 does" in again.why


def test_a_refusal_names_no_exchange_of_few_auctions() -> None:
    assert "rarehouse" not in tried("exchange_factor", "rarehous", 1.5).why
    assert tried("exchange_factor", "north", 1.5).status == "proposed"
