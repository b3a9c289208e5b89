"""The verbs of bidding: demo, replay, report."""

from __future__ import annotations

import argparse
from typing import Any

from kit.cli.options import (
    Verbs,
    add_verb,
    list_policies,
    pairs,
    recorded,
    source_of,
    source_options,
    split_options,
    take,
)


def demo(verbs: Verbs) -> None:
    """Add ``kit demo``."""
    parser = add_verb(verbs, "demo", "load, split, model, bid, replay, compare and write it up")
    parser.add_argument("--data", metavar="PATH", help="a log; default the shipped sample")
    source_options(parser)
    parser.add_argument("--out", default="out", metavar="DIR", help="folder of the report")
    parser.add_argument(
        "--baseline", choices=("auto", "logged", "constant"), default="auto",
        help="compare with the bids that were logged (auto: if there are any) or a constant bid",
    )  # fmt: skip
    parser.add_argument(
        "--click-value", type=float, metavar="MONEY", help="value of a click, in the currency"
    )
    parser.add_argument(
        "--budget-share", type=float, default=0.6, metavar="SHARE",
        help="budget divided across exchanges, of what the policy spends without one",
    )  # fmt: skip
    parser.add_argument(
        "--proposals", type=int, default=5, metavar="N",
        help="variants of the policy to propose and rank; the best is put to the vault",
    )  # fmt: skip
    split_options(parser)
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        if given.data is None and given.format is not None:
            parser.error("--format is given without --data")
        source = None if given.data is None else source_of(parser, given, given.data)
        names = ("out", "baseline", "click_value", "budget_share", "tune", "holdout", "proposals",
                 "seed")  # fmt: skip
        return {"source": source} | take(given, *names)

    parser.set_defaults(act=recorded("demo", spec))


def replay(verbs: Verbs) -> None:
    """Add ``kit replay``."""
    parser = add_verb(verbs, "replay", "replay one policy over a log", list_policies())
    parser.add_argument("path", metavar="PATH", help="the log")
    source_options(parser)
    parser.add_argument("--policy", required=True, metavar="NAME", help="see below")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE",
        help="a parameter of the policy; may be repeated",
    )  # fmt: skip
    parser.add_argument("--info", metavar="INFO.json", help="totals of the training period")
    parser.add_argument("--train", metavar="LOG", help="training log, in the same format")
    parser.add_argument("--model", metavar="DIR", help="click model of `kit train`, for pctr")
    parser.add_argument(
        "--click-value", type=float, metavar="MONEY", help="value of a click, in the currency"
    )
    parser.add_argument("--budget", type=float, metavar="MONEY", help="budget, in the currency")
    parser.add_argument(
        "--budget-share", metavar="SHARE",
        help="budget as a share of the training period's mean price, such as 1/32",
    )  # fmt: skip
    parser.add_argument(
        "--episode",
        type=int,
        metavar="N",
        help="auctions an episode; the budget is then each episode's own",
    )
    parser.add_argument(
        "--censored", choices=("pessimistic", "optimistic"), default="pessimistic",
        help="how an auction is read whose outcome the log leaves open",
    )  # fmt: skip
    parser.add_argument("--out", metavar="FILE", help="JSON file for totals and tables")
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        names = ("policy", "info", "model", "click_value", "budget", "budget_share", "episode",
                 "censored", "out", "seed")  # fmt: skip
        train = source_of(parser, given, given.train) if given.train else None
        return {
            "source": source_of(parser, given, given.path),
            "train": train,
            "params": pairs(parser, "--set", given.set),
        } | take(given, *names)

    parser.set_defaults(act=recorded("replay", spec))


def report(verbs: Verbs) -> None:
    """Add ``kit report``."""
    parser = add_verb(verbs, "report", "write a finished comparison up again")
    parser.add_argument("result", metavar="RESULT.json", help="result.json of `kit demo`")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the report")
    parser.add_argument("--title", help="another title")
    parser.add_argument("--question", help="another question")

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        return take(given, "result", "out", "title", "question")

    parser.set_defaults(act=recorded("report", spec))
