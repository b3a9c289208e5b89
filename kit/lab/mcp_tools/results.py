"""Tools about one finished run: its verdict in words, its facts, a text held against them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.base.errors import DataError
from kit.base.workspace import runs_path
from kit.lab.mcp_tools.places import inside, workspace
from kit.lab.mcp_tools.records import result_file
from kit.lab.mcp_tools.refusals import Told, text, tool
from kit.lab.mcp_tools.said import said

if TYPE_CHECKING:
    from kit.flow.findings import Findings
    from kit.flow.runs import Run
    from kit.report.facts import Fact
    from kit.validate.verdict import Verdict

MAX_NARRATIVE, MAX_BYTES, MAX_RUNS = 8000, 20_000_000, 1000
_HOLDOUT = "holdout"
_MEASURED = ("candidate", "baseline", "difference")
"""Whose facts are the holdout's, if their names do not say that they are the tune split's."""


@tool
def kit_read_result(run: int) -> Told:
    """Read what a finished run found: its verdict in words, and facts that a text may cite.

    Of the holdout only the answer is told, never a figure: those stand in the report, for a person.
    Facts are of the tune split, where the candidate was chosen and looks better than it is.

    Parameters
    ----------
    run : int
        Its number, from kit_list_runs, where ``result`` is true.

    Returns
    -------
    dict
        ``verdict``: ``answer``, ``status``, ``words``, ``next``, ``looks_left``, ``gates`` (each
        gate's status); null if the holdout was not asked. ``tune``, a fenced text: the difference
        on the tune split with its interval, as price sums. ``facts``: ``id``, ``name``, ``of``,
        ``value`` to four digits, ``unit``; empty for a run of ``kit check``.
    """
    findings, verdict = _read(run)
    return {
        "verdict": None if verdict is None else _verdict(verdict),
        "tune": _tune(verdict),
        "facts": [
            {"id": one.id, "name": said(one.name), "of": one.of, "value": one.value,
             "unit": one.unit}
            for one in _facts(findings)
        ],
    }  # fmt: skip


@tool
def kit_check_narrative(run: int, narrative: str) -> Told:
    """Hold every sentence of a text against the facts and the verdict of a finished run.

    Every number must cite a fact right after it, ``84.72 USD [F1]``, with the digits that
    kit_read_result gives; every comparison must go the way the facts do; nothing may be said of the
    holdout beyond the verdict, and no certainty, cause or future be claimed. In doubt it is struck.

    Parameters
    ----------
    run : int
        As in kit_read_result.
    narrative : str
        The text.

    Returns
    -------
    dict
        ``kept``, sentences that may stand; ``struck``, each with ``sentence`` and ``reason``. What
        is struck must not be shown to anybody as a finding.
    """
    from kit.ai.narrative.check import check_narrative

    written = text("narrative", narrative, MAX_NARRATIVE)
    findings, verdict = _read(run)
    checked = check_narrative(written, _facts(findings), verdict)
    return {
        "kept": list(checked.kept),
        "struck": [
            {"sentence": one.text, "reason": said(one.reason)} for one in checked.struck
        ],
    }  # fmt: skip


def _read(number: int) -> tuple[Findings | None, Verdict | None]:
    """Return findings and verdict of a run, without any figure of a holdout."""
    from kit.flow.facts import verdict_of
    from kit.flow.findings import RESULT, Findings
    from kit.validate.verdict import Verdict

    path = _path(number)
    if path.name == RESULT:
        findings = Findings.load(path)
        verdict = verdict_of(findings)
    else:
        findings, verdict = None, Verdict.from_dict(_json(path))
    if verdict is not None:
        verdict = replace(verdict, effect=None)
    return findings, verdict


def _path(number: int) -> Path:
    root = workspace()
    found = _run(root, number)
    written = result_file(found)
    if found.status != "done" or written is None or not written.is_relative_to(root):
        raise DataError(
            f"run: got {number}, which left no result in this workspace; must be one that did. "
            "Call kit_list_runs and take one where result is true."
        )
    path = inside(root, written.relative_to(root).as_posix())
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"run: the result of {number} is too large; must have at most "
                        f"{MAX_BYTES:,} bytes. Open its report.")  # fmt: skip
    return path


def _run(root: Path, number: int) -> Run:
    from kit.flow.runs import read_runs

    if isinstance(number, bool) or not isinstance(number, int):
        raise DataError(f"run: got {type(number).__name__}; must be a whole number. Pass one that "
                        "kit_list_runs gives.")  # fmt: skip
    runs = {run.id: run for run in read_runs(runs_path(root), MAX_RUNS)}
    if number not in runs:
        raise DataError(f"run: got {number}; must be one that kit_list_runs gives. Call it first.")
    return runs[number]


def _json(path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        plain = None
    if not isinstance(plain, dict):
        raise DataError(f"{path.name}: is no verdict; must be what `kit check --out` wrote. Run it "
                        "again.")  # fmt: skip
    return plain


def _facts(findings: Findings | None) -> list[Fact]:
    """Return what may be cited, rounded; ids are those of `kit.facts_of`, so some are missing."""
    from kit.ai.aggregates import rounded
    from kit.flow.facts import facts_of

    facts = facts_of(findings) if findings is not None else []
    return [
        replace(one, value=float(rounded(one.value)))
        for one in facts
        if _HOLDOUT not in one.name and (one.is_tune or one.of not in _MEASURED)
    ]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    from kit.report.verdict_words import next_step, verdict_headline

    return {
        "answer": verdict.answer if verdict.look else "not looked at",
        "status": verdict.status,
        "words": said(verdict_headline(verdict)),
        "next": said(next_step(verdict)),
        "looks_left": verdict.looks_left,
        "gates": [
            {"gate": said(gate.gate), "status": gate.status, "split": said(gate.split)}
            for gate in verdict.gates
        ],
    }  # fmt: skip


def _tune(verdict: Verdict | None) -> str | None:
    """Return what the tune split says, as a preview would have: without a word of the look."""
    from kit.ai.disclosure import share_tune_scores

    if verdict is None or verdict.tune is None:
        return None
    gates = tuple(gate for gate in verdict.gates if gate.split != _HOLDOUT)
    preview = replace(verdict, look=0, shown=False, gates=gates)
    return share_tune_scores({verdict.candidate: preview}).text
