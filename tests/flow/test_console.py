"""The console's conversation: asked, run, judged, stopped, confirmed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.ai.budget import Budget
from kit.ai.catalog import Catalog, open_catalog
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.pairs import read_pairs
from kit.base.assets import asset_dir
from kit.base.errors import DataError, EndpointError, KitError, QueryError, UnsafeSQLError
from kit.flow.console import Console
from kit.flow.console_words import no_answer
from tests.ai.loopback import Loopback, Step

SLOW = (
    "SELECT sum(a.page_quality * b.page_quality) AS s "
    "FROM auctions a JOIN auctions b ON a.device = b.device"
)
WIN_RATE = "win rate by exchange"


@pytest.fixture(scope="module")
def catalog() -> Iterator[Catalog]:
    with open_catalog(asset_dir("data_samples"), ["auctions"]) as opened:
        yield opened


@pytest.fixture
def console(catalog: Catalog) -> Console:
    return Console(catalog)


def draft(sql: str, assumptions: str = "") -> Step:
    return Step(content=json.dumps({"sql": sql, "assumptions": assumptions}))


def client(model: Loopback, tmp_path: Path) -> Client:
    return Client(Endpoint(model.url, "scripted"), Journal(tmp_path / "ai.sqlite"), Budget())


def ended(work: Callable[[], object]) -> tuple[threading.Thread, list[KitError]]:
    """Start work in a thread; return it, and what it raises."""
    raised: list[KitError] = []

    def run() -> None:
        try:
            work()
        except KitError as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, raised


def test_the_last_answer_stays_when_nothing_better_comes(console: Console) -> None:
    done = console.ask(f"  {WIN_RATE} ")
    assert done.question == WIN_RATE
    assert done.sound
    assert console.ask("how is the weather").answer is None
    with pytest.raises(UnsafeSQLError):
        console.run("DROP TABLE auctions")
    with pytest.raises(QueryError):
        console.run("SELECT CAST(exchange AS INTEGER) AS n FROM auctions")
    with pytest.raises(DataError, match="question: is empty"):
        console.ask(" ")
    assert console.answered is done


def test_judging_runs_nothing(console: Console) -> None:
    pid = console.catalog.engine.pid
    assert console.judge("SELECT won FROM auctions").words.startswith("allowed: reads auctions")
    ruling = console.judge("SELECT won\nFROM secrets")
    assert not ruling.ok
    assert ruling.words.startswith("refused at 2:")
    assert console.judge("").words == "refused: there is no statement"
    assert console.answered is None
    assert console.catalog.engine.pid == pid


def test_a_stopped_query_ends_at_once_and_the_next_one_runs(console: Console) -> None:
    started = time.perf_counter()
    thread, raised = ended(lambda: console.run(SLOW))
    time.sleep(1.0)
    assert thread.is_alive()
    console.stop()
    thread.join(5)
    assert not thread.is_alive()
    assert time.perf_counter() - started < 8  # its time-out is 10 s
    (error,) = raised
    assert "was stopped" in str(error)
    assert console.run("SELECT count(*) AS n FROM auctions").answer is not None
    console.stop()  # nothing is under way: nothing ends
    assert console.catalog.engine.pid is not None


def test_a_stopped_call_to_a_model_is_not_waited_for(catalog: Catalog, tmp_path: Path) -> None:
    with Loopback([Step(wait_s=60)]) as model:
        console = Console(catalog, client(model, tmp_path), "model")
        thread, raised = ended(lambda: console.ask("anything"))
        end = time.monotonic() + 20
        while not model.requests and time.monotonic() < end:
            time.sleep(0.05)
        console.stop()
        thread.join(5)
        assert not thread.is_alive()
        assert "was stopped" in str(raised[0])
        assert len(model.requests) == 1


def test_a_stopped_draft_is_not_repaired(catalog: Catalog, tmp_path: Path) -> None:
    with Loopback([draft(SLOW), draft("SELECT 1 AS n")]) as model:
        console = Console(catalog, client(model, tmp_path), "model")
        thread, raised = ended(lambda: console.ask("anything"))
        end = time.monotonic() + 20
        while not model.requests and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(1.5)  # its query is under way
        console.stop()
        thread.join(5)
        assert not thread.is_alive()
        assert "was stopped" in str(raised[0])
        assert len(model.requests) == 1
        assert console.answered is None


def test_a_model_that_never_obeys_has_no_answer_and_its_drafts(
    catalog: Catalog, tmp_path: Path
) -> None:
    drafts = [draft(f"SELECT getenv('HOME') AS home{number}") for number in range(4)]
    with Loopback(drafts) as model:
        done = Console(catalog, client(model, tmp_path), "model").ask("anything")
    assert done.answer is None
    assert len(done.attempts) == 4
    assert no_answer(done) == "No answer: none of the 4 drafts of scripted held."
    one = replace(done, attempts=done.attempts[:1])
    assert no_answer(one) == "No answer: the one draft of scripted did not hold."


def test_a_model_may_decline(catalog: Catalog, tmp_path: Path) -> None:
    with Loopback([draft("", "There are no salaries.")]) as model:
        done = Console(catalog, client(model, tmp_path), "model").ask("mean salary")
    assert no_answer(done) == "No answer: scripted drafted none: There are no salaries."


def test_a_model_that_fails_is_said(catalog: Catalog, tmp_path: Path) -> None:
    with Loopback([Step(status=401)]) as model:
        console = Console(catalog, client(model, tmp_path), "model")
        with pytest.raises(EndpointError) as caught:
            console.ask("anything")
    assert caught.value.kind == "key"


def test_a_pair_needs_an_answer_and_its_question(console: Console) -> None:
    with pytest.raises(DataError, match="there is no answer yet"):
        console.confirm()
    console.run("SELECT count(*) AS n FROM auctions")
    with pytest.raises(DataError, match="has no question"):
        console.confirm(" ")
    path = console.confirm("how many auctions")
    assert path.name == "sql_pairs.jsonl"
    console.ask(WIN_RATE)
    with pytest.raises(DataError, match="question has changed"):
        console.confirm("something else")
    console.confirm()
    assert [pair.question for pair in read_pairs()] == ["how many auctions", WIN_RATE]
    assert console.catalog.pairs == read_pairs()


def test_an_unknown_drafter_is_refused(catalog: Catalog) -> None:
    with pytest.raises(KitError, match="drafter"):
        Console(catalog, drafter="nobody")  # type: ignore[arg-type]
