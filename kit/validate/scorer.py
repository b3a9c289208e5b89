"""The scoring process: it alone opens sealed holdouts.

``python -m kit.validate.scorer`` reads one JSON request a line and writes one JSON answer a line.
It ends when nobody asked for a while, or when the process that started it is gone.
"""

from __future__ import annotations

import json
import os
import select
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kit.base.errors import KitError
from kit.data.sealed import split_facts
from kit.validate.claim import Claim
from kit.validate.holdout import Holdings
from kit.validate.ledger import Ledger
from kit.validate.look import look, preview
from kit.validate.rules import read_rules
from kit.validate.verdict import Verdict

IDLE_SECONDS = 300.0
_HELD = 2
"""Logs that are held at once; the oldest makes room."""


class Scorer:
    """Answers requests, and holds what it has read in between."""

    def __init__(self) -> None:
        self._held: dict[str, Holdings] = {}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``{"verdict": ...}``, or ``{"error": type, "message": text}``.

        What goes wrong unexpectedly is told by its kind alone: a message could hold sealed rows.
        """
        try:
            return {"verdict": self._verdict(request).to_dict()}
        except KitError as error:
            return {"error": type(error).__name__, "message": str(error)}
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            return {"error": "ScoringError", "message": f"{type(error).__name__} in {where}"}

    def _verdict(self, request: Mapping[str, Any]) -> Verdict:
        held = self._holdings(request["folder"])
        claim = Claim.from_dict(request["claim"], bool(request.get("trust_code")))
        ledger = Ledger(Path(request["ledger"]))
        rules = read_rules(Path(request["rules"]))
        if request["do"] == "preview":
            return preview(held, claim, ledger, rules)
        return look(held, claim, ledger, rules, request["proposer"])

    def _holdings(self, folder: str) -> Holdings:
        held = self._held.get(folder)
        if held is None or split_facts(Path(folder))["holdout_hash"] != held.sealed.holdout_hash:
            opened = Holdings.open(folder)
            self._held.pop(folder, None)
            while len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._held[folder] = opened
        return self._held[folder]


def serve(source: int, write: Callable[[str], None], idle_s: float = IDLE_SECONDS) -> None:
    """Answer requests from a file descriptor until it ends or nobody asks.

    Parameters
    ----------
    source : int
        File descriptor of the requests.
    write : callable
        Takes one line of answer.
    idle_s : float
        Seconds without a request after which it ends.
    """
    scorer, rest = Scorer(), b""
    while select.select([source], [], [], idle_s)[0]:
        part = os.read(source, 1 << 16)
        if not part:
            return
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            write(json.dumps(scorer.answer(json.loads(line))) + "\n")


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def write(line: str) -> None:
        answers.write(line)
        answers.flush()

    serve(sys.stdin.fileno(), write, float(os.environ.get("KIT_SCORER_IDLE", IDLE_SECONDS)))


if __name__ == "__main__":
    main()
