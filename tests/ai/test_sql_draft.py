"""From a question to a checked answer: the layer alone, and a model over real HTTP."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kit.ai.catalog import open_catalog
from kit.ai.disclosure import MAX_QUESTION
from kit.ai.pairs import Pair, confirm_pair, near_pairs, read_pairs
from kit.ai.prompts import describe_payload
from kit.ai.prompts import load_prompt as load
from kit.ai.sql_draft import LAYER, REPAIRS, answer_question, check_draft, draft_messages
from kit.base.assets import asset_dir
from kit.base.errors import DataError, QueryError, UnsafeSQLError
from kit.data.sql.remote.engine import RemoteEngine
from tests.ai.loopback import Step

BY_DEVICE = "SELECT device, count(*) FILTER (WHERE click) AS clicks FROM auctions GROUP BY 1"
ODD = "clicks per bored pigeon by device"
"""No layer understands it."""


@pytest.fixture(scope="module")
def catalog():
    with open_catalog(asset_dir("data_samples"), ["auctions", "demand"]) as opened:
        yield opened


def drafts(*sql: str) -> list[Step]:
    """Return what a model says that drafts these in turn."""
    return [Step(json.dumps({"sql": one, "assumptions": "as usual"})) for one in sql]


def test_the_layer_answers_alone_and_says_how_it_read(catalog):
    done = answer_question("clicks by device", catalog)
    assert (done.by, done.sound, done.entries) == (LAYER, True, ())
    assert done.answer.columns == ("device", "clicks")
    assert {finding.check for finding in done.findings} == {"grain", "row_count", "nulls", "totals"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT device, count(*) FROM auctions GROUP BY 1",
        "SELECT count(*) FILTER (WHERE click) FROM auctions",
        "SELECT count(*), count(*) FROM auctions",
        "SELECT device, count(*) AS bids, count(*) AS bids FROM auctions GROUP BY 1",
    ],
)
def test_columns_without_a_name_of_their_own_are_checked_as_well(catalog, sql):
    done = check_draft("what we paid", sql, catalog)
    assert done.sound
    assert "totals" in {finding.check for finding in done.findings}


def test_without_a_model_words_that_are_not_understood_are_named(catalog):
    done = answer_question(ODD, catalog)
    assert done.answer is None
    assert {"bored", "pigeon"} <= set(done.unknown)


def test_the_model_is_asked_only_what_the_layer_does_not_understand(catalog, loopback, make_client):
    loopback.script = drafts(BY_DEVICE)
    assert answer_question("clicks by device", catalog, make_client()).by == LAYER
    assert loopback.requests == []
    done = answer_question(ODD, catalog, make_client())
    assert (done.by, done.sound, len(loopback.requests)) == ("scripted", True, 1)
    assert done.said == ("as usual",)


def test_the_model_may_be_told_to_draft_all(catalog, loopback, make_client):
    loopback.script = drafts(BY_DEVICE)
    assert answer_question("clicks by device", catalog, make_client(), "model").by == "scripted"


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("SELECT capacity FROM supply", "not allowed: table 'supply' is not granted"),
        ("SELECT devize, count(*) FROM auctions GROUP BY 1", "did you mean device"),
        ("SELECT * FROM '/etc/passwd'", "not granted"),
        ("DROP TABLE auctions", "must be one query"),
        ("SELECT device FROM auctions WHERE hour = 'x'", "cannot be converted"),
        ("SELECT device FROM auctions WHERE hour = 99", "number of rows is not plausible"),
        ("SELECT count(*) AS clicks FROM auctions GROUP BY device", "one row for"),
        ("SELECT device, count(*) AS clicks FROM auctions GROUP BY 1", "totals differ"),
    ],
)
def test_a_draft_that_does_not_hold_is_repaired(catalog, loopback, make_client, bad, told):
    loopback.script = drafts(bad, BY_DEVICE)
    done = answer_question(ODD, catalog, make_client())
    assert done.sound
    assert [attempt.sql for attempt in done.attempts] == [bad]
    assert len(done.entries) == 2
    assert told in loopback.bodies[1]["messages"][1]["content"]


def test_the_engines_words_are_not_sent(catalog, loopback, make_client):
    bad = "SELECT device FROM auctions WHERE CAST(exchange AS INTEGER) = 1"
    loopback.script = drafts(bad, BY_DEVICE)
    done = answer_question(ODD, catalog, make_client())
    assert "borealis" in done.attempts[0].failure or "aurora" in done.attempts[0].failure
    failure = loopback.bodies[1]["messages"][1]["content"].split("<data failure>")[1]
    assert "aurora" not in failure
    assert "borealis" not in failure


def test_a_model_that_repeats_itself_is_not_asked_again(catalog, loopback, make_client):
    loopback.script = drafts("DROP TABLE auctions")
    done = answer_question(ODD, catalog, make_client())
    assert done.answer is None
    assert (len(done.attempts), len(loopback.requests)) == (1, 2)


def test_a_model_that_never_obeys_ends_after_its_repairs(catalog, loopback, make_client):
    loopback.script = drafts(*(f"DROP TABLE t{number}" for number in range(9)))
    done = answer_question(ODD, catalog, make_client())
    assert done.answer is None
    assert len(done.attempts) == REPAIRS + 1
    assert len(loopback.requests) == REPAIRS + 1


def test_an_answer_that_fails_its_checks_to_the_end_is_marked(catalog, loopback, make_client):
    loopback.script = drafts("SELECT device, count(*) AS clicks FROM auctions GROUP BY 1")
    done = answer_question(ODD, catalog, make_client())
    assert done.answer is not None
    assert not done.sound


def test_a_model_may_say_that_the_tables_do_not_hold_it(catalog, loopback, make_client):
    loopback.script = [Step(json.dumps({"sql": "", "assumptions": "no pigeons"}))]
    done = answer_question(ODD, catalog, make_client())
    assert (done.answer, done.said, len(loopback.requests)) == (None, ("no pigeons",), 1)


def test_what_is_shown_is_what_is_sent(catalog, loopback, make_client):
    loopback.script = drafts(BY_DEVICE)
    answer_question(ODD, catalog, make_client())
    sent = describe_payload(loopback.bodies[0]["messages"])
    assert sent == describe_payload(draft_messages(ODD, catalog))
    assert "supply" not in sent  # it is not granted
    assert len(draft_messages("pigeon " * 4000, catalog)[1]["content"]) < 20_000 + MAX_QUESTION


def test_a_prompt_is_read_once(catalog, loopback, make_client, monkeypatch):
    """The journal's hash is then of the file that was sent, though it be edited meanwhile."""
    read = []
    monkeypatch.setattr(
        "kit.ai.sql_draft.load_prompt", lambda task: read.append(task) or load(task)
    )
    loopback.script = drafts("DROP TABLE auctions", BY_DEVICE)
    assert answer_question(ODD, catalog, make_client()).sound
    assert read == ["draft_sql", "repair_sql"]


def test_the_prompt_is_in_the_dialect_of_the_engine(catalog):
    asked = "click rate of bored pigeons by device"
    system, user = (message["content"] for message in draft_messages(asked, catalog))
    assert "one DuckDB SELECT" in system
    assert "DOUBLE PRECISION" not in user
    pairs = (Pair(asked, "SELECT avg(click::INT) FROM auctions"), Pair(f"{asked}?", "SELECT ]"))
    engine = RemoteEngine("postgresql://reader@db.example/ads")  # is not asked: a prompt needs none
    served = replace(catalog, engine=engine, pairs=pairs)
    vars(served).update(values=catalog.values, labels=catalog.labels)
    system, user = (message["content"] for message in draft_messages(asked, served))
    assert "one PostgreSQL SELECT" in system
    assert "DuckDB" not in system + user
    metric = user.split("<data metrics>")[1]
    assert "DOUBLE PRECISION" in metric, "a division of whole numbers would drop its rest there"
    assert "AVG(CAST(click AS INT))" in user
    assert "SELECT ]" not in user, "what cannot be said in its dialect is left out"


def test_a_fan_out_is_found_against_the_metric_of_the_base_table(catalog):
    sql = "SELECT count(*) FILTER (WHERE click) AS clicks FROM auctions JOIN demand ON hour >= 0"
    with pytest.raises(UnsafeSQLError, match="nothing binds"):
        check_draft("clicks", sql, catalog)
    bound = sql.replace("hour >= 0", "length(demand.demand_id) >= hour - 24")
    found = check_draft("clicks", bound, catalog)
    assert not found.sound
    assert [finding.check for finding in found.findings if not finding.ok] == ["totals"]


def test_a_draft_that_would_scan_too_much_is_not_run(catalog, monkeypatch):
    monkeypatch.setattr("kit.ai.sql_draft.MAX_SCAN", 1000)
    with pytest.raises(QueryError, match="would scan about 150,000 rows; at most 1,000"):
        check_draft("clicks", BY_DEVICE, catalog)


def test_confirmed_pairs_are_kept_and_sent(tmp_path, loopback, make_client, monkeypatch):
    monkeypatch.setenv("KIT_WORKSPACE", str(tmp_path))
    confirm_pair("Clicks per pigeon, by device?", "SELECT 1", tmp_path)
    confirm_pair("clicks per pigeon by device", BY_DEVICE, tmp_path)
    confirm_pair("spend by hour", "SELECT 2", tmp_path)
    assert read_pairs(tmp_path) == (
        Pair("clicks per pigeon by device", BY_DEVICE), Pair("spend by hour", "SELECT 2"),
    )  # fmt: skip
    assert near_pairs(ODD, read_pairs(tmp_path))[0].sql == BY_DEVICE
    loopback.script = drafts(BY_DEVICE)
    with open_catalog(asset_dir("data_samples"), ["auctions"]) as opened:
        answer_question(ODD, opened, make_client())
    assert "clicks per pigeon by device" in loopback.bodies[0]["messages"][1]["content"]
    (tmp_path / "sql_pairs.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="line 1"):
        read_pairs(tmp_path)
