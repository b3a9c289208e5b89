"""The magic ``%kit_check``: a result of the notebook through the whole battery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from kit.base.errors import KitError
from kit.lab.variables import complete_word, source_of, value_of

if TYPE_CHECKING:
    from kit.flow.auto_result import AutoCheck

KINDS = ("surplus", "bids", "predictions")
_OPTIONS = ("--baseline", "--sealed", "--kind", "--look", "--name")


@magics_class
class CheckMagics(Magics):
    """The magic that doubts."""

    @magic_arguments()
    @argument("result", metavar="NAME", help="a variable: a click model, a policy, a variant or "
              "its spec, or numbers for each row of the tune split; or a path")  # fmt: skip
    @argument("--baseline", metavar="NAME", help="a variable of the same kinds; default what the "
              "log bid, or its default model")  # fmt: skip
    @argument("--sealed", metavar="NAME", help="a variable that holds a sealed log, or its folder; "
              "default the notebook's own, else the log in kit.toml")  # fmt: skip
    @argument("--kind", choices=KINDS, help="what numbers are")
    @argument("--look", action="store_true", help="ask the holdout too: one look, charged")
    @argument("--name", default="kit_checked", help="variable that takes what was found")
    @line_magic
    def kit_check(self, line: str) -> AutoCheck | None:
        """Check a result: leaks, calibration, drift, the comparison, stress, and what to try next.

        All on train and tune, as often as you like; ``--look`` asks the holdout once, charged.
        Example::

            %kit_check my_model
            %kit_check my_bids --kind bids --baseline old_bids
        """
        given = parse_argstring(self.kit_check, line)
        if not given.name.isidentifier():
            raise UsageError(f"%kit_check: --name: got {given.name!r}; must be a Python name.")
        if self.shell is None:
            return None
        try:
            found = _checked(self.shell, given)
        except KitError as error:
            raise UsageError(f"%kit_check: {error}") from None
        self.shell.user_ns[given.name] = found
        return found


def _checked(shell: InteractiveShell, given: Any) -> AutoCheck:
    from kit.flow.auto_check import auto_check
    from kit.flow.source import open_sealed_source

    result = value_of("%kit_check", shell, given.result)
    beside = None if given.baseline is None else value_of("%kit_check", shell, given.baseline)
    sealed = open_sealed_source(source_of("%kit_check", shell, given.sealed), _quiet)
    return auto_check(
        result, sealed, beside, kind=given.kind, name=_called(given.result), look=given.look,
        say=_say,
    )  # fmt: skip


def _called(text: str) -> str:
    """Return a variable's name as what a result is called; of a path nothing."""
    return text.replace("_", " ") if text.isidentifier() else ""


def _say(text: str) -> None:
    print(text, flush=True)


def _quiet(text: str) -> None:
    """Say nothing of the log: the notebook opened it."""


def complete_check(shell: InteractiveShell, event: Any) -> list[str]:
    """Complete ``%kit_check``: options, kinds, variables."""
    return complete_word(shell, event, _OPTIONS, {"--kind": KINDS})


def load_check(shell: InteractiveShell) -> None:
    """Add the magic and its completion to a shell."""
    shell.register_magics(CheckMagics)
    shell.set_hook("complete_command", complete_check, str_key="%kit_check")
