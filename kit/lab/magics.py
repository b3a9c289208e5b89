"""IPython magics: ``%kit status``, ``%kit runs``, ``%%kit_replay``; others are beside it."""

from __future__ import annotations

import html
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import HTML, Markdown

from kit.base.errors import KitError
from kit.base.version import __version__
from kit.base.workspace import runs_path, workspace_root
from kit.lab.ask_docs_magic import load_ask_docs
from kit.lab.ask_magic import load_ask
from kit.lab.check_magic import load_check
from kit.lab.propose_magic import load_propose
from kit.lab.write_magic import load_write

TOPICS = ("status", "runs", "help")
_HELP = """- `%kit status`: the workspace, its settings and its last run
- `%kit runs [N]`: the newest N runs (20), with what they found
- `%%kit_replay POLICY`: replay a policy; each line of the cell is `parameter = value`
- `%%kit_sql`: answer the question in the cell by one checked query; `--sql` runs SQL of your own
- `%kit_ask QUESTION`: look it up in documents, with file and line; `--folder DIR` adds your own
- `%kit_propose [SEALED]`: search variants, ranked on tune; the best few are put to the vault
- `%kit_check NAME`: a model, policy, variant or numbers through every check; `--look` is charged
- `%kit_write RESULT.json`: a result of `kit demo` in words, each sentence held against its facts
"""


@magics_class
class KitMagics(Magics):
    """The magics that ``%load_ext kit`` adds."""

    @line_magic
    def kit(self, line: str) -> Any:
        """Look at this workspace: ``%kit status``, ``%kit runs [N]``, ``%kit help``."""
        topic, _, rest = line.strip().partition(" ")
        if topic in ("", "help"):
            return Markdown(_HELP)
        if topic == "status":
            return Markdown(_status())
        if topic == "runs":
            return HTML(_runs(rest.strip()))
        raise UsageError(
            f"%kit: got {topic!r}; must be one of: {', '.join(TOPICS)}. Try %kit help."
        )

    @magic_arguments()
    @argument("policy", help="name of a policy; `kit replay --help` describes them")
    @argument("--log", metavar="PATH", help="the log; default the one in kit.toml")
    @argument("--format", metavar="NAME", help="its format; default parquet")
    @argument("--model", metavar="DIR", help="click model of `kit train`, for pctr")
    @argument("--budget", type=float, metavar="MONEY", help="budget, in the log's currency")
    @argument("--click-value", type=float, metavar="MONEY", help="value of a click")
    @argument("--seed", type=int, default=0, help="seed of policies that draw")
    @argument("--name", default="kit_result", help="variable that takes the totals, as a dict")
    @cell_magic
    def kit_replay(self, line: str, cell: str) -> None:
        """Replay a policy over a log; each line of the cell is ``parameter = value``.

        The run is recorded like one of ``kit replay``. Example::

            %%kit_replay value --budget 40
            multiplier = 0.8
        """
        given = parse_argstring(self.kit_replay, line)
        if not given.name.isidentifier():
            raise UsageError(f"%%kit_replay: --name: got {given.name!r}; must be a Python name.")
        try:
            summary = _replay(given, _parameters(cell))
        except KitError as error:
            raise UsageError(f"%%kit_replay: {error}") from None
        if self.shell is not None:
            self.shell.user_ns[given.name] = summary


def _parameters(cell: str) -> dict[str, str]:
    """Return what the cell's lines set.

    Examples
    --------
    >>> _parameters("multiplier = 0.8  # hold back")
    {'multiplier': '0.8'}
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(cell.splitlines(), start=1):
        text = raw.partition("#")[0].strip()
        name, equals, value = (part.strip() for part in text.partition("="))
        if not text:
            continue
        if not (equals and name and value):
            raise UsageError(
                f"%%kit_replay: line {number}: got {raw.strip()!r}; must be parameter = value."
            )
        found[name] = value
    return found


def _replay(given: Any, params: dict[str, str]) -> dict[str, Any]:
    from kit.base.specs import read_spec
    from kit.flow.perform import perform
    from kit.flow.specs import ReplaySpec, Source
    from kit.flow.workspace import read_settings

    named = {"path": given.log, "format": given.format or "parquet"}
    source = read_spec(Source, named) if given.log else read_settings().log
    if source is None:
        raise UsageError("%%kit_replay: no log. Pass --log PATH, or name one in kit.toml.")
    names = ("policy", "model", "budget", "click_value", "seed")
    values = {name: getattr(given, name) for name in names}
    done = perform("replay", read_spec(ReplaySpec, {"source": source, "params": params} | values),
                   _quiet)  # fmt: skip
    for text in done.outcome.lines:
        print(text)
    return dict(done.outcome.summary) | {"run": done.number}


def _quiet(text: str) -> None:
    """Say nothing on the way: a cell's output is its result."""


def _status() -> str:
    from kit.flow.runs import list_runs
    from kit.flow.workspace import SETTINGS, read_settings

    root = workspace_root()
    try:
        log = read_settings(root).log
        said = f"{log.path} ({log.format})" if log else f"none named; `kit init` writes {SETTINGS}"
    except KitError as error:
        said = str(error)
    lines = [f"**kit {__version__}**", "", f"- workspace: `{root}`", f"- log: {said}"]
    runs = list_runs(1) if runs_path(root).is_file() else []
    if runs:
        last = runs[0]
        lines.append(f"- last run: {last.id}, {last.verb}, {last.status}, {last.started_at}")
    else:
        lines.append("- no run yet; `!kit demo` makes one")
    return "\n".join(lines)


def _runs(text: str) -> str:
    from kit.flow.runs import list_runs

    if text and not (text.isdecimal() and 1 <= int(text) <= 10_000):
        raise UsageError(f"%kit runs: got {text!r}; must be a whole number from 1 to 10,000.")
    runs = list_runs(int(text or 20)) if runs_path().is_file() else []
    if not runs:
        return "<p>No run in this workspace yet; <code>!kit demo</code> makes one.</p>"
    head = "".join(f"<th>{name}</th>" for name in ("run", "started", "verb", "status", "found"))
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in (
            run.id, run.started_at, run.verb, run.status,
            run.message or run.summary.get("headline") or run.summary.get("verdict") or "",
        ))
        + "</tr>"
        for run in runs
    )  # fmt: skip
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def complete(shell: InteractiveShell, event: Any) -> list[str]:
    """Complete ``%kit``: its topics."""
    return [topic for topic in TOPICS if topic.startswith(event.symbol)]


def complete_replay(shell: InteractiveShell, event: Any) -> list[str]:
    """Complete ``%%kit_replay``: policies, options."""
    from kit.bid.registry import POLICIES

    options = ("--log", "--format", "--model", "--budget", "--click-value", "--seed", "--name")
    return [word for word in (*POLICIES, *options) if word.startswith(event.symbol)]


def load(shell: InteractiveShell) -> None:
    """Add the magics and their completion to a shell."""
    shell.register_magics(KitMagics)
    shell.set_hook("complete_command", complete, str_key="%kit")
    shell.set_hook("complete_command", complete_replay, str_key="%%kit_replay")
    load_ask(shell)
    load_ask_docs(shell)
    load_write(shell)
    load_propose(shell)
    load_check(shell)
