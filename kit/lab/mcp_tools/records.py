"""Tools about what was done: runs of the workspace, looks at sealed holdouts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.base.workspace import ledger_path, runs_path
from kit.lab.mcp_tools.places import workspace
from kit.lab.mcp_tools.refusals import Told, tool
from kit.lab.mcp_tools.said import said

if TYPE_CHECKING:
    from kit.flow.runs import Run

MAX_RUNS, MAX_LOOKS, MAX_NAME, HASH = 50, 100, 80, 12
_RESULTS = ("result.json", "verdict.json")


@tool
def kit_list_runs() -> Told:
    """List the newest 50 runs of the workspace: what ran, when, how it ended, what it answered.

    Settings, messages and headlines stay here: they may hold paths, rows or figures of a holdout.

    Returns
    -------
    dict
        ``runs``, newest first: ``run``, its number; ``verb``; ``status``; ``started``, ``ended``;
        ``answer`` and ``verdict`` of a look at a holdout, or null; ``result``, whether
        kit_read_result can read it.
    """
    from kit.flow.runs import read_runs

    runs = read_runs(runs_path(workspace()), MAX_RUNS)
    return {"runs": [_line(run) for run in runs]}


@tool
def kit_list_looks() -> Told:
    """List the looks at sealed holdouts, and how many are left for each log. None is spent by this.

    Each look costs a part of a fixed budget of false acceptances, so a person decides on it.

    Returns
    -------
    dict
        ``logs``: ``log``, the first signs of its hash, ``looks`` made, ``looks_left``, ``spent``
        and ``total`` (probabilities of a false acceptance). ``looks``, the newest 100 in order:
        ``log``, ``look``, ``at``, ``proposer``, ``candidate``, ``baseline``, ``question``,
        ``answer``, ``status``. No figure of a holdout. ``message`` says why there is none.
    """
    from kit.flow.check_words import read_looks
    from kit.validate.ledger import Ledger

    found = read_looks(Ledger(ledger_path(workspace()))).to_dict()
    logs = [
        {"log": log["source_hash"][:HASH], "looks": int(log["looks"]),
         "looks_left": int(log["looks_left"]), "spent": float(log["spent"]),
         "total": float(log["total"])}
        for log in found["logs"]
    ]  # fmt: skip
    looks = [_look(look) for look in found["looks"][-MAX_LOOKS:]]
    return {"logs": logs, "looks": looks, "message": _name(found["message"])}


def result_file(run: Run) -> Path | None:
    """Return the path of what a finished run found; None if it wrote none."""
    paths = [Path(run.folder) / name for name in run.outputs]
    return next((path for path in paths if path.name in _RESULTS), None)


def _line(run: Run) -> dict[str, Any]:
    given = run.summary.get("verdict")
    verdict: dict[str, Any] = given if isinstance(given, dict) else {}
    return {
        "run": run.id,
        "verb": _name(run.verb),
        "status": run.status,
        "started": _name(run.started_at),
        "ended": _name(run.ended_at),
        "answer": _name(verdict["answer"]) if verdict.get("answer") else None,
        "verdict": _name(verdict["status"]) if verdict.get("status") else None,
        "result": run.status == "done" and result_file(run) is not None,
    }


def _look(look: dict[str, Any]) -> dict[str, Any]:
    names = ("at", "proposer", "candidate", "baseline", "question", "answer", "status")
    return {
        "log": str(look["source_hash"])[:HASH],
        "look": int(look["look"]),
        **{name: _name(look[name]) for name in names if name in look},
    }


def _name(given: object) -> str:
    return said(given, MAX_NAME)
