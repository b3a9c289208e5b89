"""The verbs of the optimizers: allocate, floors."""

from __future__ import annotations

import argparse
from typing import Any

from kit.cli.options import (
    Verbs,
    add_verb,
    list_formats,
    recorded,
    source_of,
    source_options,
    split_options,
    take,
    words,
)


def allocate(verbs: Verbs) -> None:
    """Add ``kit allocate``."""
    parser = add_verb(
        verbs, "allocate", "allocate supply to demand within capacities and budgets",
        "Maximises the sum of value * x, x >= 0: a supply row sells at most its capacity, a\n"
        "demand pays at most its budget (sum of cost * x). The bound printed holds for any plan.",
    )  # fmt: skip
    tables = {
        "supply": "supply_id, capacity",
        "demand": "demand_id, budget",
        "pairs": "supply_id, demand_id, value, cost",
    }
    for name, columns in tables.items():
        parser.add_argument(f"--{name}", required=True, metavar="FILE", help=f"Parquet: {columns}")
    parser.add_argument(
        "--method", choices=("auto", "exact", "dual"), default="auto",
        help="HiGHS, or dual ascent for many pairs; auto picks by size",
    )  # fmt: skip
    parser.add_argument(
        "--gap", type=float, default=1e-4, help="relative gap at which dual ascent stops"
    )
    parser.add_argument(
        "--time-limit", type=float, metavar="SECONDS",
        help="then the best feasible plan is returned with its gap",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="FILE", help="Parquet: supply_id, demand_id, x, a row a pair of x > 0"
    )

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        return take(given, *tables, "method", "gap", "time_limit", "out")

    parser.set_defaults(act=recorded("allocate", spec))


def floors(verbs: Verbs) -> None:
    """Add ``kit floors``."""
    parser = add_verb(
        verbs, "floors", "set floors by segment, judged before and after buyers answer",
        list_formats(),
    )  # fmt: skip
    parser.add_argument(
        "path", metavar="PATH", nargs="?", help="a log; default a simulated seller, truth known"
    )
    source_options(parser)
    parser.add_argument(
        "--curves", action="append", default=[], metavar="FILE",
        help="instead of a log, a segment's curve: accept_prob, price, revenue; may be repeated",
    )  # fmt: skip
    parser.add_argument("--out", default="floors", metavar="DIR", help="folder of the report")
    parser.add_argument(
        "--by", type=words, default=[], metavar="A,B",
        help="columns that make a segment, the coarsest first; default exchange,unit_id,country",
    )  # fmt: skip
    parser.add_argument(
        "--view", choices=("bids", "competition"), default="bids",
        help="read a row's two bids, or the highest other bid alone",
    )  # fmt: skip
    parser.add_argument(
        "--top-bids", choices=("known", "draw"), default="known",
        help="refuse rows whose highest bid is not known, or draw it from a landscape",
    )  # fmt: skip
    parser.add_argument(
        "--max-lost-fill", type=float, metavar="SHARE", help="most that fill may fall, of auctions"
    )
    parser.add_argument(
        "--soft-factor", type=float, default=2.0, help="soft floor over hard floor, where compared"
    )
    parser.add_argument(
        "--rounds", type=int, default=12, help="rounds in which buyers answer; 0 is none"
    )
    parser.add_argument(
        "--listen-cost", type=float, default=0.02, metavar="MONEY",
        help="what a thousand requests cost a buyer, in the currency",
    )  # fmt: skip
    parser.add_argument(
        "--auctions", type=int, default=150_000, help="auctions of the simulated seller"
    )
    split_options(parser, holdout=0.3)
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        if given.path is None and given.format is not None:
            parser.error("--format is given without a log")
        if given.path is not None and given.curves:
            parser.error("--curves stands instead of a log: give one of them")
        source = None if given.path is None else source_of(parser, given, given.path)
        names = ("curves", "out", "by", "view", "top_bids", "max_lost_fill", "soft_factor",
                 "rounds", "listen_cost", "auctions", "tune", "holdout", "seed")  # fmt: skip
        return {"source": source} | take(given, *names)

    parser.set_defaults(act=recorded("floors", spec))
