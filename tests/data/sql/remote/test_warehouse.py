"""A question about a PostgreSQL server has the answer that it has about files; its secrets stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from kit.ai.catalog import Catalog, open_catalog
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.sql_draft import answer_question, check_draft
from kit.base.assets import asset_dir
from kit.base.errors import UnsafeSQLError
from tests.ai.loopback import Loopback, Step
from tests.data.sql.postgres_world import PASSWORD, QUOTED, Postgres, load_samples

pytestmark = pytest.mark.slow

QUESTION = "win rate, impressions and spend by exchange"


@pytest.fixture(scope="module")
def samples(postgres: Postgres) -> Postgres:
    load_samples(postgres)
    return postgres


@pytest.fixture
def catalog(samples: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("KIT_WAREHOUSE", samples.url(database="samples"))
    with open_catalog("env:KIT_WAREHOUSE") as catalog:
        yield catalog


def kit(server: Postgres, workspace: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    environment = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
    environment |= {
        "KIT_WAREHOUSE": server.url(database="samples"), "KIT_WORKSPACE": str(workspace),
        "PGPASSWORD": PASSWORD,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "kit.cli", *words],
        input=stdin, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    for secret in (PASSWORD, QUOTED):
        assert secret not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_question_has_the_same_answer_as_about_files(catalog: Catalog) -> None:
    served = answer_question(QUESTION, catalog)
    with open_catalog(asset_dir("data_samples")) as files:
        filed = answer_question(QUESTION, files)
    assert served.answer is not None
    assert filed.answer is not None
    pd.testing.assert_frame_equal(served.answer.frame, filed.answer.frame)
    assert served.dialect == "postgres"
    assert served.sound
    assert [finding.check for finding in served.findings] == [
        finding.check for finding in filed.findings
    ]
    assert "totals" in [finding.check for finding in served.findings]
    assert served.estimate is not None
    assert served.estimate.by_table == filed.estimate.by_table  # type: ignore[union-attr]


def test_sql_of_a_person_is_in_the_server_own_dialect(catalog: Catalog) -> None:
    sql = "SELECT exchange, percentile_cont(0.5) WITHIN GROUP (ORDER BY bid_price_cpm) AS median " \
          "FROM auctions GROUP BY exchange"  # fmt: skip
    done = check_draft("", sql, catalog, dialect="postgres")
    assert done.answer is not None
    assert len(done.answer.frame) == 4
    with pytest.raises(UnsafeSQLError, match="pg_read_file"):
        check_draft("", "SELECT pg_read_file('x')", catalog, dialect="postgres")


def test_a_model_drafts_in_the_servers_own_dialect(catalog: Catalog, tmp_path: Path) -> None:
    """``to_char`` is none of DuckDB's functions; there, a half of whole numbers is a half."""
    wrong = "SELECT to_char(max(timestmp), 'YYYY') AS year FROM auctions"
    sql = "SELECT to_char(max(timestamp), 'YYYY') AS year, 1 / 2 AS half FROM auctions"
    script = [Step(json.dumps({"sql": one, "assumptions": ""})) for one in (wrong, sql)]
    with Loopback(script) as server:
        client = Client(Endpoint(server.url, "scripted"), Journal(tmp_path / "ai"), learned={})
        done = answer_question("which year do bored pigeons see?", catalog, client, "model")
        system = server.bodies[1]["messages"][0]["content"]
    assert "one PostgreSQL SELECT" in system
    assert [attempt.sql for attempt in done.attempts] == [wrong]
    assert done.answer is not None
    assert done.answer.frame.iloc[0].tolist() == ["2026", 0]
    assert done.dialect == "postgres"


def test_the_command_line_asks_a_server(samples: Postgres, tmp_path: Path) -> None:
    workspace = tmp_path / "asked"
    address = f"postgresql://reader@127.0.0.1:{samples.port}/samples"
    code, told = kit(samples, workspace, "sql", QUESTION, "--data", address, "--confirm")
    assert (code, "aurora" in told) == (0, True), told
    pair = json.loads((workspace / "sql_pairs.jsonl").read_text("utf-8"))
    assert "DOUBLE PRECISION" not in pair["sql"], "kept in the dialect that prompts are in"
    code, told = kit(samples, workspace, "sql", QUESTION, "--data",
                     samples.url(database="samples"))  # fmt: skip
    assert (code, "has a password" in told) == (1, True), told
    assert any(workspace.rglob("*"))
    for file in workspace.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert PASSWORD.encode() not in content, file
            assert QUOTED.encode() not in content, file


def test_sql_run_guards_and_bounds_a_server(samples: Postgres, tmp_path: Path) -> None:
    run = ("sql-run", "--db", "env:KIT_WAREHOUSE", "--json")
    code, told = kit(samples, tmp_path, *run, stdin="SELECT count(*) AS n FROM auctions")
    assert (code, json.loads(told)["rows"]) == (0, [[150_000]])
    hostile = "SELECT pg_read_file('/etc/hostname')"
    code, told = kit(samples, tmp_path, *run, stdin=hostile)
    assert (code, "not on the list" in json.loads(told)["reason"]) == (1, True)
    code, told = kit(samples, tmp_path, *run, "--no-policy", stdin=hostile)
    assert (code, "permission denied" in json.loads(told)["reason"]) == (1, True)
    code, told = kit(samples, tmp_path, *run, "--no-policy", "--timeout", "1",
                     stdin="SELECT pg_sleep(60)")  # fmt: skip
    assert (code, json.loads(told)["kind"]) == (1, "timeout")
