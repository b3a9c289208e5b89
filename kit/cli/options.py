"""What the verbs share: options, settings read from them, and how a run is printed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

RAW = argparse.RawDescriptionHelpFormatter
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
EXIT_CODES = (
    "Exit codes: 0 done, 1 refused or failed (one message on stderr), 2 wrong usage.\n"
    "`kit check`: 0 pass, 1 fail, 3 needs a person."
)


def add_verb(verbs: Verbs, name: str, about: str, more: str = "") -> argparse.ArgumentParser:
    """Add one verb, with ``--json`` and the exit codes in its help."""
    parser = verbs.add_parser(
        name, help=about, description=f"{about[0].upper()}{about[1:]}.",
        epilog=f"{more}\n\n{EXIT_CODES}".strip(), formatter_class=RAW,
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    return parser


def list_formats() -> str:
    """Return the formats of a log, for a help text."""
    from kit.data.formats import FORMATS

    return "Formats:\n" + "\n".join(f"  {name:<14}{about}" for name, about in FORMATS.items())


def list_columns() -> str:
    """Return the formats and the columns that ``--column`` may name."""
    from kit.data.schema import COLUMNS

    listing = "\n".join(f"  {name:<22}{column.about}" for name, column in COLUMNS.items())
    return f"{list_formats()}\n\nColumns that --column may name:\n{listing}"


def list_policies() -> str:
    """Return the formats and the policies with their parameters."""
    from kit.bid.registry import describe_policies

    listing = "\n".join(f"  {line}" for line in describe_policies().splitlines())
    return f"{list_formats()}\n\nPolicies and what --set gives them:\n{listing}"


def source_options(parser: argparse.ArgumentParser) -> None:
    """Add how a log is read."""
    from kit.data.formats import FORMATS

    group = parser.add_argument_group("how the log is read")
    group.add_argument("--format", choices=FORMATS, metavar="NAME", help="format of the log")
    group.add_argument(
        "--column", action="append", default=[], metavar="NAME=COLUMN",
        help="csv, parquet: the file's COLUMN is the canonical NAME; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--features", type=words, default=[], metavar="A,B",
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


def split_options(parser: argparse.ArgumentParser, holdout: float = 0.2) -> None:
    """Add the shares of the splits."""
    parser.add_argument(
        "--tune", type=float, default=0.2, metavar="SHARE", help="share of the tune split"
    )
    parser.add_argument(
        "--holdout", type=float, default=holdout, metavar="SHARE", help="share of the holdout"
    )


def recorded(
    verb: str, read: Callable[[argparse.Namespace], dict[str, Any]]
) -> Callable[[argparse.Namespace], int]:
    """Return the action of a verb that is recorded as a run; it returns the exit code."""

    def act(given: argparse.Namespace) -> int:
        from kit.base.specs import read_spec
        from kit.flow.perform import VERBS, perform

        spec = read_spec(VERBS[verb].spec, read(given))
        done = perform(verb, spec, say)
        print_run(done.number, done.outcome.summary, done.outcome.lines, given)
        return int(done.outcome.summary.get("exit_code", 0))

    return act


def print_run(
    number: int, summary: Mapping[str, Any], lines: Sequence[str], given: argparse.Namespace
) -> None:
    """Print a run's summary as JSON, or its lines."""
    if given.json:
        print(json.dumps(dict(summary) | {"run": number}, allow_nan=False))
        return
    for line in lines:
        print(line)


def say(line: str) -> None:
    """Say on stderr how far it has come."""
    print(f"  {line}", file=sys.stderr, flush=True)


def source_of(
    parser: argparse.ArgumentParser, given: argparse.Namespace, path: str
) -> dict[str, Any]:
    """Return the settings of `kit.flow.specs.Source`."""
    if given.format is None:
        parser.error(f"--format is required for {path}; `kit load --help` lists the formats")
    names = ("format", "features", "currency", "ties_win", "timezone", "errors")
    return {"path": path, "columns": pairs(parser, "--column", given.column)} | take(given, *names)


def take(given: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Return some of the options as settings."""
    return {name: getattr(given, name) for name in names}


def pairs(parser: argparse.ArgumentParser, option: str, texts: Sequence[str]) -> dict[str, str]:
    """Return ``NAME=VALUE`` words as a dict."""
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            parser.error(f"{option} {text}: must be NAME=VALUE")
        if name in pairs:
            parser.error(f"{option} {name}: given twice")
        pairs[name] = value
    return pairs


def words(text: str) -> list[str]:
    """Return the words of a comma-separated list."""
    return [word.strip() for word in text.split(",") if word.strip()]
