"""The client against a real model: a small one, in llama.cpp's server, over real HTTP.

It writes bad SQL, at temperature 0 not always the same. So structure and execution are asserted,
never words.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from kit.ai.catalog import Catalog, open_catalog
from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.question import Reply
from kit.ai.serve import LocalServer
from kit.ai.sql_draft import REPAIRS, Answered, answer_question
from kit.base.assets import asset_dir
from kit.base.errors import EndpointError
from tests.ai.local_models import wire_model

pytestmark = pytest.mark.slow

CONTEXT = 4096
DEADLINE_S = 600.0  # of a machine that does much else
QUESTIONS = (
    "clicks per bored pigeon by device",
    "which exchange has the most wins",
    "average price of a win by hour",
    "how many auctions were there",
)


class Pick(BaseModel):
    """Only finitely many texts fit it, so even this model comes to an end."""

    metric: Literal["win_rate", "ecpm", "fill_rate"]
    grain: Literal["day", "hour"]
    sure: bool


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(wire_model(), port=0, context=CONTEXT) as started:
        yield started


def client_of(server: LocalServer, journal: Journal, **options: Any) -> Client:
    endpoint = {"temperature": 0.0, "seed": 7, "max_output_tokens": 200, **options}
    return Client(
        Endpoint(server.base_url, server.model, **endpoint),
        journal,
        learned={},
        deadline_s=DEADLINE_S,
    )


def pick(client: Client, padding: str = "") -> Reply[Pick]:
    messages = [
        {"role": "system", "content": "You name a metric, its grain, and whether you are sure."},
        {"role": "user", "content": f"How often do we win an auction, by day? {padding}"},
    ]
    return client.ask(messages, Pick, "pick", "1")


def test_a_reply_fits_the_schema_that_the_server_was_given(
    server: LocalServer, journal: Journal
) -> None:
    reply = pick(client_of(server, journal, temperature=1.5))
    assert isinstance(reply.value, Pick)
    assert (reply.rung, reply.repairs, reply.usage.calls) == ("json_schema", 0, 1)


def test_what_it_took_is_recorded(server: LocalServer, journal: Journal) -> None:
    priced = {"price_in": Decimal(1), "price_out": Decimal(10)}
    reply = pick(client_of(server, journal, **priced))
    assert reply.usage.reported
    assert 20 < reply.usage.tokens_in < 200  # more than the message, less than an estimate
    assert 5 < reply.usage.tokens_out <= 200
    tokens_in, tokens_out = reply.usage.tokens_in, reply.usage.tokens_out
    assert reply.cost == Decimal(tokens_in + 10 * tokens_out) / 1_000_000
    spent = journal.spent()
    assert (spent.tokens, spent.money) == (tokens_in + tokens_out, reply.cost)


def test_a_reply_that_is_cut_off_is_not_used(server: LocalServer, journal: Journal) -> None:
    with pytest.raises(EndpointError) as told:
        pick(client_of(server, journal, max_output_tokens=4))
    assert told.value.kind == "cut_off"
    assert [entry.verdict for entry in journal.entries()] == ["cut_off"]


def test_a_prompt_beyond_the_context_is_told(server: LocalServer, journal: Journal) -> None:
    with pytest.raises(EndpointError) as told:
        pick(client_of(server, journal), padding="win rate " * CONTEXT)
    assert told.value.kind == "too_long"
    assert len(journal.entries()) == 1


def test_after_a_failure_it_still_answers(server: LocalServer, journal: Journal) -> None:
    with pytest.raises(EndpointError):
        pick(client_of(server, journal, max_output_tokens=4))
    assert isinstance(pick(client_of(server, journal)).value, Pick)


def test_a_replay_needs_no_server(journal: Journal) -> None:
    with LocalServer(wire_model(), port=0, context=512) as server:
        recorded = pick(client_of(server, journal, temperature=1.5))
        asked = client_of(server, journal, temperature=1.5).endpoint
    with pytest.raises(EndpointError) as told:
        pick(Client(asked, journal, learned={}))
    assert told.value.kind == "down"
    before = journal.entries()
    replayed = pick(Client(asked, journal, mode="replay", learned={}))
    assert replayed.text.encode() == recorded.text.encode()
    assert (replayed.value, replayed.usage.calls) == (recorded.value, 0)
    assert journal.entries() == before


def test_a_page_in_a_browser_may_not_read_replies(server: LocalServer) -> None:
    asked = urllib.request.Request(
        f"{server.base_url}/models", headers={"Origin": "http://elsewhere.example"}
    )
    with urllib.request.urlopen(asked) as reply:
        assert reply.headers.get("Access-Control-Allow-Origin", "") == ""
        assert server.model.encode() in reply.read()


def test_bad_drafts_are_told_what_is_wrong_and_never_run(
    server: LocalServer, journal: Journal
) -> None:
    """Whatever it writes, what was answered passed the guard; some of it is sent back."""
    client = client_of(server, journal, max_output_tokens=300)
    with open_catalog(asset_dir("data_samples"), ["demand", "supply"]) as catalog:
        for question in QUESTIONS:
            done = outcome_of(question, catalog, client)
            if done is not None and done.attempts:
                break
        else:
            pytest.fail("none of its drafts was bad: ask something harder")
    first, *repairs = [e for e in journal.entries() if e.number in done.entries]
    assert repairs
    assert "draft_sql" in first.call.prompt_id
    assert all("repair_sql" in entry.call.prompt_id for entry in repairs)
    assert [entry.call.parent for entry in repairs] == list(done.entries[:-1])


def outcome_of(question: str, catalog: Catalog, client: Client) -> Answered | None:
    """Ask, and check whatever came of it; None where the model does not come to an end."""
    try:
        done = answer_question(question, catalog, client, "model")
    except EndpointError as error:
        assert error.kind in ("cut_off", "invalid")  # noqa: PT017
        return None
    assert len(done.entries) <= REPAIRS + 1
    assert (done.sql is None) == (done.answer is None)
    if done.sql is not None:
        assert catalog.check(done.sql).sql == done.sql
    return done
