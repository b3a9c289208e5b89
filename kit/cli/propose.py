"""The verb of the search over variants: propose."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kit.cli.options import Verbs, add_verb, list_formats, recorded, source_of, source_options, take

_ABOUT = """The default variant is trial 0; each proposal changes one earlier trial. All are ranked
on the tune split; the best few that beat the default are put to the vault, one charged look each,
until one is better. The same command on the same --out goes on where it was cut off.

"""


def propose(verbs: Verbs) -> None:
    """Add ``kit propose``."""
    parser = add_verb(
        verbs, "propose", "propose model and bid variants, rank them on tune, ask the vault of few",
        _ABOUT + list_formats(),
    )  # fmt: skip
    parser.add_argument(
        "path", metavar="DATA", help="a folder of `kit load --seal`; a log is sealed first"
    )
    source_options(parser)
    parser.add_argument(
        "--proposer", choices=("rules", "tpe", "llm", "hybrid", "random"), default="hybrid",
        help="rule book; numbers by Optuna; a model (OPENAI_BASE_URL); structure of either with "
        "numbers by Optuna; or chance",
    )  # fmt: skip
    parser.add_argument("--budget", type=int, default=12, metavar="N", help="trials in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True, metavar="DIR", help="record, result and best spec")
    parser.add_argument("--default", metavar="SPEC", help="JSON file of the VariantSpec of trial 0")
    parser.add_argument(
        "--click-value", type=float, metavar="MONEY", help="value of a click, in the currency"
    )
    parser.add_argument(
        "--spend", type=float, metavar="MONEY",
        help="what a variant may spend per 1,000 auctions, in the currency",
    )  # fmt: skip
    parser.add_argument(
        "--constraint", action="append", default=[], metavar="TEXT",
        help="bound on tune, such as 'win_rate >= 0.2' (repeatable); of spend_per_1000, win_rate, "
        "cost_per_click, return_on_spend",
    )  # fmt: skip
    parser.add_argument(
        "--finalists", type=int, default=2, metavar="N", help="looks at most; 0 asks no vault"
    )
    parser.add_argument(
        "--side-by-side", type=int, default=1, metavar="N", help="proposals of a round"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="fits at a time")
    parser.add_argument(
        "--halving", action=argparse.BooleanOptionalAction, default=None,
        help="compare a round on a quarter of the training rows first; default from 200,000 on",
    )  # fmt: skip
    parser.add_argument("--seconds", type=float, metavar="S", help="begin no round after so long")
    parser.add_argument("--money", metavar="MONEY", help="most that calls to a model may cost")
    parser.add_argument("--calls", type=int, metavar="N", help="most calls to a model")
    parser.add_argument(
        "--mode", choices=("record", "live", "replay"), default="record",
        help="of the journal: answer from it where it can, always call, or never call",
    )  # fmt: skip

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        from kit.variant.constraint import constraint_of

        if not Path(given.path).is_file():
            given.format = given.format or "parquet"  # a sealed folder has its own
        names = ("proposer", "budget", "seed", "out", "default", "click_value", "spend",
                 "finalists", "side_by_side", "workers", "halving", "seconds", "money", "calls",
                 "mode")  # fmt: skip
        bounds = tuple(constraint_of(text).model_dump() for text in given.constraint)
        source = source_of(parser, given, given.path)
        return {"source": source, "constraints": bounds} | take(given, *names)

    parser.set_defaults(act=recorded("propose", spec))
