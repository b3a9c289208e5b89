"""What a model is told of a change that names what is not there."""

from __future__ import annotations

from kit.ai.propose.brief import Brief, ExchangeFact
from kit.ai.propose.registry import refusal
from kit.variant.change import Change


def fact(name: str, auctions: int) -> ExchangeFact:
    return ExchangeFact(name=name, first_price=False, auctions=auctions, factor=1.0, gain=0.0)


def test_an_exchange_of_few_auctions_is_not_named() -> None:
    brief = Brief(exchanges=(fact("north", 900), fact("rarehouse", 7)))
    said = refusal(Change(kind="exchange_factor", name="mars", value=1.5), brief)
    assert said == "'mars' is no exchange; must be among: north"
    assert refusal(Change(kind="exchange_factor", name="rarehouse", value=1.5), brief)
    assert not refusal(Change(kind="exchange_factor", name="north", value=1.5), brief)
