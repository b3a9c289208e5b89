"""What really goes over the wire, and that nothing holds a caller beyond the deadline."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import replace

import openai  # the import is not what is timed
import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.base.errors import EndpointError
from tests.ai.cases import Jumps, ask
from tests.ai.conftest import KEY, MakeClient
from tests.ai.loopback import Loopback, Step

LATE_S = 1.0

assert openai.__version__.startswith("3.")


def assert_no_call_goes_on() -> None:
    """No thread still reads what nobody waits for; one that is done has a moment to end."""
    deadline = time.monotonic() + LATE_S
    while any(thread.name == "model call" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_header_says_more_than_the_key(
    loopback: Loopback, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, "from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: from-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/from-the-environment")
    ask(make_client())
    headers = {name.lower(): value for name, value in loopback.requests[0].headers.items()}
    assert "from-the-environment" not in str(headers)
    assert headers.pop("authorization") == f"Bearer {KEY}"
    assert headers.pop("user-agent") == "programmatic-kit"
    assert set(headers) == {
        "host", "connection", "accept", "accept-encoding", "content-type", "content-length",
        "x-stainless-raw-response",
    }  # fmt: skip


def test_without_a_key_none_is_sent(
    loopback: Loopback, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
    ask(make_client({"key": None}))
    assert "authorization" not in str(loopback.requests[0].headers).lower()


def test_the_query_of_a_url_is_sent_but_not_recorded(loopback: Loopback, journal: Journal) -> None:
    ask(
        Client(
            Endpoint(f"{loopback.url}?api-version=hidden-query", "scripted"), journal, learned={}
        )
    )
    (request,) = loopback.requests
    assert request.path == "/v1/chat/completions?api-version=hidden-query"
    assert journal.entries()[0].call.endpoint == loopback.url
    assert b"hidden-" not in journal.path.read_bytes()


def test_no_proxy_stands_between_us_and_loopback(
    loopback: Loopback, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(make_client()).value.sql == "SELECT 1"


def test_a_redirect_is_not_followed(loopback: Loopback, make_client: MakeClient) -> None:
    with Loopback() as other:
        place = {"Location": f"{other.url}/chat/completions"}
        loopback.script = [Step(status=308, headers=place)]
        with pytest.raises(EndpointError, match="they are not followed"):
            ask(make_client())
        assert other.requests == []


@pytest.mark.parametrize(
    "step",
    [
        Step(wait_s=30.0),
        Step(trickle_s=0.02),  # each byte would start a time-out anew; the head alone takes 2 s
        Step(body="x" * 3_000_000, trickle_s=0.2),
    ],
)
def test_a_hang_ends_by_the_deadline(
    loopback: Loopback, make_client: MakeClient, journal: Journal, step: Step
) -> None:
    loopback.script = [step]
    client = make_client(deadline_s=0.6)
    began = time.monotonic()
    with pytest.raises(EndpointError) as caught:
        ask(client)
    assert 0.5 <= time.monotonic() - began < 0.6 + LATE_S
    assert caught.value.kind == "deadline"
    (entry,) = journal.entries()
    assert entry.verdict == "deadline"
    assert entry.charge.tokens_out == 2048  # it may be billed
    assert_no_call_goes_on()


def test_a_slow_but_steady_reply_arrives(loopback: Loopback, make_client: MakeClient) -> None:
    loopback.script = [Step(trickle_s=0.0005)]
    assert ask(make_client()).value.sql == "SELECT 1"


def test_an_endless_reply_is_cut_off(loopback: Loopback, make_client: MakeClient) -> None:
    loopback.script = [Step(endless=True)]
    with pytest.raises(EndpointError, match="too large"):
        ask(make_client())


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_closes_the_connection_and_is_charged_at_its_maximum(
    loopback: Loopback, make_client: MakeClient, journal: Journal
) -> None:
    def press_stop() -> None:
        while not loopback.requests:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    loopback.script = [Step(wait_s=30.0), Step()]
    client = make_client()
    began = time.monotonic()
    presser = threading.Thread(target=press_stop)
    presser.start()
    with pytest.raises(KeyboardInterrupt):
        ask(client)
    presser.join()
    assert time.monotonic() - began < 5.0
    (entry,) = journal.entries()
    assert (entry.verdict, entry.charge.tokens) == ("interrupted", entry.call.most.tokens)
    assert client.budget.spent.tokens == entry.charge.tokens
    assert_no_call_goes_on()
    assert ask(client).value.sql == "SELECT 1"  # who stopped it may ask again


def test_what_was_learned_about_one_model_is_not_held_against_another(
    loopback: Loopback, make_client: MakeClient
) -> None:
    loopback.script = [Step(content='```{"sql": "SELECT 1", "notes": []}```')]
    learned: dict[tuple[str, str], object] = {}
    client = make_client(learned=learned)
    assert ask(client).rung == "text"
    loopback.script = [Step()]
    other = make_client(learned=learned)
    other.endpoint = replace(other.endpoint, model="another")
    assert ask(other).rung == "json_schema"


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://256.1.1.1/v1", ""),
        ("http://a..b/v1", ""),
        ("http://kit.invalid/v1", "what?"),
        ("http://kit.invalid/v1", "gopher://127.0.0.1:9"),
        ("http://kit.invalid/v1", "http://127.0.0.1:9"),
    ],
)
def test_an_address_that_cannot_be_is_down(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, url: str, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    client = Client(Endpoint(url, "scripted"), journal, timing=Jumps().timing, learned={})
    with pytest.raises(EndpointError, match="cannot be reached") as caught:
        ask(client)
    assert (caught.value.kind, journal.spent().tokens) == ("down", 0)


def test_a_name_that_is_looked_up_for_ever_ends_by_the_deadline(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def look_up(*_: object, **__: object) -> list[object]:
        over.wait(10.0)
        return []

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    client = Client(Endpoint("http://kit.invalid/v1", "scripted"), journal, deadline_s=0.5)
    began = time.monotonic()
    with pytest.raises(EndpointError, match="did not reply in time"):
        ask(client)
    assert time.monotonic() - began < 0.5 + LATE_S
    over.set()
