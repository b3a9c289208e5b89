"""A conversation with tables: ask, run, judge, stop, confirm; what a console shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock, Thread
from typing import Any, get_args

from kit.ai.budget import Spent
from kit.ai.catalog import Catalog
from kit.ai.client import Client
from kit.ai.pairs import confirm_pair, read_pairs
from kit.ai.question import Reply, ReplyT
from kit.ai.sql_draft import Answered, Drafter, answer_question, check_draft
from kit.base.checks import one_of
from kit.base.errors import DataError, KitError, QueryError, UnsafeSQLError
from kit.data.sql.translate import WRITTEN, translate_sql


@dataclass(frozen=True)
class Ruling:
    """What the guard says of a query; nothing is run.

    Parameters
    ----------
    ok : bool
        Whether it may be run.
    words : str
        What it reads, or why and where it is refused.
    """

    ok: bool
    words: str

    def __str__(self) -> str:
        return self.words


class Console:
    """Asks one catalog, one question at a time.

    Parameters
    ----------
    catalog : Catalog
        The tables.
    client : Client or None
        A model; None leaves the semantic layer alone.
    drafter : {"auto", "layer", "model"}
        As in `kit.ai.sql_draft.answer_question`.

    Attributes
    ----------
    answered : Answered or None
        The last question or query that was answered.

    Notes
    -----
    Another thread may call `stop`. Threads that ask wait for each other.

    Examples
    --------
    >>> from kit.ai.catalog import open_catalog
    >>> from kit.base.assets import asset_dir
    >>> with open_catalog(asset_dir("data_samples"), ["demand"]) as catalog:
    ...     console = Console(catalog)
    ...     print(console.judge("SELECT max(budget) AS highest FROM demand"))
    ...     print(console.judge("SELECT * FROM read_csv('/etc/passwd')"))
    ...     console.run("SELECT count(*) AS lines FROM demand").answer.frame["lines"].item()
    allowed: reads demand, at most 10,000 rows
    refused at 1:22: function read_csv is not on the list of functions
    12
    """

    def __init__(
        self, catalog: Catalog, client: Client | None = None, drafter: Drafter = "auto"
    ) -> None:
        one_of("drafter", drafter, get_args(Drafter))
        self.catalog = catalog
        self.client = client
        self.drafter: Drafter = drafter
        self.answered: Answered | None = None
        self._turn = Lock()
        self._stopped: Future[None] = Future()

    def ask(self, question: str) -> Answered:
        """Draft SQL for a question, guard, run and check it.

        Returns
        -------
        Answered
            Without an answer, if nobody could draft one.

        Raises
        ------
        KitError
            As `kit.ai.sql_draft.answer_question`; or if it was stopped.
        """
        text = question.strip()
        if not text:
            raise DataError(
                "question: is empty; must say what to find. Type one, such as "
                "'win rate by exchange'."
            )
        return self._answered(
            lambda: answer_question(text, self.catalog, self._stoppable(), self.drafter)
        )

    def run(self, sql: str) -> Answered:
        """Guard, run and check SQL that a person wrote.

        Raises
        ------
        UnsafeSQLError
            If the guard refuses it.
        QueryError
            If it fails, takes too long, or was stopped.
        """
        return self._answered(
            lambda: check_draft("", sql, self.catalog, dialect=self.catalog.engine.dialect)
        )

    def judge(self, sql: str) -> Ruling:
        """Return what the guard says of SQL; nothing is run."""
        try:
            checked = self.catalog.check(sql, self.catalog.engine.dialect)
        except UnsafeSQLError as error:
            return Ruling(False, f"refused{f' at {error.at}' if error.at else ''}: {error.reason}")
        reads = ", ".join(checked.tables) or "no table"
        return Ruling(
            True, f"allowed: reads {reads}, at most {self.catalog.engine.limits.rows:,} rows"
        )

    def stop(self) -> None:
        """Stop what another thread asks: a query's process ends, a reply is not waited for.

        A call to a model that is under way is recorded and charged all the same.
        """
        if not self._turn.locked():
            return
        with suppress(InvalidStateError):  # stopped before
            self._stopped.set_result(None)
        self.catalog.engine.stop()

    def confirm(self, question: str | None = None) -> Path:
        """Keep the last SQL that was answered, and the question, as a pair that is right.

        Parameters
        ----------
        question : str or None
            What the SQL answers; None is what was asked. SQL of a person's own needs one.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        DataError
            If there is no answer, or another question was asked.
        """
        done = self.answered
        if done is None or done.sql is None:
            raise DataError("pair: there is no answer yet; must be one to confirm. Draft or run.")
        asked = done.question if question is None else question.strip()
        if not asked:
            raise DataError("pair: the SQL has no question; must answer one. Type the question.")
        if done.question and asked != done.question:
            raise DataError(
                "pair: the question has changed since it was answered; must be the same. Draft or "
                "run again."
            )
        path = confirm_pair(asked, translate_sql(done.sql, WRITTEN, done.dialect))
        self.catalog = replace(self.catalog, pairs=read_pairs())
        return path

    def _stoppable(self) -> Client | None:
        return None if self.client is None else _Stoppable(self.client, self._stopped)

    def _answered(self, work: Callable[[], Answered]) -> Answered:
        with self._turn:
            self._stopped = Future()
            try:
                done = work()
            except KitError:
                if self._stopped.done():
                    raise _was_stopped() from None
                raise
            if self._stopped.done():  # it made do without what was stopped
                raise _was_stopped()
            if done.answer is not None:
                self.answered = done
            return done


class _Stoppable(Client):
    """A model whose reply nobody waits for once somebody pressed Stop."""

    def __init__(self, client: Client, stopped: Future[None]) -> None:
        super().__init__(client.endpoint, client.journal, client.budget, client.mode)
        self._inner = client
        self._stopped = stopped

    def ask(
        self,
        messages: Sequence[Mapping[str, str]],
        reply: type[ReplyT],
        prompt_id: str,
        prompt_version: str | int,
        parent: int | None = None,
        *,
        resend: bool = False,
    ) -> Reply[ReplyT]:
        if self._stopped.done():
            raise _was_stopped()
        future: Future[Reply[ReplyT]] = Future()

        def work() -> None:
            try:
                future.set_result(
                    self._inner.ask(
                        messages, reply, prompt_id, prompt_version, parent, resend=resend
                    )
                )
            except BaseException as error:
                future.set_exception(error)

        Thread(target=work, name="stoppable model call", daemon=True).start()
        either: list[Future[Any]] = [future, self._stopped]
        wait(either, return_when=FIRST_COMPLETED)
        if not future.done():
            raise _was_stopped()
        return future.result()


def _was_stopped() -> QueryError:
    return QueryError(
        "other",
        "was stopped before it was answered; a call to a model that was under way is charged.",
    )


def spent_words(spent: Spent) -> str:
    """Return what calls to a model have cost.

    Examples
    --------
    >>> from decimal import Decimal
    >>> spent_words(Spent())
    'not asked yet'
    >>> spent_words(Spent(Decimal("0.00120"), 1540, 2, 3.25))
    '2 calls, 1,540 tokens, 3.2 s, cost 0.0012'
    >>> spent_words(Spent(Decimal(0), 90, 1, 0.5, unpriced=1))
    '1 call, 90 tokens, 0.5 s, price unknown'
    """
    if not spent.calls:
        return "not asked yet"
    money = f"cost {spent.money.normalize():f}"
    if spent.unpriced:
        money = f"{money} and more, some prices unknown" if spent.money else "price unknown"
    calls = f"{spent.calls} call{'s' * (spent.calls != 1)}"
    return f"{calls}, {spent.tokens:,} tokens, {spent.seconds:.1f} s, {money}"
