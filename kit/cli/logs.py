"""The verbs of logs and models: load, simulate, train."""

from __future__ import annotations

import argparse
from typing import Any

from kit.cli.options import (
    Verbs,
    add_verb,
    list_columns,
    list_formats,
    recorded,
    source_of,
    source_options,
    split_options,
    take,
    words,
)


def load(verbs: Verbs) -> None:
    """Add ``kit load``."""
    parser = add_verb(verbs, "load", "convert a log to Parquet, checked row by row", list_columns())
    parser.add_argument("path", metavar="PATH", help="the log")
    source_options(parser)
    parser.add_argument("--out", required=True, help="Parquet file, or a folder with --seal")
    parser.add_argument(
        "--seal", action="store_true",
        help="split while loading; the holdout goes to a file that only scoring opens",
    )  # fmt: skip
    split_options(parser)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        source = source_of(parser, given, given.path)
        return {"source": source} | take(given, "out", "seal", "tune", "holdout")

    parser.set_defaults(act=recorded("load", spec))


def simulate(verbs: Verbs) -> None:
    """Add ``kit simulate``."""
    parser = add_verb(verbs, "simulate", "make a log whose truth is known")
    parser.add_argument("--out", required=True, metavar="FILE", help="Parquet file")
    parser.add_argument("--auctions", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument(
        "--drift", type=float, default=1.0, help="strength of drift over days; 0 is none"
    )
    parser.add_argument(
        "--world-seed", type=int, default=0, help="which world; --seed draws a log from it"
    )
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        return take(given, "out", "auctions", "days", "drift", "world_seed", "seed")

    parser.set_defaults(act=recorded("simulate", spec))


def train(verbs: Verbs) -> None:
    """Add ``kit train``."""
    parser = add_verb(verbs, "train", "fit click, conversion and market models", list_formats())
    parser.add_argument("path", metavar="PATH", help="a log, or a folder of `kit load --seal`")
    source_options(parser)
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the models")
    parser.add_argument(
        "--targets", type=words, default=["click", "conversion", "market"], metavar="A,B",
        help="of click, conversion, market; default all that the log supports",
    )  # fmt: skip
    split_options(parser)
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        given.format = given.format or "parquet"
        source = source_of(parser, given, given.path)
        if given.format not in ("csv", "parquet"):
            source = source | {"features": []}
        names = ("out", "targets", "features", "tune", "holdout", "seed")
        return {"source": source} | take(given, *names)

    parser.set_defaults(act=recorded("train", spec))
