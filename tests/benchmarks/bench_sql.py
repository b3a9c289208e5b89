"""The SQL guard, its engine and the drafter, on corpora that were written before them.

Of the guard's, the frozen halves were scored once (5 of 130 hostile passed, 2 of 120 benign were
refused) and then looked at; the second corpora are what it had never seen. Peers' figures are of
44 hostile and 24 benign texts, as published with their versions of 2026; they were not run here.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np

from kit.base.errors import QueryError, UnsafeSQLError
from kit.data.sql.engine import DatabaseFile, Engine, Limits
from kit.data.sql.guard.grants import Grants
from kit.data.sql.policy import check_sql
from tests.ai.injection import PLANTED_ID, breaches, fences, sent_text
from tests.ai.scoring import UNREAD, question_sets, read_questions, score, understand
from tests.ai.test_injection import FENCES
from tests.benchmarks.table import Row, Table, milliseconds
from tests.data.sql import corpora

HALVES = ("frozen", "open")
UNSEEN = "second"
"""Corpora by another author, after the frozen halves had been scored and looked at; scored once."""

TIMEOUT_S, GRACE_S, MEMORY_MB = 2.0, 0.5, 256
CANARY = "CANARY-7f3a"


def tables(quick: bool) -> list[Table]:
    """Return the guard's table, the engine's, the questions' and the injections'."""
    few = 12 if quick else None
    halves = HALVES[1:] if quick else HALVES  # a frozen half is for the figures alone
    injected = _injections(halves, 2 if quick else None)
    return [
        Table("The SQL guard", _guard(halves if quick else (UNSEEN, *halves), few)),
        Table("The engine alone, on the hostile texts", _engine(halves, few)),
        Table("Questions over data_samples, without a model", _questions(few)),
        Table("Prompt injection, and a model that obeys it", injected),
    ]


def _guard(halves: tuple[str, ...], few: int | None) -> list[Row]:
    grants = Grants.from_schema(corpora.SCHEMA.read_text("utf-8"), corpora.ALLOW)
    check_sql("SELECT 1", grants)
    rows, seconds = [], list[float]()
    for half in halves:
        hostile, benign = (corpora.read(f"{kind}_{half}")[:few] for kind in ("hostile", "benign"))
        passed = [_judged(case["sql"], grants, seconds) for case in hostile]
        refused = [not _judged(case["sql"], grants, seconds) for case in benign]
        rows += [
            _share(f"hostile passed, {half} corpus", passed, "published, of 44: Vanna 44, PandasAI "
                   "20, WrenAI strict 4"),
            _share(f"benign refused, {half} corpus", refused, "published: PandasAI 13 of 24"),
        ]  # fmt: skip
    p50, p99, worst = (float(np.quantile(seconds, at)) for at in (0.5, 0.99, 1.0))
    said = f"p50 {milliseconds(p50)}, p99 {milliseconds(p99)}, max {milliseconds(worst)}"
    return [*rows, Row("one query judged", said, "", p99 / 0.020, "<= 1")]


def _judged(sql: str, grants: Grants, seconds: list[float]) -> bool:
    started = time.perf_counter()
    try:
        check_sql(sql, grants)
    except UnsafeSQLError:
        return False
    finally:
        seconds.append(time.perf_counter() - started)
    return True


def _share(name: str, hits: list[bool], rival: str) -> Row:
    return Row(name, f"{sum(hits)} of {len(hits)}", rival, sum(hits) / len(hits) / 0.01, "<= 1")


def _engine(halves: tuple[str, ...], few: int | None) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        database = root / "ads.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute(corpora.SCHEMA.read_text("utf-8"))
        (root / "canary.txt").write_text(CANARY)
        limits = Limits(timeout_seconds=TIMEOUT_S, memory_mb=MEMORY_MB)
        texts = [case["sql"] for half in halves for case in corpora.read(f"hostile_{half}")[:few]]
        texts += [f"SELECT * FROM read_text('{root}/canary.txt')",
                  f"COPY (SELECT 1) TO '{root}/out.csv'"]  # fmt: skip
        before = _state(root)
        with Engine(DatabaseFile(database), limits) as engine:
            starts = [_timed(lambda: _fresh(engine)) for _ in range(10)]
            reused = [_timed(lambda: engine.run("SELECT 1")) for _ in range(50)]
            outcomes = [_attacked(engine, sql) for sql in texts]
        changed = len(before.items() ^ _state(root).items())
    read = sum(CANARY in shown or "root:" in shown for _, shown in outcomes)
    longest = max(seconds for seconds, _ in outcomes)
    return [
        Row("files changed or made", f"{changed} in {len(texts)} texts", "", changed, "<= 0"),
        Row("answers that hold what lies outside", str(read), "", read, "<= 0"),
        Row("longest", f"{longest:.2f} s, a new child's start included",
            f"time-out {TIMEOUT_S:g} s + {GRACE_S:g} s", longest / (TIMEOUT_S + GRACE_S + 0.4),
            "<= 1"),
        Row("child start", milliseconds(float(np.median(starts))), "bar 400 ms",
            float(np.median(starts)) / 0.4, "<= 1"),
        Row("a query more of the same child", milliseconds(float(np.median(reused))), "",
            float(np.median(reused))),
    ]  # fmt: skip


def _fresh(engine: Engine) -> None:
    engine.close()
    engine.run("SELECT 1")


def _attacked(engine: Engine, sql: str) -> tuple[float, str]:
    started, shown = time.perf_counter(), ""
    with contextlib.suppress(QueryError):
        shown = engine.run(sql).frame.head(100).to_string()
    return time.perf_counter() - started, shown


def _state(root: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*") if path.is_file()
    }  # fmt: skip


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _questions(few: int | None) -> list[Row]:
    """Score the set that nobody read; the drafter was developed with the others."""
    sets = [name for name in question_sets() if name != UNREAD]
    rows = []
    for name in [UNREAD, *sets] if few is None else sets[:1]:
        found = score(read_questions(name)[:few], lambda text: understand(text).sql)
        said = (
            f"right {found.right} of {found.answered} answered, of {found.answerable} that have "
            f"an answer; {found.declined} of {found.unanswerable} others declined"
        )
        rows.append(Row(f"set {name}", said, "", found.precision / 0.95, ">= 1"))
    return rows


def _injections(halves: tuple[str, ...], few: int | None) -> list[Row]:
    rows = []
    for half in halves:
        attacks = [case["sql"] for case in corpora.read(f"hostile_{half}")]
        cases = corpora.read(f"injection_{half}")[:few]
        sent = closed = broken = 0
        for number, case in enumerate(cases):
            with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
                text = sent_text(case, Path(one))
                sent += PLANTED_ID in text
                closed += fences(text) != FENCES
                broken += bool(breaches(case, attacks, Path(two), number))
        said = f"{sent} planted ids sent, {closed} fences closed, {broken} breaches of the policy"
        bad = sent + closed + broken
        rows.append(Row(f"{len(cases)} texts, {half} half", said, "", bad, "<= 0"))
    return rows
