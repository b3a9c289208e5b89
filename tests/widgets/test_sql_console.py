"""The SQL console from Python; the screen itself is tests/browser's."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.pairs import read_pairs
from kit.base.assets import asset_dir
from kit.base.errors import DataError, KitError, QueryError, UnsafeSQLError
from kit.data.sql.contract.limits import Limits
from kit.widgets.sql_console import SQLConsole
from tests.ai.loopback import Loopback, Step

LOG = asset_dir("data_samples") / "auctions.parquet"
SLOW = (
    "SELECT sum(a.page_quality * b.page_quality) AS s "
    "FROM auctions a JOIN auctions b ON a.device = b.device"
)


@pytest.fixture(autouse=True)
def _no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def panel() -> Iterator[SQLConsole]:
    made = SQLConsole(LOG)
    yield made
    made.close()


def press(panel: SQLConsole, name: str) -> None:
    getattr(panel, name).click()
    panel.wait(20)


def result(panel: SQLConsole) -> list[str]:
    """What is shown of an answer."""
    return [panel.caption.value, panel.table.value, panel.checks.value]


def text(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<.*?>", " ", markup))


def test_buttons_do_what_python_does(panel: SQLConsole) -> None:
    assert "the semantic layer drafts alone" in panel.spent.value
    assert panel.halt.disabled
    panel.question.value = "spend by exchange"
    press(panel, "draft")
    frame = panel.frame
    assert "GROUP BY" in panel.sql.value
    assert "Guard: <b>allowed:</b> reads auctions" in panel.guard.value
    assert "about 150,000 rows" in text(panel.facts.value)
    assert "clearing prices of won auctions" in panel.facts.value
    assert f"{frame['spend'][0]:,.2f}" in panel.table.value
    assert "ok: one row for each exchange" in panel.checks.value
    assert "“spend by exchange”: 4 rows, in" in panel.caption.value
    press(panel, "go")  # the guard's own words pass the guard, and say the same
    assert "Your SQL: 4 rows" in panel.caption.value
    pd.testing.assert_frame_equal(panel.frame, frame)
    done = panel.ask("spend by exchange")
    assert panel.answered is done
    assert done.sound
    copy = panel.frame
    copy["spend"] = 0.0
    pd.testing.assert_frame_equal(panel.frame, frame)


BAD = (
    ("SELECT * FROM read_csv('/etc/passwd')", "refused", "function read_csv"),
    ("SELECT won FROM auctions; DROP TABLE auctions", "refused", "got 2 statements"),
    ("SELECT nothing FROM auctions", "refused", "'nothing'"),
    ("SELECT 1 +", "refused", "cannot be read as SQL"),
    ("", "refused", "there is no statement"),
    ("SELECT CAST(exchange AS INTEGER) AS n FROM auctions", "allowed", "sql:"),
)


def test_bad_sql_shows_one_message_and_keeps_the_answer(panel: SQLConsole) -> None:
    press(panel, "go")
    assert "there is no statement" in panel.message.value
    assert "last good result" not in panel.message.value  # there is none
    panel.ask("win rate by exchange")
    before = result(panel)
    for sql, guard, said in BAD:
        panel.sql.value = sql
        press(panel, "go")
        assert panel.message.value.count('role="alert"') == 1
        assert said in text(panel.message.value).replace("&#x27;", "'")
        assert "The last good result is shown." in panel.message.value
        assert f">{guard}" in panel.guard.value
        assert result(panel) == before
        assert panel.sql.value == sql  # a person mends it
        assert not panel.go.disabled
        with pytest.raises((UnsafeSQLError, QueryError)):
            panel.run(sql)
        assert result(panel) == before
    press(panel, "draft")
    assert "alert" not in panel.message.value


def test_a_question_that_is_not_understood_keeps_the_answer(panel: SQLConsole) -> None:
    panel.ask("win rate by exchange")
    before = result(panel)
    for question, said in (("how is the weather", "I do not know &#x27;weather&#x27;"),
                           ("", "question: is empty")):  # fmt: skip
        panel.question.value = question
        press(panel, "draft")
        assert said in panel.message.value
        assert result(panel) == before
    assert panel.ask("how is the weather").answer is None
    assert "Question how is the weather Drafted by semantic layer" in text(panel.facts.value)
    assert panel.answered is not None
    assert panel.answered.question == "win rate by exchange"


def test_a_check_that_fails_stands_out(panel: SQLConsole) -> None:
    panel.run("SELECT exchange, count(*) AS n FROM auctions GROUP BY exchange, device")
    assert '<b class="kit-check">CHECK</b>: it groups by something' in panel.checks.value
    assert "A check did not pass" in panel.message.value


def test_what_data_say_is_escaped(panel: SQLConsole) -> None:
    panel.run("SELECT '<img src=x>' AS \"<b>\", '|a\nb`' AS c FROM auctions LIMIT 1")
    assert "<img" not in panel.table.value
    assert "&lt;img src=x&gt;" in panel.table.value
    svg, markdown = panel.twin()
    assert "<img" not in svg
    code = markdown.split("```")[1]
    rest = markdown.replace(code, "")
    assert "<img" not in rest
    assert "|a" not in rest


def test_a_slow_query_is_stopped_and_the_panel_goes_on(panel: SQLConsole) -> None:
    panel.sql.value = SLOW
    panel.go.click()
    assert panel.go.disabled
    assert not panel.halt.disabled
    panel.go.click()  # a second press does nothing
    time.sleep(1.0)
    panel.halt.click()
    panel.wait(5)
    assert "was stopped before it was answered" in panel.message.value
    assert panel.halt.disabled
    assert panel.run("SELECT count(*) AS n FROM auctions").answer is not None


def test_a_slow_query_times_out() -> None:
    panel = SQLConsole(LOG, limits=Limits(timeout_seconds=0.5))
    panel.sql.value = SLOW
    press(panel, "go")
    assert "took longer than 0.5 s and was stopped" in panel.message.value
    panel.close()


def test_only_what_is_granted_is_read() -> None:
    for allow in (["auctions.exchange", "auctions.won"], "auctions.exchange,auctions.won"):
        panel = SQLConsole(LOG, allow)
        assert panel.about.startswith("Reads auctions (2 columns), and nothing else.")
        assert not panel.judge("SELECT click FROM auctions").ok
        assert panel.ask("impressions by exchange").sound
        panel.close()
    with pytest.raises(KitError, match="nothing"):
        SQLConsole(LOG, ["auctions.nothing"])
    with pytest.raises(DataError):
        SQLConsole(LOG.with_name("absent.parquet"))
    with pytest.raises(KitError, match="drafter"):
        SQLConsole(LOG, drafter="nobody")  # type: ignore[arg-type]


def test_a_pair_is_what_the_boxes_say(panel: SQLConsole) -> None:
    press(panel, "pair")
    assert "there is no answer yet" in panel.message.value
    panel.ask("win rate by exchange")
    panel.sql.value += " "
    press(panel, "pair")
    assert "the SQL has changed since it was run" in panel.message.value
    assert read_pairs() == ()
    panel.ask("win rate by exchange")
    press(panel, "pair")
    assert "Kept in sql_pairs.jsonl" in panel.message.value
    panel.run("SELECT count(*) AS n FROM auctions")
    panel.question.value = "how many auctions"
    panel.confirm()
    assert [pair.question for pair in read_pairs()] == ["win rate by exchange", "how many auctions"]


def test_a_model_drafts_fails_and_repairs(tmp_path: Path) -> None:
    drafts = ("SELECT getenv('HOME') AS h", "SELECT count(*) AS n FROM auctions")
    steps = [Step(content=json.dumps({"sql": sql, "assumptions": "All."})) for sql in drafts]
    with Loopback(steps) as model:
        client = Client(Endpoint(model.url, "scripted"), Journal(tmp_path / "ai.sqlite"))
        panel = SQLConsole(LOG, client=client)
        assert "not asked yet" in panel.spent.value
        panel.question.value = "how many gadgets got tapped"
        press(panel, "draft")
    facts = text(panel.facts.value)
    assert "Drafted by scripted" in facts
    assert "Read as All." in facts
    assert "Failed draft 1 SELECT getenv" in facts
    assert "Why: sql: function getenv is not on the list of functions" in facts
    assert "2 calls, 104 tokens" in panel.spent.value
    assert "price unknown" in panel.spent.value
    assert panel.frame["n"].item() == 150_000
    _, markdown = panel.twin()
    assert "**Failed draft 1**: SELECT getenv" in markdown
    panel.close()


def test_drafts_that_never_held_are_left_to_a_person(tmp_path: Path) -> None:
    drafts = [f"SELECT getenv('HOME') AS h{number}" for number in range(4)]
    steps = [Step(content=json.dumps({"sql": sql, "assumptions": ""})) for sql in drafts]
    with Loopback(steps) as model:
        client = Client(Endpoint(model.url, "scripted"), Journal(tmp_path / "ai.sqlite"))
        panel = SQLConsole(LOG, client=client, drafter="model")
        panel.question.value = "anything"
        press(panel, "draft")
    assert "none of the 4 drafts of scripted held" in panel.message.value
    assert "Failed draft 4" in panel.facts.value
    assert panel.sql.value == drafts[-1]
    assert ">refused" in panel.guard.value
    with pytest.raises(DataError, match="nothing was answered yet"):
        _ = panel.frame
    panel.close()


def test_the_twin_is_the_panel_as_it_stands(panel: SQLConsole) -> None:
    svg, markdown = panel.twin()
    assert "No answer yet" in svg
    assert "nothing was asked yet" in markdown
    panel.ask("win rate by exchange")
    svg, markdown = panel.twin()
    assert "win_rate by exchange" in svg
    assert "```sql\nSELECT\n  exchange,\n" in markdown
    assert "| aurora | 0.8899 |" in markdown
    assert "**Grain**: ok: one row for each exchange" in markdown
    assert "**Read as**: By exchange." in markdown
