"""What the drafter says, and what it does with tables, labels and words it has not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.ai.words.compile import compile_question
from kit.ai.words.labels import label_queries
from kit.data.sql.guard.grants import Grants, Table
from kit.data.sql.meaning.metrics import load_metrics
from kit.data.sql.policy import check_sql
from tests.ai.scoring import rows_of, sample_tables, understand
from tests.ai.words.phrasings import ANSWERED

LAYER = load_metrics(Path(__file__).parent)
LOG = {
    "timestamp": "TIMESTAMP", "exchange": "VARCHAR", "won": "BOOLEAN", "click": "BOOLEAN",
    "bid_price_cpm": "DOUBLE",
}  # fmt: skip


def test_the_guard_passes_all_that_is_drafted() -> None:
    grants = Grants({name: Table(name, columns) for name, columns in sample_tables().items()})
    for question in ANSWERED:
        sql = understand(question).sql
        assert sql is not None
        assert check_sql(sql, grants).sql
    for sql in label_queries(LAYER, sample_tables()).values():
        assert check_sql(sql, grants).sql


def test_it_says_how_each_phrase_was_read() -> None:
    said = " ".join(understand("spend on aurora by day since March 8").said)
    assert "clearing prices of won auctions, before fees, as in a replay, in the log's" in said
    assert "exchange is aurora" in said
    assert "the day is from 2026-03-08" in said


def test_a_misspelling_is_read_and_said() -> None:
    found = understand("impressons by exchage")
    assert found.sql is not None
    assert "I read 'impressons' as 'impressions'." in found.said
    assert "I read 'exchage' as 'exchange'." in found.said


@pytest.mark.parametrize("word", ["sizes", "reach", "visits", "browser", "region"])
def test_a_word_of_the_trade_is_no_misspelling(word: str) -> None:
    assert word in understand(f"impressions by {word}").unknown


def test_unknown_words_come_with_the_nearest() -> None:
    found = understand("impressions by exchngs")
    assert found.unknown == ("exchngs",)
    assert "exchanges" in found.suggestions


def test_fees_are_said_when_nobody_said_them() -> None:
    assert "before fees" in " ".join(understand("spend").said)
    assert "plus fees" in " ".join(understand("spend with fees").said)


def test_a_table_it_does_not_know_is_asked_all_the_same() -> None:
    found = compile_question("win rate by exchange and hour", LAYER, {"bids": LOG}, {})
    assert found.table == "bids"
    assert found.sql is not None
    assert "FROM bids" in found.sql
    assert "EXTRACT(hour FROM timestamp)" in found.sql  # without a zone it is UTC already
    assert compile_question("spend", LAYER, {"bids": LOG}, {}).unknown == ("spend",)


def test_a_label_is_quoted_whatever_it_holds() -> None:
    hostile = "o'hara; DROP TABLE bids"
    values = {("bids", "exchange"): [hostile]}
    found = compile_question(f"CTR on {hostile}", LAYER, {"bids": LOG}, values)
    if found.sql is not None:
        assert "'o''hara; DROP TABLE bids'" in found.sql
    plain = compile_question("CTR on x", LAYER, {"bids": LOG}, {("bids", "exchange"): ["x"]})
    assert plain.sql is not None
    assert plain.sql.endswith("WHERE exchange = 'x'")


def test_a_label_that_is_a_word_too_changes_no_question() -> None:
    values = {("bids", "exchange"): ["by", "clicks", "won", "not", "ctr", "aurora"]}
    plain = {("bids", "exchange"): ["aurora"]}
    for question in ("clicks by exchange", "CTR not on aurora", "win rate on aurora"):
        usual = compile_question(question, LAYER, {"bids": LOG}, plain)
        assert usual.sql is not None
        assert compile_question(question, LAYER, {"bids": LOG}, values) == usual
    named = compile_question("impressions on exchange clicks", LAYER, {"bids": LOG}, values)
    assert str(named.sql).endswith("WHERE exchange = 'clicks'")


def test_a_name_that_is_no_plain_word_is_not_asked() -> None:
    tables = {"bids; DROP TABLE x": LOG, "bids": {**LOG, 'won") --': "BOOLEAN"}}
    assert "DROP" not in str(compile_question("CTR", LAYER, tables, {}).sql)
    assert all("DROP" not in sql for sql in label_queries(LAYER, tables).values())


def test_short_labels_count_in_their_own_case() -> None:
    assert understand("what does a click cost us in the US").sql == understand(
        "what does a click cost in the US"
    ).sql  # fmt: skip
    assert "country" not in str(understand("what does a click cost us").sql)


def test_no_tables_and_no_words_are_declined() -> None:
    assert compile_question("CTR", LAYER, {}, {}).sql is None
    assert understand("   ").sql is None
    assert understand("?" * 300).sql is None


def test_label_queries_tell_labels_and_the_ends_of_the_log() -> None:
    queries = label_queries(LAYER, sample_tables())
    assert [row[0] for row in rows_of(queries["auctions", "device"])] == [
        "desktop", "mobile", "tablet",
    ]  # fmt: skip
    ends = [str(row[0]) for row in rows_of(queries["auctions", "timestamp"])]
    assert sorted(ends) == ["2026-03-02", "2026-03-11"]
    assert ("auctions", "won") not in queries
