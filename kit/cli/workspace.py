"""The verbs of a workspace: init, runs."""

from __future__ import annotations

import argparse
import json

from kit.cli.options import Verbs, add_verb, print_run, say


def init(verbs: Verbs) -> None:
    """Add ``kit init``."""
    parser = add_verb(verbs, "init", "lay out a workspace: notebooks, data samples, settings")
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


def runs(verbs: Verbs) -> None:
    """Add ``kit runs``."""
    parser = add_verb(verbs, "runs", "list what was run in this workspace, or run it again")
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
        done, changes = perform_again(given.again, say)
        summary = {**done.outcome.summary, "changes": changes}
        print_run(done.number, summary, done.outcome.lines, given)
        for change in changes:
            say(change)
        return
    if given.show is not None:
        print(json.dumps(asdict(get_run(given.show)), indent=1))
        return
    runs = list_runs(given.limit)
    if given.json:
        print(json.dumps([asdict(run) for run in runs]))
        return
    for run in runs:
        said = run.message or str(run.summary.get("headline") or run.summary.get("verdict") or "")
        print(f"{run.id:>5}  {run.started_at}  {run.verb:<9}{run.status:<8}{said[:90]}".rstrip())
    if not runs:
        print("no runs in this workspace yet; `kit demo` makes one")
