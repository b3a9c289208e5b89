"""A sentence promises no more than the whole limit costs."""

from __future__ import annotations

from types import SimpleNamespace

from kit.allocate.wording import sentence


def test_the_step_shrinks_until_it_promises_less_than_the_whole_limit_costs() -> None:
    row = SimpleNamespace(
        subject="the fraud cap", unit="share", sense="<=", price=2600.0, price_low=2600.0,
        price_high=2600.0,
    )  # fmt: skip
    assert sentence(row, "$", "", 4.57) == (
        "the fraud cap costs $4.57; raising the fraud cap by 0.1 point returns $2.60."
    )
    assert sentence(row, "$", "", 226.0).endswith("by 1 point returns $26.00.")


def test_rates_that_read_alike_are_said_once() -> None:
    row = SimpleNamespace(
        subject="budget for line A", unit="money", sense="<=", price=0.42, price_low=0.42,
        price_high=0.4200001,
    )  # fmt: skip
    assert sentence(row, "$", "") == "$1 more budget for line A returns $0.42."
    row.price_high = 0.5
    assert sentence(row, "$", "").endswith("; $1 less budget for line A costs $0.50.")
    row.price_high = float("inf")
    assert sentence(row, "$", "").endswith("; $1 less budget for line A cannot be had.")
