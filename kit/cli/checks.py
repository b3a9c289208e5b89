"""The verbs of a sealed holdout: check, ledger."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from kit.cli.options import (
    Verbs,
    add_verb,
    list_formats,
    recorded,
    source_of,
    source_options,
    take,
)

_CODES = "With --tune-only the exit code is 1 or 3: only a look can pass.\n\n"


def check(verbs: Verbs) -> None:
    """Add ``kit check``."""
    parser = add_verb(
        verbs, "check", "ask a sealed holdout about a candidate: one charged look, one verdict",
        _CODES + list_formats(),
    )  # fmt: skip
    parser.add_argument(
        "path", metavar="SEALED", help="a folder of `kit load --seal`; a log is sealed first"
    )
    source_options(parser)
    for role in ("candidate", "baseline"):
        parser.add_argument(
            f"--{role}", required=True, metavar="SPEC",
            help="JSON file of a VariantSpec, or the folder of a frozen variant",
        )  # fmt: skip
    parser.add_argument(
        "--question", choices=("better", "not-worse", "worse"), default="better",
        help="what is claimed of the candidate; each question is a look of its own",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=float, metavar="MONEY",
        help="not-worse: surplus per 1,000 auctions that may be given away, in the currency",
    )  # fmt: skip
    parser.add_argument(
        "--click-value", type=float, metavar="MONEY", help="value of a click, in the currency"
    )
    parser.add_argument(
        "--budget", type=float, metavar="MONEY",
        help="what either may spend per 1,000 auctions, in the currency",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--proposer", default="human", metavar="NAME", help="who asks, for the ledger"
    )
    parser.add_argument(
        "--tune-only", action="store_true",
        help="say what the tune split shows and what a look could find; nothing is charged",
    )  # fmt: skip
    parser.add_argument(
        "--trust-code", action="store_true",
        help="run the policy.py of a frozen variant whose policy is Python; read it first",
    )  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="folder for verdict.json and verdict.md")

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        if not Path(given.path).is_file():
            given.format = given.format or "parquet"  # a sealed folder has its own
        names = ("candidate", "baseline", "margin", "click_value", "budget", "seed", "proposer",
                 "tune_only", "trust_code", "out")  # fmt: skip
        return {
            "source": source_of(parser, given, given.path),
            "question": given.question.replace("-", "_"),
        } | take(given, *names)

    parser.set_defaults(act=recorded("check", spec))


def ledger(verbs: Verbs) -> None:
    """Add ``kit ledger``."""
    parser = add_verb(verbs, "ledger", "list the looks at sealed holdouts, and what is left")
    parser.add_argument("--log", metavar="SEALED", help="a sealed folder: only looks at its log")
    parser.add_argument("--csv", metavar="FILE", help="write every row of the ledger to a CSV file")
    parser.set_defaults(act=_list_looks)


def _list_looks(given: argparse.Namespace) -> None:
    from kit.flow.check_words import read_looks
    from kit.validate.ledger import Ledger

    kept = Ledger()
    looks = read_looks(kept, None if given.log is None else Path(given.log))
    if given.csv is not None:
        kept.export_csv(Path(given.csv))
    if given.json:
        files = {"ledger": str(kept.path), "csv": given.csv}
        print(json.dumps(looks.to_dict() | files, allow_nan=False))
        return
    for line in looks.lines:
        print(line)
