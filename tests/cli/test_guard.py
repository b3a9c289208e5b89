"""``kit sql-check`` and ``kit sql-run``: what comes from outside is read on stdin and judged."""

from __future__ import annotations

import io
import json

import duckdb
import pytest

from kit.cli import main
from tests.data.sql import corpora

SCHEMA = ["--schema", str(corpora.SCHEMA), "--allow", "deals,auctions.won,auctions.timestamp"]


@pytest.fixture
def ask(monkeypatch, capsys):
    """Return what a verb prints as JSON, and its exit code, for a text on stdin."""

    def run(text: str, *arguments: str):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        code = main(list(arguments))
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("db") / "ads.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "CREATE TABLE bids AS SELECT i AS n, DATE '2026-03-01' + i::INT AS day, "
            "i / 0.0 AS odd, NULL AS gone, ['a', NULL] AS list, {'x': i} AS pair FROM range(5) t(i)"
        )
        connection.execute("CREATE TABLE secrets AS SELECT 'hidden' AS word")
    return str(path)


def test_one_candidate_is_judged(ask):
    code, judged = ask("select won from auctions", "sql-check", *SCHEMA, "--json")
    assert code == 0
    assert judged["ok"]
    assert judged["sql"].endswith("LIMIT 10000")
    code, judged = ask("select user_id from auctions", "sql-check", *SCHEMA, "--json")
    assert code == 1
    assert judged == {"ok": False, "reason": "column 'user_id' is not granted", "at": "1:14"}


def test_a_batch_is_judged_in_order(ask):
    texts = ["select at from deals", "drop table deals", 7, "select 1; select 2"]
    code, judged = ask(json.dumps(texts), "sql-check", *SCHEMA, "--batch")
    assert code == 0
    assert [entry["ok"] for entry in judged] == [True, False, False, False]


@pytest.mark.parametrize("text", ["{", '"select 1"'])
def test_a_batch_that_is_no_list_is_refused(ask, text):
    code, said = ask(text, "sql-check", *SCHEMA, "--batch", "--json")
    assert code == 1
    assert "stdin" in said["error"]["message"]


def test_values_come_as_json(ask, database):
    code, answer = ask("select * from bids where n < 2 order by n", "sql-run", "--db", database,
                       "--allow", "bids", "--json")  # fmt: skip
    assert code == 0
    assert answer == {
        "columns": ["n", "day", "odd", "gone", "list", "pair"],
        "rows": [
            [0, "2026-03-01", None, None, ["a", None], {"x": 0}],
            [1, "2026-03-02", "inf", None, ["a", None], {"x": 1}],
        ],
        "truncated": False,
    }


def test_an_answer_that_is_cut_off_says_so(ask, database):
    _, answer = ask("select n from bids", "sql-run", "--db", database, "--rows", "3", "--json")
    assert (len(answer["rows"]), answer["truncated"]) == (3, True)
    _, answer = ask("select n from bids", "sql-run", "--db", database, "--rows", "5", "--json")
    assert (len(answer["rows"]), answer["truncated"]) == (5, False)


def test_the_policy_grants_and_the_engine_alone_does_not(ask, database):
    asked = ("select word from secrets", "sql-run", "--db", database, "--allow", "bids", "--json")
    code, refused = ask(*asked)
    assert (code, refused["ok"]) == (1, False)
    assert "'secrets' is not granted" in refused["reason"]
    code, answer = ask(*asked, "--no-policy")
    assert (code, answer["rows"]) == (0, [["hidden"]])


def test_what_fails_in_the_engine_is_one_refusal(ask, database):
    code, failed = ask("select 1 from bids where n = 'x'", "sql-run", "--db", database, "--json")
    assert (code, failed["kind"]) == (1, "value")
    bomb = "select sum(a.i * b.i) from range(1000000) a(i), range(1000000) b(i)"
    code, failed = ask(bomb, "sql-run", "--db", database, "--no-policy", "--timeout", "0.3",
                       "--json")  # fmt: skip
    assert (code, failed["kind"]) == (1, "timeout")


def test_a_missing_database_is_one_message(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1"))
    assert main(["sql-run", "--db", "nowhere.duckdb"]) == 1
    assert "nowhere.duckdb: no such file" in capsys.readouterr().err
