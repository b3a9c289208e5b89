"""Run a verb and record it: the one way in for the command line and for a re-run."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from kit.base.errors import RunError
from kit.base.specs import Spec, read_spec
from kit.flow.findings import RESULT, Findings
from kit.flow.runs import Outcome, Run, Say, fail_run, finish_run, get_run, start_run
from kit.flow.specs import ReportSpec
from kit.flow.versions import versions


@dataclass(frozen=True)
class Verb:
    """What a verb is told, and the function that does it, both loaded when first asked for."""

    settings: str
    action: str

    @property
    def spec(self) -> type[Spec]:
        """The class of its settings."""
        return cast(type[Spec], _load(self.settings))

    def run(self, spec: Spec, say: Say) -> Outcome:
        """Do it."""
        return cast(Outcome, _load(self.action)(spec, say))


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


VERBS: dict[str, Verb] = {
    "demo": Verb("kit.flow.specs:DemoSpec", "kit.flow.demo:run_demo"),
    "load": Verb("kit.flow.specs:LoadSpec", "kit.flow.files:run_load"),
    "simulate": Verb("kit.flow.specs:SimulateSpec", "kit.flow.files:run_simulate"),
    "train": Verb("kit.flow.specs:TrainSpec", "kit.flow.train:run_train"),
    "replay": Verb("kit.flow.specs:ReplaySpec", "kit.flow.replay:run_replay"),
    "check": Verb("kit.flow.check:CheckSpec", "kit.flow.check:run_check"),
    "propose": Verb("kit.flow.search.settings:ProposeSpec", "kit.flow.search.propose:run_propose"),
    "allocate": Verb("kit.flow.allocate:AllocateSpec", "kit.flow.allocate:run_allocate"),
    "floors": Verb("kit.flow.floors:FloorsSpec", "kit.flow.floors:run_floors"),
    "sql": Verb("kit.flow.ask_data:AskSpec", "kit.flow.ask_data:run_ask"),
    "ask": Verb("kit.flow.ask_docs:AskDocsSpec", "kit.flow.ask_docs:run_ask_docs"),
    "report": Verb("kit.flow.specs:ReportSpec", "kit.flow.report:run_report"),
}
"""Every verb that is recorded."""


@dataclass(frozen=True)
class Performed:
    """A finished run.

    Parameters
    ----------
    number : int
        Its number in the workspace's record.
    outcome : Outcome
        What it read, wrote and found.
    """

    number: int
    outcome: Outcome


def perform(verb: str, spec: Spec, say: Say) -> Performed:
    """Run a verb and record it in the workspace; a failure is recorded with its message.

    Raises
    ------
    KitError
        Whatever the verb refuses.
    """
    return recorded(verb, spec, lambda: VERBS[verb].run(spec, say))


def recorded(verb: str, spec: Spec, action: Callable[[], Outcome]) -> Performed:
    """Do what a verb does another way, and record it as its run.

    Raises
    ------
    KitError
        Whatever the action refuses.
    """
    number = start_run(verb, spec.model_dump(mode="json"), versions())
    try:
        outcome = action()
    except BaseException as error:
        fail_run(number, str(error) or type(error).__name__)
        raise
    finish_run(number, outcome)
    return Performed(number, outcome)


def save_report(findings: Findings, out: str | Path, say: Say = print) -> Performed:
    """Write ``result.json`` and the report of some findings, recorded as a run of ``report``.

    Parameters
    ----------
    findings : Findings
        From `kit.describe`.
    out : str or Path
        The folder.
    say : callable
        Told how far it has come.
    """
    result = findings.save(Path(out) / RESULT)
    return perform("report", ReportSpec(result=result, out=Path(out)), say)


def perform_again(number: int, say: Say) -> tuple[Performed, list[str]]:
    """Run a recorded run again, in its folder, as a new run.

    Returns
    -------
    tuple of Performed and list of str
        The new run, and what is not as it was: changed inputs, versions, or figures.

    Raises
    ------
    RunError
        If there is no such run, or its folder is gone.
    """
    old = get_run(number)
    if not Path(old.folder).is_dir():
        raise RunError(
            f"run {number}: its folder {old.folder} is gone, and its paths start there. "
            "Restore it, or run the command from another folder."
        )
    os.chdir(old.folder)
    done = perform(old.verb, read_spec(VERBS[old.verb].spec, old.spec), say)
    return done, _changes(old, get_run(done.number))


_MOVES = ("repeated", "looks_left", "lines")
"""What a vault's recorded answer says otherwise when it is asked again."""


def _steady(summary: Any) -> Any:
    """Return a summary without what moves though nothing has changed."""
    if isinstance(summary, dict):
        return {name: _steady(item) for name, item in summary.items() if name not in _MOVES}
    return summary


def _changes(old: Run, new: Run) -> list[str]:
    said = [
        f"input {path} has changed since"
        for path, digest in old.inputs.items()
        if new.inputs.get(path) != digest
    ]
    said += [
        f"{name} was {version}, now {new.versions.get(name)}"
        for name, version in old.versions.items()
        if new.versions.get(name) != version
    ]
    if old.status == "done" and _steady(old.summary) != _steady(new.summary):
        said.append("the figures differ from those recorded")
    return said
