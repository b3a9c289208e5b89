"""The magic ``%kit_propose``: search variants of a log, and see what came of it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from kit.base.errors import KitError
from kit.lab.variables import complete_word, source_of

if TYPE_CHECKING:
    from kit.flow.search.record import SearchRecord

PROPOSERS = ("hybrid", "rules", "tpe", "llm", "random")
_OPTIONS = ("--proposer", "--budget", "--seed", "--finalists", "--constraint", "--out", "--name")
_HEADER = ("Rank", "Change", "Why it should be better", "Tune: surplus for 1,000 auctions", "Cost",
           "How it ended")  # fmt: skip


@magics_class
class ProposeMagics(Magics):
    """The magic that searches."""

    @magic_arguments()
    @argument("sealed", nargs="?", metavar="SEALED", help="a variable that holds a sealed log, or "
              "its folder; default the notebook's own, else the log in kit.toml")  # fmt: skip
    @argument("--proposer", choices=PROPOSERS, default="hybrid", help="rule book, numbers by "
              "Optuna, a model (OPENAI_BASE_URL), structure with numbers, or chance")  # fmt: skip
    @argument("--budget", type=int, default=12, metavar="N", help="trials in all")
    @argument("--seed", type=int, default=0, help="of every draw")
    @argument("--finalists", type=int, default=2, metavar="N", help="looks at most; 0 asks none")
    @argument("--constraint", action="append", default=[], metavar="TEXT", help="bound on tune, "
              "such as 'win_rate >= 0.2' (repeatable)")  # fmt: skip
    @argument("--out", default="out/search", metavar="DIR", help="record and result; the same "
              "command goes on there")  # fmt: skip
    @argument("--name", default="kit_search", help="variable that takes the search's record, for "
              "kit.open_search")  # fmt: skip
    @line_magic
    def kit_propose(self, line: str) -> Proposed | None:
        """Propose variants of a log's default, rank them on tune, and put the best to the vault.

        Each trial is a line; then come the best of them, and what the vault said. The run is
        recorded like one of ``kit propose``. Example::

            %kit_propose sealed --budget 6 --out out/found
        """
        given = parse_argstring(self.kit_propose, line)
        if not given.name.isidentifier():
            raise UsageError(f"%kit_propose: --name: got {given.name!r}; must be a Python name.")
        if self.shell is None:
            return None
        try:
            shown = _proposed(self.shell, given)
        except KitError as error:
            raise UsageError(f"%kit_propose: {error}") from None
        self.shell.user_ns[given.name] = shown.record
        return shown


@dataclass(frozen=True)
class Proposed:
    """A search, as JupyterLab and a terminal show it.

    Parameters
    ----------
    record : SearchRecord
        Its trials.
    headline : str
        What the vault said.
    run : int
        Its number in the workspace's record.
    name : str
        The variable that has the record.
    """

    record: SearchRecord
    headline: str
    run: int
    name: str

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Rank, change, hypothesis, tune score, cost and end of each trial, the best first."""
        from kit.flow.search.record import ended

        currency = self.record.sealed.tune.meta.unit.currency
        ranked = self.record.ranked
        places = {trial.number: str(place) for place, trial in enumerate(ranked, start=1)}
        left = [trial for trial in self.record.trials if trial.number not in places]
        return [
            (
                places.get(trial.number, ""), self.record.names[trial.number],
                trial.spec.hypothesis, _score(trial.score, currency),
                str(self.record.costs.get(trial.number, "")), ended(trial),
            )
            for trial in (*ranked, *left)
        ]  # fmt: skip

    @property
    def _next(self) -> str:
        return (
            f"Run {self.run} of this workspace. To see the best on a board and ask about one: "
            f"kit.VariantBoard.of(kit.open_search({self.name}))"
        )

    def __repr__(self) -> str:
        lines = ["  ".join(row) for row in self.rows]
        return "\n".join([self.headline, *lines, self._next])

    def _repr_html_(self) -> str:
        left = 'style="text-align:left"'
        head = "".join(f'<th scope="col" {left}>{html.escape(name)}</th>' for name in _HEADER)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align:left;vertical-align:top;{_width(place)}">'
                f"{html.escape(cell)}</td>"
                for place, cell in enumerate(row)
            )
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<p><b>{html.escape(self.headline)}</b></p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            f"<p><small>{html.escape(self._next)}</small></p>"
        )


def _width(place: int) -> str:
    """Return how wide a column is: words wrap, numbers do not."""
    return {1: "max-width:260px", 2: "max-width:340px", 5: "max-width:260px"}.get(
        place, "white-space:nowrap"
    )


def _score(score: float | None, currency: str) -> str:
    from kit.report.numbers import ABSENT, money

    return ABSENT if score is None else money(score, currency, sign=True)


def _proposed(shell: InteractiveShell, given: Any) -> Proposed:
    from kit.base.specs import read_spec
    from kit.flow.perform import perform
    from kit.flow.search.record import record_of
    from kit.flow.search.settings import ProposeSpec
    from kit.variant.constraint import constraint_of

    source = source_of("%kit_propose", shell, given.sealed)
    out = Path(given.out.strip("'\""))  # quotes are not taken
    names = ("proposer", "budget", "seed", "finalists")
    bounds = tuple(constraint_of(text.strip("'\"")).model_dump() for text in given.constraint)
    values = {name: getattr(given, name) for name in names}
    values |= {"source": source, "out": out, "constraints": bounds}
    done = perform("propose", read_spec(ProposeSpec, values), _say)
    headline = str(done.outcome.summary["headline"])
    return Proposed(record_of(out), headline, done.number, given.name)


def _say(text: str) -> None:
    print(text, flush=True)


def complete_propose(shell: InteractiveShell, event: Any) -> list[str]:
    """Complete ``%kit_propose``: options, proposers, variables."""
    return complete_word(shell, event, _OPTIONS, {"--proposer": PROPOSERS})


def load_propose(shell: InteractiveShell) -> None:
    """Add the magic and its completion to a shell."""
    shell.register_magics(ProposeMagics)
    shell.set_hook("complete_command", complete_propose, str_key="%kit_propose")
