"""The SQL console: a question in words or SQL of one's own, guarded, run and checked."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import ipywidgets as widgets
import pandas as pd

from kit.ai.client import Client
from kit.ai.sql_draft import Answered, Drafter
from kit.base.errors import DataError, KitError
from kit.base.specs import read_spec
from kit.data.sql.contract.limits import Limits
from kit.data.sql.guard.pretty import pretty_sql
from kit.flow.ask_data import NO_MODEL, AskSpec, open_client, open_data
from kit.flow.console import Console, Ruling, spent_words
from kit.flow.console_words import no_answer
from kit.report.figures import short
from kit.widgets.console_figures import (
    caption,
    checks_html,
    console_twin,
    facts_html,
    guard_html,
    rows_html,
)
from kit.widgets.panel import Panel, one_at_a_time

_STYLE = {"description_width": "70px"}


class SQLConsole(Panel):
    """A panel that answers questions about tables by checked queries.

    Parameters
    ----------
    data : str or Path, optional
        A DuckDB database, a Parquet file or a folder of them; default the log in ``kit.toml``.
    allow : iterable of str, optional
        ``table`` or ``table.column`` that may be read; default all.
    client : Client, optional
        A model; default the one that the environment names, if it names one.
    drafter : {"auto", "layer", "model"}
        Who drafts; ``auto`` asks the model only what the semantic layer does not understand.
    limits : Limits, optional
        What one query may cost.

    Attributes
    ----------
    console : Console
        What it shows, without a screen.

    Raises
    ------
    KitError
        If there is nothing to read, or the environment names a model in part.

    Notes
    -----
    `ask` and `run` do what the buttons do, and return the record; `frame` has the rows. The SQL
    can be edited: whoever wrote it, the guard judges what is run, each time. Buttons work beside
    the kernel: cells run meanwhile, and Stop ends a query at once.

    Examples
    --------
    >>> import kit
    >>> panel = SQLConsole(kit.asset_dir("data_samples"), ["auctions"], drafter="layer")
    >>> panel.ask("win rate by exchange").sound
    True
    >>> panel.frame["win_rate"].round(3).tolist()
    [0.89, 0.873, 0.898, 0.838]
    >>> print(panel.judge("SELECT getenv('HOME')"))
    refused at 1:13: function getenv is not on the list of functions
    >>> panel.close()
    """

    title: ClassVar[str] = "SQL console"

    def __init__(
        self,
        data: str | Path | None = None,
        allow: Iterable[str] | None = None,
        client: Client | None = None,
        *,
        drafter: Drafter = "auto",
        limits: Limits | None = None,
    ) -> None:
        named = allow.split(",") if isinstance(allow, str) else allow
        granted = None if named is None else tuple(named)
        model = client or open_client(read_spec(AskSpec, {"question": "-", "drafter": drafter}))
        catalog = open_data(None if data is None else Path(data), granted, limits)
        self.console = Console(catalog, model, drafter)
        tables = ", ".join(f"{name} ({len(columns)} columns)"
                           for name, columns in catalog.tables.items())  # fmt: skip
        super().__init__(
            f"Reads {tables}, and nothing else. Every query is guarded before it runs."
        )
        self.last: Answered | None = None
        self.ruling: Ruling | None = None
        self._busy = False
        self._worker: Thread | None = None
        self._make_controls()
        self._assemble()
        self._set_busy(False)
        self._draw()

    @property
    def answered(self) -> Answered | None:
        """The record of what was answered last; None before the first answer."""
        return self.console.answered

    @property
    def frame(self) -> pd.DataFrame:
        """All rows of the last answer.

        Raises
        ------
        DataError
            If nothing was answered yet.
        """
        done = self.console.answered
        if done is None or done.answer is None:
            raise DataError("frame: nothing was answered yet. Ask or run something first.")
        return done.answer.frame.copy()

    def ask(self, question: str) -> Answered:
        """Answer a question as Draft does; return the record, without an answer if none was found.

        Raises
        ------
        KitError
            As `kit.flow.console.Console.ask`; the last answer stays.
        """
        self.question.value = question
        return self._do("Drafting …", lambda: self.console.ask(question))

    def run(self, sql: str) -> Answered:
        """Guard, run and check SQL as Run does; return the record.

        Raises
        ------
        KitError
            As `kit.flow.console.Console.run`; the last answer stays.
        """
        self.sql.value = sql
        return self._do("Running …", lambda: self._run(sql))

    def judge(self, sql: str) -> Ruling:
        """Return what the guard says of SQL; nothing is run."""
        return self.console.judge(sql)

    @one_at_a_time
    def confirm(self) -> Path:
        """Keep the question and its SQL in the workspace as a pair that is right.

        Raises
        ------
        DataError
            If what the boxes say is not what was answered, or there is no question.
        """
        done = self.console.answered
        if done is not None and self.sql.value != self._shown_sql(done):
            raise DataError(
                "pair: the SQL has changed since it was run; must be the same. Run it first."
            )
        return self.console.confirm(self.question.value)

    def stop(self) -> None:
        """Stop what a button or another cell started."""
        self.console.stop()

    def wait(self, seconds: float | None = None) -> None:
        """Wait until what a button started has ended."""
        worker = self._worker
        if worker is not None:
            worker.join(seconds)

    def close(self) -> None:
        """End the process that runs queries; a later query starts another."""
        self.console.catalog.engine.close()

    def _make_controls(self) -> None:
        self.question = widgets.Text(
            description="Question", placeholder="win rate and eCPM by exchange", style=_STYLE,
            layout={"width": "720px"}, continuous_update=False,
        )  # fmt: skip
        self.sql = widgets.Textarea(
            description="SQL", placeholder="SELECT ...: drafted from the question, or your own",
            rows=11, style=_STYLE, layout={"width": "98%"}, continuous_update=False,
        )  # fmt: skip

        def button(name: str, said: str, press: Callable[[], None], **more: Any) -> widgets.Button:
            made = widgets.Button(description=name, tooltip=said, layout={"width": "120px"}, **more)
            made.on_click(lambda _: press())
            return made

        self.draft = button("Draft", "Draft SQL for the question, guard it, run it and check the "
                            "answer", self._press_draft, button_style="primary")  # fmt: skip
        self.go = button("Run", "Guard the SQL as it stands, run it and check the answer",
                         self._press_run)  # fmt: skip
        self.pair = button("Confirm pair", "Keep the question and its SQL as an example that is "
                           "right", self._press_confirm)  # fmt: skip
        self.halt = button("Stop", "Stop the query or stop waiting for the model", self.stop)
        self.spent, self.guard, self.facts = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.caption, self.table, self.checks = widgets.HTML(), widgets.HTML(), widgets.HTML()

    def _assemble(self) -> None:
        for part in (self.guard, self.checks, self.table):
            part.layout.margin = "6px 2px"
        self.facts.layout.margin = "6px 2px 6px 24px"
        self.lay_out(
            widgets.HBox([self.question, self.draft], layout={"flex_flow": "row wrap"}),
            self.spent,
            self.sql,
            widgets.HBox([self.go, self.pair, self.halt], layout={"margin": "0 0 0 76px"}),
            self.guard,
            self.caption,
            self.table,
            widgets.HBox(
                [self.checks, self.facts],
                layout={"flex_flow": "row wrap", "align_items": "flex-start"},
            ),
        )

    def _press_draft(self) -> None:
        question = self.question.value
        self._start("Drafting …", lambda: self.console.ask(question))

    def _press_run(self) -> None:
        sql = self.sql.value
        self._start("Running …", lambda: self._run(sql))

    @one_at_a_time
    def _press_confirm(self) -> None:
        try:
            path = self.confirm()
        except KitError as error:
            self.complain(error)
        else:
            asked = short(self.question.value, 80)
            self.say(f"Kept in {path.name}: “{asked}” and the SQL below.")

    def _run(self, sql: str) -> Answered:
        self.ruling = self.console.judge(sql)
        return self.console.run(sql)

    @one_at_a_time
    def _start(self, said: str, work: Callable[[], Answered]) -> None:
        """Work beside the kernel; a second press that came meanwhile does nothing."""
        if self._busy:
            return
        self._set_busy(True)
        self._worker = Thread(target=self._worked, args=(said, work), daemon=True)
        self._worker.start()

    def _worked(self, said: str, work: Callable[[], Answered]) -> None:
        try:
            self._do(said, work)
        except KitError:
            return  # it is shown

    def _do(self, said: str, work: Callable[[], Answered]) -> Answered:
        """Work, without keeping other threads from the panel, and show what came of it."""
        self._set_busy(True)
        self.say(said)
        try:
            done = work()
            self._shown(done)
        except KitError as error:
            self._draw()
            self.complain(error)
            raise
        finally:
            self._set_busy(False)
        return done

    @one_at_a_time
    def _shown(self, done: Answered) -> None:
        self.last = done
        if done.sql is not None:
            self.sql.value = self._shown_sql(done)
        elif done.attempts:
            self.sql.value = done.attempts[-1].sql  # for a person to mend
        written = done.sql or (done.attempts[-1].sql if done.attempts else None)
        if written is not None:
            self.ruling = self.console.judge(written)
        self._draw()
        if done.answer is None:
            self.complain(DataError(no_answer(done)))
        else:
            self.say("" if done.sound else "A check did not pass: look at the answer before using "
                     "it.")  # fmt: skip

    def _set_busy(self, is_busy: bool) -> None:
        self._busy = is_busy
        for control in (self.draft, self.go, self.pair):
            control.disabled = is_busy
        self.halt.disabled = not is_busy

    def complain(self, error: KitError | ValueError) -> None:
        """Show what is wrong with an input; an answer that was shown before stays."""
        said = str(error).partition("\n")[0].rstrip(".")  # an engine draws its own SQL below
        if self.console.answered is not None:
            super().complain(DataError(f"{said}."))
        else:
            self.message.value = f'<span role="alert">{html.escape(said)}.</span>'

    def _shown_sql(self, done: Answered) -> str:
        return pretty_sql(done.sql or "", self.console.catalog.engine.dialect)

    @one_at_a_time
    def _draw(self) -> None:
        self.spent.value = f'<div class="kit-caption">{html.escape(self._spent_words())}</div>'
        self.guard.value = guard_html(self.ruling)
        self.facts.value = facts_html(self.last)
        done = self.console.answered
        if done is None or done.answer is None:
            return
        self.caption.value = f'<div class="kit-caption">{html.escape(caption(done))}</div>'
        self.table.value = rows_html(done.answer.frame)
        self.checks.value = checks_html(done)

    def _spent_words(self) -> str:
        model = self.console.client
        if model is None:
            drafts_alone = self.console.drafter == "layer"
            return "The semantic layer drafts alone." if drafts_alone else NO_MODEL
        where = f"{model.endpoint.model} at {model.endpoint.address}"
        return f"Model {where}: {spent_words(model.budget.spent)}."

    @one_at_a_time
    def twin(self) -> tuple[str, str]:
        """Return the answer as SVG, and the panel as Markdown."""
        done = self.console.answered
        sql = "" if done is None else self._shown_sql(done)
        return console_twin(done, sql, self.ruling)
