"""Write a finished comparison up again, from its ``result.json`` alone."""

from __future__ import annotations

from kit.base.files import file_hash
from kit.flow.findings import Findings
from kit.flow.narrate import narrative_line, rewritten
from kit.flow.render import write_up
from kit.flow.runs import Outcome, Say
from kit.flow.specs import ReportSpec


def run_report(spec: ReportSpec, say: Say) -> Outcome:
    """Draw ``report.html`` and ``report.md`` from findings; no figure is computed anew.

    A narrative of the built-in writer is written by the model that the environment names, if any;
    one that a model wrote stays.

    Raises
    ------
    DataError
        If the result cannot be read.
    """
    say(f"reading {spec.result.name}")
    findings = rewritten(Findings.load(spec.result), say)
    changed = {
        name: text
        for name, text in (("title", spec.title), ("question", spec.question))
        if text is not None
    }
    written = write_up(findings.model_copy(update=changed)).write(spec.out)
    return Outcome(
        summary={
            "verdict": findings.verdict,
            "no_verdict": findings.no_verdict,
            "report": str(spec.out / "report.html"),
        },
        inputs={str(spec.result): file_hash(spec.result)},
        outputs={str(path): file_hash(path) for path in written},
        lines=(
            *filter(None, [narrative_line(findings)]),
            f"Open next: {spec.out / 'report.html'}",
        ),
    )
