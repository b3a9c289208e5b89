"""`Exchange`: one question to a model, through retries, rungs and repairs, to a valid reply."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Generic, cast

from kit.ai.answer import Dialect, Sent
from kit.ai.budget import Budget, Charge, Spent
from kit.ai.endpoint import Endpoint
from kit.ai.entry import Call, canonical
from kit.ai.journal import Journal
from kit.ai.outcome import Outcome, outcome_of
from kit.ai.question import Question, Reply, ReplyT, Usage
from kit.ai.retry import TRIES, Timing, pause_s, retry_after_s
from kit.ai.structured import Message, Rung, dressed, repaired, response_format
from kit.base.errors import EndpointError, JournalError

REPAIRS = 2
"""Most times that a model is told what was wrong about its reply."""

Send = Callable[[Mapping[str, Any], float], Sent]
"""Makes one request, given its body and the seconds it may take."""

_OVERHEAD_TOKENS = 32  # of a message: its role and the separators of a chat template


@dataclass
class Exchange(Generic[ReplyT]):
    """One question.

    Parameters
    ----------
    endpoint, journal, budget : Endpoint, Journal, Budget
        Who is asked, where it is recorded, and what it may cost.
    send : callable
        Makes a request.
    learned : mutable mapping of tuple of str to Dialect
        How an address and a model want to be spoken to.
    timing, rng : Timing, Random
        Clocks, and chance for pauses.
    ends_at : float
        By `timing`'s clock.
    question : Question
        What is asked.
    """

    endpoint: Endpoint
    journal: Journal
    budget: Budget
    send: Send
    learned: MutableMapping[tuple[str, str], Dialect]
    timing: Timing
    rng: random.Random
    ends_at: float
    question: Question[ReplyT]
    _spent: Spent = field(default_factory=Spent)
    _usage: Usage = field(default_factory=Usage)
    _last: int = 0

    def run(self) -> Reply[ReplyT]:
        """Ask until there is a valid reply.

        Raises
        ------
        EndpointError
            If there is none.
        AIBudgetError, JournalError
            Before a call that the budget does not allow, or that cannot be recorded.
        """
        where = (self.endpoint.address, self.endpoint.model)
        dialect = self.learned.get(where, Dialect())
        messages, repairs = list(self.question.messages), 0
        while True:
            outcome = self._retried(messages, dialect)
            if outcome.value is not None:
                # What had to be dug out of fences is text, whatever was asked for.
                dialect = dialect if outcome.bare else replace(dialect, rung="text")
                self.learned[where] = dialect
                return self._reply(outcome, dialect.rung, repairs)
            if outcome.adapted is not None:
                dialect = self.learned[where] = outcome.adapted
                continue
            lower = None if outcome.found else dialect.lower()
            if not outcome.problems or (lower is None and repairs == REPAIRS):
                raise EndpointError(outcome.verdict, outcome.message)
            if lower is not None:
                dialect = lower
            else:
                repairs += 1
                messages = repaired(self.question.messages, outcome.text, outcome.problems)

    def _reply(self, outcome: Outcome, rung: Rung, repairs: int) -> Reply[ReplyT]:
        cost = None if self._spent.unpriced else self._spent.money
        value = cast(ReplyT, outcome.value)
        return Reply(value, outcome.text or "", self._usage, cost, rung, repairs, self._last)

    def _retried(self, messages: Sequence[Message], dialect: Dialect) -> Outcome:
        """Send until it is of no use, three times at most."""
        for tried in range(1, TRIES + 1):
            outcome = self._once(messages, dialect)
            if not outcome.again or tried == TRIES:
                break
            asked = retry_after_s(outcome.retry_after, self.timing.wall())
            pause = pause_s(tried, asked, self.rng)
            if pause >= self._left():  # it would only be waited for
                told = f"The next try is due in {pause:.0f} s, and {self._left():.0f} s are left."
                return replace(outcome, message=f"{outcome.message} {told}")
            self.timing.sleep(pause)
        return outcome

    def _once(self, messages: Sequence[Message], dialect: Dialect) -> Outcome:
        if self._left() <= 0:
            raise EndpointError(
                "deadline",
                f"{self.endpoint.address} gave no usable reply in time. Ask again, or allow more "
                "seconds.",
            )
        body = self._body(messages, dialect)
        held = self.budget.reserve(self._most(body))
        actual: Charge | None = None
        try:
            self._last = self.journal.begin(self._call(messages, body, dialect, held))
            actual = held  # from here on it may be billed
            outcome, actual = self._made(body, dialect, held)
        finally:
            self.budget.settle(held, actual)
        self._spent = self._spent.plus(actual)
        self._usage = self._usage.plus(actual)
        self.journal.settle(self._last, outcome.verdict, outcome.text, actual)
        return outcome

    def _made(
        self, body: Mapping[str, Any], dialect: Dialect, held: Charge
    ) -> tuple[Outcome, Charge]:
        """Make the request; what a person interrupts is recorded as that, at its maximum."""
        began = self.timing.clock()
        try:
            sent = self.send(body, held.seconds)
        except BaseException:
            with suppress(JournalError):
                self.journal.settle(self._last, "interrupted", None, held)
            raise
        seconds = self.timing.clock() - began
        outcome = outcome_of(sent, seconds, self.endpoint, dialect, self.question.reply)
        return outcome, outcome.charge or replace(held, seconds=seconds)

    def _left(self) -> float:
        return self.ends_at - self.timing.clock()

    def _body(self, messages: Sequence[Message], dialect: Dialect) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": dressed(messages, dialect.rung, self.question.schema),
            dialect.limit: self.endpoint.max_output_tokens,
        }
        for name in ("temperature", "seed"):
            if name in self.endpoint.parameters and name not in dialect.without:
                body[name] = self.endpoint.parameters[name]
        asked = response_format(dialect.rung, self.question.reply.__name__, self.question.schema)
        return body if asked is None else {**body, "response_format": asked}

    def _most(self, body: Mapping[str, Any]) -> Charge:
        """Return the most a request may cost: half its bytes are more tokens than any text has."""
        text = canonical([body["messages"], body.get("response_format")])
        tokens_in = len(text) // 2 + _OVERHEAD_TOKENS * len(body["messages"])
        tokens_out = self.endpoint.max_output_tokens
        money = self.endpoint.price(tokens_in, tokens_out)
        return Charge(tokens_in, tokens_out, money, self._left())

    def _call(
        self, messages: Sequence[Message], body: Mapping[str, Any], dialect: Dialect, most: Charge
    ) -> Call:
        question = self.question
        return Call(
            key=question.key(self.endpoint, messages),
            root=question.key(self.endpoint),
            parent=self._last or question.parent,
            prompt_id=question.prompt_id,
            prompt_version=question.prompt_version,
            messages=canonical(body["messages"]),
            reply_schema=canonical(question.schema),
            parameters=canonical(self.endpoint.parameters),
            model=self.endpoint.model,
            endpoint=self.endpoint.address,
            rung=dialect.rung,
            most=most,
        )
