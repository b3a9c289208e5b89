"""`Budget`: what calls to a model may cost in money, tokens, number and seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from kit.base.errors import AIBudgetError, DataError

_NONE = Decimal(0)


@dataclass(frozen=True)
class Charge:
    """What one call costs, or may cost at most.

    Parameters
    ----------
    tokens_in, tokens_out : int
        Tokens sent and received.
    money : Decimal or None
        Their price; None if it is unknown.
    seconds : float
        How long it took, or may take.
    reported : bool
        Whether the endpoint said the tokens; what it did not say is charged at its maximum.
    """

    tokens_in: int
    tokens_out: int
    money: Decimal | None
    seconds: float
    reported: bool = False

    @property
    def tokens(self) -> int:
        """Both ways."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True)
class Spent:
    """What calls have cost together; those under way, or never heard of again, at their maximum.

    Parameters
    ----------
    money : Decimal
        Of the calls whose price is known.
    tokens, calls : int
        Tokens both ways, and calls, each retry and repair counted.
    seconds : float
        Time in calls.
    unpriced : int
        Calls whose price is unknown: `money` lacks them.

    Examples
    --------
    >>> Spent().plus(Charge(1000, 200, None, 1.5))
    Spent(money=Decimal('0'), tokens=1200, calls=1, seconds=1.5, unpriced=1)
    """

    money: Decimal = _NONE
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0
    unpriced: int = 0

    def plus(self, charge: Charge) -> Spent:
        """Return the sum with one call more."""
        return self._with(charge, 1)

    def minus(self, charge: Charge) -> Spent:
        """Return the sum with one call less."""
        return self._with(charge, -1)

    def _with(self, charge: Charge, sign: int) -> Spent:
        return Spent(
            self.money + sign * (charge.money or _NONE),
            self.tokens + sign * charge.tokens,
            self.calls + sign,
            self.seconds + sign * charge.seconds,
            self.unpriced + sign * (charge.money is None),
        )


class Budget:
    """Limits that are checked before each call, against the most that the call may cost.

    Threads share it: a call is held at its maximum until it is settled.

    Parameters
    ----------
    money : Decimal, int or str, optional
        In the currency of the endpoint's prices; None is no limit, here and below.
    tokens, calls : int, optional
        Tokens both ways; calls, each retry and repair counted.
    seconds : float, optional
        Time in calls. A call gets what is left of it, and is refused when nothing is.
    spent : Spent, optional
        What counts as spent already; ``journal.spent()`` carries a workspace's past over.

    Examples
    --------
    >>> budget = Budget(tokens=1500)
    >>> held = budget.reserve(Charge(1000, 200, None, 60.0))
    >>> budget.reserve(Charge(1000, 200, None, 60.0))
    Traceback (most recent call last):
    kit.base.errors.AIBudgetError: budget: the next call may take 1200 tokens, and 300 of 1500 are left. Raise the limit on tokens, or ask for less.
    >>> budget.settle(held, Charge(400, 80, None, 2.0))
    >>> budget.spent.tokens
    480
    """  # noqa: E501

    def __init__(
        self,
        money: Decimal | int | str | None = None,
        tokens: int | None = None,
        calls: int | None = None,
        seconds: float | None = None,
        *,
        spent: Spent | None = None,
    ) -> None:
        self.money = _limit("money", money)
        self.tokens = _limit("tokens", tokens)
        self.calls = _limit("calls", calls)
        self.seconds = _limit("seconds", seconds)
        self._spent = spent or Spent()
        self._lock = threading.Lock()

    @property
    def spent(self) -> Spent:
        """What is spent, calls under way at their maximum."""
        with self._lock:
            return self._spent

    def reserve(self, most: Charge) -> Charge:
        """Hold a call's maximum; its seconds are cut to what is left of them.

        Raises
        ------
        AIBudgetError
            If the call could pass a limit, or its price is unknown and money is limited.
        """
        with self._lock:
            self._check_money(most.money)
            self._check("tokens", self.tokens, self._spent.tokens, most.tokens)
            self._check("calls", self.calls, self._spent.calls, 1)
            held = replace(most, seconds=self._seconds(most.seconds))
            self._spent = self._spent.plus(held)
            return held

    def settle(self, held: Charge, actual: Charge | None) -> None:
        """Put what a call did cost in place of what was held; None if it was not made."""
        with self._lock:
            self._spent = self._spent.minus(held)
            if actual is not None:
                self._spent = self._spent.plus(actual)

    def _check_money(self, most: Decimal | None) -> None:
        if self.money is None:
            return
        if most is None:
            raise AIBudgetError(
                f"budget: money is limited to {self.money}, and the model's price is unknown; must "
                "be known to be kept. Set KIT_PRICE_IN and KIT_PRICE_OUT to the price of a million "
                "tokens (0 for a model of your own), or limit tokens instead."
            )
        left = self.money - self._spent.money
        if most > left:
            raise AIBudgetError(
                f"budget: the next call may cost {_plain(most)}, and {_plain(left)} of "
                f"{_plain(self.money)} is left. Raise the limit on money, or ask for less."
            )

    @staticmethod
    def _check(what: str, limit: Decimal | None, spent: int, most: int) -> None:
        if limit is not None and spent + most > limit:
            left = max(int(limit) - spent, 0)
            raise AIBudgetError(
                f"budget: the next call may take {most} {what}, and {left} of {limit} are left. "
                f"Raise the limit on {what}, or ask for less."
            )

    def _seconds(self, wanted: float) -> float:
        if self.seconds is None:
            return wanted
        left = float(self.seconds) - self._spent.seconds
        if left <= 0:
            raise AIBudgetError(
                f"budget: all of the {self.seconds} seconds are used or held by calls under way. "
                "Raise the limit on seconds, or wait for those calls."
            )
        return min(wanted, left)


def _limit(name: str, value: Decimal | float | str | None) -> Decimal | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise DataError(f"budget: {name} is {value!r}; must be a number >= 0. Give one, or None.")
    return number


def _plain(money: Decimal) -> str:
    return f"{money:f}"
