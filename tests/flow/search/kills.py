"""Kill searches at random points, resume them, and count what came of it.

``python -m tests.flow.search.kills SEALED DEFAULT FOLDER KILLS SEED`` prints one JSON object. It is
a process of its own, so that what it forks has never run a tree or a query.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kit.flow.search.evaluate import Bench, Scored
from kit.flow.search.propose import search_variants
from kit.flow.search.store import SEARCH_FILE
from kit.variant.spec import VariantSpec
from tests.flow.search.world import settings

WAYS: tuple[dict[str, Any], ...] = (
    {"proposer": "rules", "budget": 8},
    {"proposer": "random", "budget": 9, "side_by_side": 4, "halving": True},
    {"proposer": "hybrid", "budget": 8, "side_by_side": 2, "workers": 2},
)


@dataclass
class Kills:
    """What kills did.

    Parameters
    ----------
    kills : int
        That hit a search under way.
    searches : int
        Brought to their end.
    other_boards : int
        Searches whose final board is another than that of one that was not killed.
    paid_twice : int
        Evaluations begun though their score was on record.
    evaluations : int
        On record at the ends.
    begun : int
        Evaluations begun, those that a kill cut off among them.
    records : list of int
        Evaluations on record at each kill.
    """

    kills: int = 0
    searches: int = 0
    other_boards: int = 0
    paid_twice: int = 0
    evaluations: int = 0
    begun: int = 0
    records: list[int] = field(default_factory=list)


def kill_searches(sealed: Path, default: Path, root: Path, kills: int, seed: int) -> Kills:
    """Search, kill, resume, until so many kills hit."""
    rng = np.random.default_rng(seed)
    found, typical = Kills(), []
    for place, way in enumerate(WAYS):
        began = time.perf_counter()
        _end(_forked(sealed, default, root / f"whole {place}", way, root))
        typical.append(time.perf_counter() - began)
    while found.kills < kills:
        place = found.searches % len(WAYS)
        out = root / f"cut {found.searches}"
        ended = False
        while not ended:
            after_s = rng.uniform(0, typical[place])
            ended = _cut(sealed, default, out, WAYS[place], root, found, after_s)
        found.searches += 1
        found.evaluations += len(_scored(out))
        found.other_boards += _board(out) != _board(root / f"whole {place}")
    return found


def _cut(
    sealed: Path, default: Path, out: Path, way: dict[str, Any], root: Path, found: Kills,
    after_s: float,
) -> bool:  # fmt: skip
    """Go on with a search for so long; return whether it came to its end."""
    before = _scored(out)
    worker = _forked(sealed, default, out, way, root)
    until = time.monotonic() + after_s
    ended = False
    while not ended and time.monotonic() < until:
        ended = os.waitpid(worker, os.WNOHANG)[0] == worker
        time.sleep(0.001)
    if not ended:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        found.kills += 1
        found.records.append(len(_scored(out)))
    begun = _begun(worker, root)
    found.begun += len(begun)
    found.paid_twice += len(begun & before) + len(_begun_list(worker, root)) - len(begun)
    return ended


def _forked(sealed: Path, default: Path, out: Path, way: dict[str, Any], root: Path) -> int:
    child = os.fork()
    if not child:
        try:
            _search(sealed, default, out, way, root)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    return child


def _search(sealed: Path, default: Path, out: Path, way: dict[str, Any], root: Path) -> None:
    plain = Bench.evaluate
    numbers = root / f"begun {os.getpid()}"

    def counted(self: Bench, spec: VariantSpec, share: float = 1.0, threads: int = 0) -> Scored:
        with numbers.open("a") as file:
            file.write(f"{spec.key} {share}\n")
        return plain(self, spec, share, threads)

    Bench.evaluate = counted  # type: ignore[method-assign]
    spec = settings(sealed, out, default=default, finalists=0, **way)
    search_variants(spec, lambda line: None)


def _end(worker: int) -> None:
    if os.waitpid(worker, 0)[1]:
        raise RuntimeError("a search that was not killed failed")


def _rows(out: Path, query: str) -> list[tuple[Any, ...]]:
    if not (out / SEARCH_FILE).is_file():
        return []
    with closing(sqlite3.connect(out / SEARCH_FILE)) as connection:
        try:
            return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # killed before its tables were made
            return []


def _scored(out: Path) -> set[tuple[str, str]]:
    rows = _rows(out, "SELECT spec, e.share FROM evaluations e JOIN trials USING (number)")
    return {(VariantSpec.model_validate_json(spec).key, str(share)) for spec, share in rows}


def _board(out: Path) -> list[tuple[Any, ...]]:
    return _rows(
        out, "SELECT number, spec, parent, status, share, score, why FROM trials ORDER BY number"
    )


def _begun_list(worker: int, root: Path) -> list[tuple[str, ...]]:
    path = root / f"begun {worker}"
    return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []


def _begun(worker: int, root: Path) -> set[tuple[str, ...]]:
    return set(_begun_list(worker, root))


if __name__ == "__main__":
    paths = [Path(text) for text in sys.argv[1:4]]
    done = kill_searches(paths[0], paths[1], paths[2], int(sys.argv[4]), int(sys.argv[5]))
    print(json.dumps(asdict(done)))
