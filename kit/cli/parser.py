"""``kit``: the command line. It parses and prints; `kit.flow` does the work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from kit.base.errors import KitError
from kit.base.version import __version__
from kit.cli import (
    ai,
    ask,
    ask_docs,
    checks,
    guard,
    logs,
    optimizers,
    policies,
    propose,
    workspace,
)
from kit.cli.options import EXIT_CODES, RAW

DONE, REFUSED = 0, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = build_parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "act"):
        parser.print_help()
        return DONE
    try:
        return given.act(given) or DONE
    except (KitError, OSError) as error:
        return _refused(error, given.json)
    except KeyboardInterrupt:
        return _refused(KitError("interrupted; the run is recorded as failed."), given.json)


def _refused(error: Exception, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": {"type": type(error).__name__, "message": str(error)}}))
    print(f"kit: {error}", file=sys.stderr)
    return REFUSED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    parser = argparse.ArgumentParser(
        prog="kit", epilog=EXIT_CODES, formatter_class=RAW,
        description="Auction logs in, comparisons in money out. A verdict comes of a charged look\n"
        "at a sealed holdout (`kit check`), and of nothing else.",
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"programmatic-kit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    for add in (
        policies.demo, logs.load, logs.simulate, logs.train, policies.replay, policies.report,
        checks.check, checks.ledger, propose.propose, optimizers.allocate, optimizers.floors,
        ask.sql, ask_docs.ask, ai.ai, guard.sql_check, guard.sql_run, workspace.init,
        workspace.runs,
    ):  # fmt: skip
        add(verbs)
    return parser
