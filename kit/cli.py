"""``kit``: the command line. It parses and prints; `kit.flow` does the work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kit.base.errors import KitError
from kit.base.version import __version__

DONE, REFUSED = 0, 1
_RAW = argparse.RawDescriptionHelpFormatter
_EXIT_CODES = "Exit codes: 0 done, 1 refused or failed (one message on stderr), 2 wrong usage."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "act"):
        parser.print_help()
        return DONE
    try:
        given.act(given)
    except (KitError, OSError) as error:
        return _refused(error, given.json)
    except KeyboardInterrupt:
        return _refused(KitError("interrupted; the run is recorded as failed."), given.json)
    return DONE


def _refused(error: Exception, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"type": type(error).__name__, "message": str(error)}}))
    print(f"kit: {error}", file=sys.stderr)
    return REFUSED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    parser = argparse.ArgumentParser(
        prog="kit", epilog=_EXIT_CODES, formatter_class=_RAW,
        description="Auction logs in, checked verdicts in money out.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"programmatic-kit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    _demo(_verb(verbs, "demo", "load, split, model, bid, replay, compare and write it up"))
    _load(_verb(verbs, "load", "convert a log to Parquet, checked row by row", _columns()))
    _simulate(_verb(verbs, "simulate", "make a log whose truth is known"))
    _train(_verb(verbs, "train", "fit click, conversion and market models", _formats()))
    _replay(_verb(verbs, "replay", "replay one policy over a log", _policies()))
    _report(_verb(verbs, "report", "write a finished comparison up again"))
    _init(_verb(verbs, "init", "lay out a workspace: notebooks, data samples, settings"))
    _runs(_verb(verbs, "runs", "list what was run in this workspace, or run it again"))
    return parser


def _verb(verbs: Any, name: str, about: str, more: str = "") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"{more}\n\n{_EXIT_CODES}".strip(), formatter_class=_RAW,
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return parser


def _formats() -> str:
    from kit.data.formats import FORMATS

    return "Formats:\n" + "\n".join(f"  {name:<14}{about}" for name, about in FORMATS.items())


def _columns() -> str:
    from kit.data.schema import COLUMNS

    listing = "\n".join(f"  {name:<22}{column.about}" for name, column in COLUMNS.items())
    return f"{_formats()}\n\nColumns that --column may name:\n{listing}"


def _policies() -> str:
    from kit.bid.registry import describe_policies

    listing = "\n".join(f"  {line}" for line in describe_policies().splitlines())
    return f"{_formats()}\n\nPolicies and what --set gives them:\n{listing}"


def _source_options(parser: argparse.ArgumentParser) -> None:
    from kit.data.formats import FORMATS

    group = parser.add_argument_group("how the log is read")
    group.add_argument("--format", choices=FORMATS, metavar="NAME", help="format of the log")
    group.add_argument(
        "--column", action="append", default=[], metavar="NAME=COLUMN",
        help="csv, parquet: the file's COLUMN is the canonical NAME; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--features", type=_words, default=[], metavar="A,B",
        help="columns that models may use; csv and parquet must name them",
    )  # fmt: skip
    group.add_argument("--currency", default="USD", help="csv, parquet: ISO 4217 code of prices")
    group.add_argument(
        "--ties-win", action="store_true", help="csv, parquet: a bid equal to the price wins"
    )
    group.add_argument("--timezone", default="UTC", help="csv, parquet: where days are counted")
    group.add_argument(
        "--errors", choices=("raise", "skip"), default="raise",
        help="refuse a log with bad rows, or set them aside in a file beside the output",
    )  # fmt: skip


def _split_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tune", type=float, default=0.2, metavar="SHARE", help="share of the tune split"
    )
    parser.add_argument(
        "--holdout", type=float, default=0.2, metavar="SHARE", help="share of the holdout"
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="PATH", help="a log; default the shipped sample")
    _source_options(parser)
    parser.add_argument("--out", default="out", metavar="DIR", help="folder of the report")
    parser.add_argument(
        "--baseline", choices=("auto", "logged", "constant"), default="auto",
        help="compare with the bids that were logged (auto: if there are any) or a constant bid",
    )  # fmt: skip
    parser.add_argument(
        "--click-value", type=float, metavar="MONEY", help="value of a click, in the currency"
    )
    _split_options(parser)
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        if given.data is None and given.format is not None:
            parser.error("--format is given without --data")
        source = None if given.data is None else _source(parser, given, given.data)
        names = ("out", "baseline", "click_value", "tune", "holdout", "seed")
        return {"source": source} | _take(given, *names)

    parser.set_defaults(act=_recorded("demo", spec))


def _load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="the log")
    _source_options(parser)
    parser.add_argument("--out", required=True, help="Parquet file, or a folder with --seal")
    parser.add_argument(
        "--seal", action="store_true",
        help="split while loading; the holdout goes to a file that only scoring opens",
    )  # fmt: skip
    _split_options(parser)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        source = _source(parser, given, given.path)
        return {"source": source} | _take(given, "out", "seal", "tune", "holdout")

    parser.set_defaults(act=_recorded("load", spec))


def _simulate(parser: argparse.ArgumentParser) -> None:
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
        return _take(given, "out", "auctions", "days", "drift", "world_seed", "seed")

    parser.set_defaults(act=_recorded("simulate", spec))


def _train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="a log, or a folder of `kit load --seal`")
    _source_options(parser)
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the models")
    parser.add_argument(
        "--targets", type=_words, default=["click", "conversion", "market"], metavar="A,B",
        help="of click, conversion, market; default all that the log supports",
    )  # fmt: skip
    _split_options(parser)
    parser.add_argument("--seed", type=int, default=0)

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        given.format = given.format or "parquet"
        source = _source(parser, given, given.path)
        if given.format not in ("csv", "parquet"):
            source = source | {"features": []}
        names = ("out", "targets", "features", "tune", "holdout", "seed")
        return {"source": source} | _take(given, *names)

    parser.set_defaults(act=_recorded("train", spec))


def _replay(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", metavar="PATH", help="the log")
    _source_options(parser)
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
        train = _source(parser, given, given.train) if given.train else None
        return {
            "source": _source(parser, given, given.path),
            "train": train,
            "params": _pairs(parser, "--set", given.set),
        } | _take(given, *names)

    parser.set_defaults(act=_recorded("replay", spec))


def _report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", metavar="RESULT.json", help="result.json of `kit demo`")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the report")
    parser.add_argument("--title", help="another title")
    parser.add_argument("--question", help="another question")

    def spec(given: argparse.Namespace) -> dict[str, Any]:
        return _take(given, "result", "out", "title", "question")

    parser.set_defaults(act=_recorded("report", spec))


def _init(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", help="the workspace; nothing in it is overwritten")
    parser.set_defaults(act=_lay_out)


def _lay_out(given: argparse.Namespace) -> None:
    from dataclasses import asdict

    from kit.flow.workspace import lay_out

    laid = lay_out(given.folder)
    if given.json:
        print(json.dumps(asdict(laid) | {"root": str(laid.root)}))
        return
    kept = f"; {len(laid.kept)} that were there are as they were" if laid.kept else ""
    print(f"{laid.root}: {len(laid.made)} files written{kept}.")
    print(f"Open next: jupyter lab --notebook-dir={given.folder}")


def _runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, help="newest runs listed")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--show", type=int, metavar="ID", help="everything recorded of one run")
    which.add_argument("--again", type=int, metavar="ID", help="run one again, as a new run")
    parser.set_defaults(act=_list_runs)


def _list_runs(given: argparse.Namespace) -> None:
    from dataclasses import asdict

    from kit.flow.perform import perform_again
    from kit.flow.runs import get_run, list_runs

    if given.again is not None:
        done, changes = perform_again(given.again, _say)
        summary = {**done.outcome.summary, "changes": changes}
        _print(done.number, summary, done.outcome.lines, given)
        for change in changes:
            _say(change)
        return
    if given.show is not None:
        print(json.dumps(asdict(get_run(given.show)), indent=1))
        return
    runs = list_runs(given.limit)
    if given.json:
        print(json.dumps([asdict(run) for run in runs]))
        return
    for run in runs:
        said = run.message or str(run.summary.get("verdict") or "")
        print(f"{run.id:>5}  {run.started_at}  {run.verb:<9}{run.status:<8}{said[:90]}".rstrip())
    if not runs:
        print("no runs in this workspace yet; `kit demo` makes one")


def _recorded(
    verb: str, read: Callable[[argparse.Namespace], dict[str, Any]]
) -> Callable[[argparse.Namespace], None]:
    def act(given: argparse.Namespace) -> None:
        from kit.flow.perform import VERBS, perform
        from kit.flow.specs import read_spec

        spec = read_spec(VERBS[verb].spec, read(given))
        done = perform(verb, spec, _say)
        _print(done.number, done.outcome.summary, done.outcome.lines, given)

    return act


def _print(
    number: int, summary: Mapping[str, Any], lines: Sequence[str], given: argparse.Namespace
) -> None:
    if given.json:
        print(json.dumps(dict(summary) | {"run": number}, allow_nan=False))
        return
    for line in lines:
        print(line)


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _source(
    parser: argparse.ArgumentParser, given: argparse.Namespace, path: str
) -> dict[str, Any]:
    if given.format is None:
        parser.error(f"--format is required for {path}; `kit load --help` lists the formats")
    names = ("format", "features", "currency", "ties_win", "timezone", "errors")
    return {"path": path, "columns": _pairs(parser, "--column", given.column)} | _take(
        given, *names
    )


def _take(given: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(given, name) for name in names}


def _pairs(parser: argparse.ArgumentParser, option: str, texts: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            parser.error(f"{option} {text}: must be NAME=VALUE")
        if name in pairs:
            parser.error(f"{option} {name}: given twice")
        pairs[name] = value
    return pairs


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


if __name__ == "__main__":
    sys.exit(main())
