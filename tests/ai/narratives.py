"""Faults and true sentences of a corpus that are struck.

``python -m tests.ai.narratives open`` counts them on ``narratives_open.json``, and so for every
other set by its name; with ``show`` it lists what went wrong. The first half that was frozen
(``frozen``) was scored once, and then joined the sets that the checker is developed with. What one
author wrote as one sentence may be several: it is struck where one of them is.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.ai.narrative.check import CheckedNarrative, check_narrative
from kit.report.facts import Fact
from kit.validate.verdict import GateResult, Verdict

HERE = Path(__file__).parent
TRUE = "true"


def read_cases(name: str) -> list[dict[str, Any]]:
    """Return the narratives of a set: ``open``, ``frozen``, ``second_open`` and so on.

    Where several are about the same facts, these stand once, as a table that each names.
    """
    read: Any = json.loads((HERE / f"narratives_{name}.json").read_text("utf-8"))
    if isinstance(read, list):
        return read
    return [{**read["tables"][case["table"]], **case} for case in read["cases"]]


def check_case(case: Mapping[str, Any]) -> CheckedNarrative:
    """Check one narrative, all its sentences as one text."""
    facts = [Fact(**fact) for fact in case["facts"]]
    said = [sentence["text"] for sentence in case["sentences"]]
    text = "".join(f"\n{one}" if one[0] in "-*#" else f" {one}" for one in map(_ended, said))
    return check_narrative(text, facts, verdict_of(case))


def _ended(sentence: str) -> str:
    """Put a blank line after a note without a full stop: nothing else parts it from the next."""
    return sentence if sentence.rstrip("\"')*_ ")[-1:] in ".!?:" else f"{sentence}\n\n"


def verdict_of(case: Mapping[str, Any]) -> Verdict:
    """Return the verdict that a case states."""
    said = case["verdict"]
    gates = tuple(GateResult(gate, status, "tune") for gate, status in said["gates"].items())
    shown = not said["answer"].startswith("not shown")
    return Verdict(said["question"], shown, said["status"], gates, case["candidate"],
                   case["baseline"], "a", "b", "c", 1, 1, 0.05)  # fmt: skip


def score(name: str, show: bool = False) -> dict[str, tuple[int, int]]:
    """Return struck and all sentences of each fault kind, and of the true ones."""
    struck: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for case in read_cases(name):
        why = check_case(case).struck
        for sentence in case["sentences"]:
            kind = sentence["fault"] or TRUE
            reasons = [one.reason for one in why if one.text in sentence["text"]]
            known[kind] += 1
            struck[kind] += bool(reasons)
            if show and bool(reasons) == (kind == TRUE):
                print(case["id"], kind, sentence["text"], "|", *reasons)
    return {kind: (struck[kind], known[kind]) for kind in sorted(known)}


if __name__ == "__main__":
    scores = score(sys.argv[1], show="show" in sys.argv[2:])
    faults = [pair for kind, pair in scores.items() if kind != TRUE]
    for kind, (hit, total) in scores.items():
        print(f"{kind:<10} {hit:>4} of {total:>4} struck")
    hit, total = (sum(column) for column in zip(*faults, strict=True))
    print(f"faults {hit} of {total} ({hit / total:.1%}); true sentences "
          f"{scores[TRUE][0] / scores[TRUE][1]:.1%}")  # fmt: skip
