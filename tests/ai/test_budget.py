"""Limits hold before a call is made, in every unit, also for threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from kit.ai.budget import Budget, Charge, Spent
from kit.ai.journal import Journal
from kit.base.errors import AIBudgetError, DataError
from tests.ai.cases import Jumps, ask
from tests.ai.conftest import MakeClient
from tests.ai.loopback import Loopback, Step

MOST = Charge(100, 50, Decimal("0.02"), 10.0)
PRICES = {"price_in": Decimal(2), "price_out": Decimal(8)}


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"money": "0.03"}, "the next call may cost 0.02, and 0.01 of 0.03 is left. Raise"),
        ({"tokens": 299}, "the next call may take 150 tokens, and 149 of 299 are left. Raise"),
        ({"calls": 1}, "the next call may take 1 calls, and 0 of 1 are left. Raise"),
        ({"seconds": 10}, "all of the 10 seconds are used or held by calls under way. Raise"),
    ],
)
def test_each_limit_refuses_the_call_that_could_pass_it(
    limits: dict[str, Any], message: str
) -> None:
    budget = Budget(**limits)
    budget.reserve(MOST)
    with pytest.raises(AIBudgetError, match=f"budget: {message}"):
        budget.reserve(MOST)
    assert budget.spent.calls == 1


def test_a_limit_may_be_met_exactly() -> None:
    budget = Budget(money="0.04", tokens=300, calls=2)
    budget.reserve(MOST)
    budget.reserve(MOST)
    assert budget.spent == Spent(Decimal("0.04"), 300, 2, 20.0)


def test_a_call_gets_the_seconds_that_are_left() -> None:
    budget = Budget(seconds=12)
    assert budget.reserve(MOST).seconds == 10.0
    assert budget.reserve(MOST).seconds == 2.0


def test_what_was_held_gives_way_to_what_was_spent() -> None:
    budget = Budget(tokens=200)
    held = budget.reserve(MOST)
    budget.settle(held, Charge(30, 20, None, 1.0, reported=True))
    assert budget.spent == Spent(Decimal("0"), 50, 1, 1.0, unpriced=1)
    budget.settle(budget.reserve(MOST), None)
    assert budget.spent.calls == 1


def test_the_past_counts() -> None:
    with pytest.raises(AIBudgetError, match="0 of 3 are left"):
        Budget(calls=3, spent=Spent(calls=7)).reserve(MOST)


def test_an_unknown_price_is_refused_only_where_money_is_limited() -> None:
    unpriced = Charge(100, 50, None, 10.0)
    Budget(tokens=1000).reserve(unpriced)
    with pytest.raises(AIBudgetError, match=r"price is unknown; .* Set KIT_PRICE_IN and "):
        Budget(money=1).reserve(unpriced)


@pytest.mark.parametrize("limit", [-1, "much", float("nan"), float("inf"), "1,5"])
def test_a_limit_is_a_number(limit: object) -> None:
    with pytest.raises(DataError, match=r"budget: money is .* must be a number >= 0"):
        Budget(money=limit)  # type: ignore[arg-type]


def test_threads_do_not_pass_a_limit_together() -> None:
    budget = Budget(calls=50)

    def reserve(_: int) -> bool:
        try:
            budget.reserve(MOST)
        except AIBudgetError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(reserve, range(400))) == 50
    assert budget.spent.calls == 50


@pytest.mark.parametrize(
    ("limits", "sent"),
    [({"calls": 2}, 2), ({"tokens": 5000}, 2), ({"money": "0.0345"}, 2), ({"money": "0.001"}, 0)],
)
def test_retries_and_repairs_are_checked_too(
    loopback: Loopback,
    make_client: MakeClient,
    journal: Journal,
    limits: dict[str, Any],
    sent: int,
) -> None:
    loopback.script = [Step(status=500), Step(content='{"sql": 5}', usage=None)]
    client = make_client(PRICES, budget=Budget(**limits), timing=Jumps().timing)
    with pytest.raises(AIBudgetError):
        ask(client)
    assert len(loopback.requests) == sent == journal.spent().calls
    spent = client.budget.spent
    assert (spent.money, spent.tokens, spent.calls) == (
        journal.spent().money, journal.spent().tokens, sent,
    )  # fmt: skip


def test_a_known_price_of_nothing_is_not_an_unknown_one(make_client: MakeClient) -> None:
    free = {"price_in": Decimal(0), "price_out": Decimal(0)}
    assert ask(make_client(free, budget=Budget(money=0))).cost == 0
    with pytest.raises(AIBudgetError, match="price is unknown"):
        ask(make_client(budget=Budget(money=5)))


def test_seconds_end_a_call(loopback: Loopback, make_client: MakeClient) -> None:
    loopback.script = [Step(), Step(wait_s=30.0)]
    client = make_client(budget=Budget(seconds=1.0))
    ask(client)  # imports what must be, too
    began = time.monotonic()
    with pytest.raises(Exception, match="did not reply in time"):
        ask(client)
    assert time.monotonic() - began < 2.5
    with pytest.raises(AIBudgetError, match=r"all of the 1\.0 seconds are used"):
        ask(client)


def test_what_is_under_way_in_another_thread_is_held(
    loopback: Loopback, make_client: MakeClient
) -> None:
    loopback.script = [Step(wait_s=0.5)]
    client = make_client(budget=Budget(calls=1))
    thread = threading.Thread(target=ask, args=(client,))
    thread.start()
    while not loopback.requests:
        time.sleep(0.01)
    with pytest.raises(AIBudgetError):
        ask(client)
    thread.join()
    assert client.budget.spent.tokens == 52
