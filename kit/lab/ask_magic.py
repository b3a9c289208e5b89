"""The magic ``%%kit_sql``: a question in a cell, answered by one checked query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from kit.base.errors import KitError

if TYPE_CHECKING:
    from kit.ai.client import Client
    from kit.ai.sql_draft import Answered

DRAFTERS = ("auto", "layer", "model")
_OPTIONS = ("--data", "--allow", "--drafter", "--name", "--sql", "--timeout")
_SHOWN_ROWS = 20


@magics_class
class AskMagics(Magics):
    """The magic that answers questions about tables."""

    @magic_arguments()
    @argument("--data", metavar="PATH", help="a DuckDB database, a Parquet file or a folder of "
              "them, in quotes if it has spaces; default the log in kit.toml")  # fmt: skip
    @argument("--allow", metavar="T1,T2.COL", help="what may be read; default all")
    @argument("--drafter", choices=DRAFTERS, default="auto", help="auto: the model is asked only "
              "what the semantic layer does not understand")  # fmt: skip
    @argument("--name", default="kit_answer", help="variable that takes the rows, a DataFrame")
    @argument("--sql", action="store_true", help="the cell is SQL: it is guarded, run and checked")
    @argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="of one query")
    @cell_magic
    def kit_sql(self, line: str, cell: str) -> None:
        """Answer the question in the cell by one checked query.

        Prints how the question was read, the SQL, and what the checks say. Example::

            %%kit_sql --name rates
            win rate and eCPM by exchange
        """
        given = parse_argstring(self.kit_sql, line)
        if not given.name.isidentifier():
            raise UsageError(f"%%kit_sql: --name: got {given.name!r}; must be a Python name.")
        try:
            done, model, dialect = _answered(given, cell.strip())
        except KitError as error:
            raise UsageError(f"%%kit_sql: {error}") from None
        _show(done, model, dialect, given.name)
        if done.answer is not None and self.shell is not None:
            self.shell.user_ns[given.name] = done.answer.frame


def _answered(given: Any, text: str) -> tuple[Answered, Client | None, str]:
    from kit.base.specs import read_spec
    from kit.data.sql.contract.limits import Limits
    from kit.flow.ask_data import AskSpec, open_client, open_data
    from kit.flow.console import Console
    from kit.flow.console_words import no_answer

    spec = read_spec(AskSpec, {"question": text or "-", "drafter": given.drafter})
    allow = None if given.allow is None else tuple(given.allow.split(","))
    client = None if given.sql else open_client(spec)
    limits = Limits(timeout_seconds=given.timeout)
    data = None if given.data is None else given.data.strip("'\"")  # quotes are not taken
    with open_data(data, allow, limits) as catalog:
        console = Console(catalog, client, given.drafter)
        done = console.run(text) if given.sql else console.ask(text)
    if done.answer is None:
        raise UsageError(f"%%kit_sql: {no_answer(done)}")
    return done, client, catalog.engine.dialect


def _show(done: Answered, model: Client | None, dialect: str, name: str) -> None:
    """Print how the question was read, the SQL and the checks; show the first rows."""
    from kit.data.sql.guard.pretty import pretty_sql
    from kit.flow.console import spent_words
    from kit.flow.console_words import check_lines, read_as, size_words

    if done.by != "you":
        print(f"Drafted by: {done.by}")
    for text in read_as(done):
        print(f"  {text}")
    for attempt in done.attempts:
        print(f"  earlier draft failed: {attempt.failure}")
    if model is not None:
        print(f"Model {model.endpoint.model}: {spent_words(model.budget.spent)}")
    print("", pretty_sql(done.sql or "", dialect), "", *check_lines(done), sep="\n")
    frame = done.answer.frame if done.answer is not None else None
    if frame is None:
        return
    first = f"; the first {_SHOWN_ROWS} are shown" if len(frame) > _SHOWN_ROWS else ""
    print(f"{name}: {size_words(done)}{first}")
    display(frame.head(_SHOWN_ROWS))


def complete_sql(shell: InteractiveShell, event: Any) -> list[str]:
    """Complete ``%%kit_sql``: options, drafters."""
    before = event.line[: -len(event.symbol)] if event.symbol else event.line
    words = DRAFTERS if before.rstrip().endswith("--drafter") else _OPTIONS
    return [word for word in words if word.startswith(event.symbol)]


def load_ask(shell: InteractiveShell) -> None:
    """Add the magic and its completion to a shell."""
    shell.register_magics(AskMagics)
    shell.set_hook("complete_command", complete_sql, str_key="%%kit_sql")
