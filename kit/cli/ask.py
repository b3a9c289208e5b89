"""``kit sql``: a question in words, answered by one checked query."""

from __future__ import annotations

import argparse
from typing import Any

from kit.cli.options import Verbs, add_verb, recorded, take, words

_MORE = (
    "Without a model the semantic layer (metrics.toml) answers what it understands. With\n"
    "OPENAI_BASE_URL or OPENAI_API_KEY, and KIT_MODEL, a model drafts the rest; its SQL is\n"
    "guarded, run in a locked process and checked like any other. `kit ai show` prints what\n"
    "would be sent.\n"
    "Exit 0: an answer that passed its checks; 1: none; 3: one that a person must look at."
)


def sql(verbs: Verbs) -> None:
    """Add ``kit sql``."""
    parser = add_verb(
        verbs, "sql", "answer a question in words by one checked query over a log or tables", _MORE
    )
    question_options(parser)
    parser.add_argument(
        "--mode", choices=("live", "record", "replay"), default="live",
        help="record: answer from the journal what it has; replay: call nobody",
    )  # fmt: skip
    limits = parser.add_argument_group("what it may cost")
    limits.add_argument("--rows", type=int, default=10_000, metavar="N", help="rows of the answer")
    limits.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="of one query"
    )
    limits.add_argument("--money", metavar="AMOUNT", help="of all calls to the model")
    limits.add_argument("--calls", type=int, metavar="N", help="calls to the model")
    limits.add_argument("--seconds", type=float, metavar="SECONDS", help="in calls to the model")
    parser.add_argument("--out", metavar="FILE", help="write the rows to a .csv or .parquet file")
    parser.add_argument(
        "--confirm", action="store_true",
        help="keep the question and its SQL in sql_pairs.jsonl, as an example that is right",
    )  # fmt: skip

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        from kit.data.sql.remote.address import check_source

        check_source(given.data)  # what is taken here is recorded, and would keep a password
        return take(given, "question", "data", "allow", "drafter", "mode", "rows", "timeout",
                    "money", "calls", "seconds", "confirm", "out")  # fmt: skip

    parser.set_defaults(act=recorded("sql", spec))


def question_options(parser: argparse.ArgumentParser) -> None:
    """Add a question, and what it is about."""
    parser.add_argument("question", help='such as "win rate and eCPM by exchange last week"')
    parser.add_argument(
        "--data", metavar="PATH",
        help="a DuckDB database, a Parquet file or a folder of them; or a server, "
        "postgresql://USER@HOST/DATABASE or env:NAME of a variable with such an address; "
        "default the log in kit.toml",
    )  # fmt: skip
    parser.add_argument(
        "--allow", type=words, metavar="T1,T2.COL", help="what may be read; default all"
    )
    parser.add_argument(
        "--drafter", choices=("auto", "layer", "model"), default="auto",
        help="auto: the model is asked only what the semantic layer does not understand",
    )  # fmt: skip
