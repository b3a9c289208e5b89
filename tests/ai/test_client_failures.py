"""What a call that fails is told as, and when it is tried again, over the loopback server."""

from __future__ import annotations

import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from tests.ai.cases import GOOD, Jumps, ask
from tests.ai.conftest import KEY, MakeClient, failure, verdicts
from tests.ai.loopback import Loopback, Step


@pytest.mark.parametrize(
    ("step", "kind", "says"),
    [
        (Step(content='{"sql": "SEL', finish="length"), "cut_off", "cut off at 2048 tokens"),
        (Step(content=GOOD, finish="length"), "cut_off", "cut off"),
        (Step(content=None, message={"refusal": "I cannot."}), "refused", "declined"),
        (Step(content=None, finish="content_filter"), "refused", "declined"),
        (Step(body='{"choices": []}'), "invalid", "no chat completion"),
        (Step(body="{}"), "invalid", "no chat completion"),
        (Step(body="[]"), "invalid", "no chat completion"),
        (Step(body="null"), "invalid", "no chat completion"),
        (Step(body=""), "invalid", "no chat completion"),
        (Step(body=b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), "invalid", "no chat"),
        (Step(body=r'{"choices": [{"message": {"content": "\ud800"}}]}'), "invalid", "no chat"),
        (Step(body="[" * 200_000), "invalid", "no chat completion"),
        (Step(content={"a": 1}), "invalid", "no chat completion"),  # type: ignore[arg-type]
        (Step(body='{"choices": {"message": 3}}'), "invalid", "no chat completion"),
        (
            Step(body="<html>It works!</html>", headers={"Content-Type": "text/html"}),
            "invalid",
            "mostly ends in /v1",
        ),
        (Step(content="x" * 5_000_000), "invalid", "too large"),
        (Step(body=b"x", headers={"Content-Encoding": "gzip"}), "invalid", "packed"),
        (Step(status=401, error=f"Incorrect API key provided: {KEY}"), "key", "OPENAI_API_KEY"),
        (Step(status=403), "key", "OPENAI_API_KEY"),
        (Step(status=402), "key", "no credit"),
        (Step(status=429, code="insufficient_quota"), "key", "no credit"),
        (Step(status=404, error="model `x` not found"), "other", "knows no model 'scripted'"),
        (Step(status=404, body="<html>404</html>"), "other", "mostly ends in /v1"),
        (Step(status=400, code="context_length_exceeded"), "too_long", "longer context"),
        (
            Step(status=400, error="the request exceeds the available context size"),
            "too_long",
            "longer context",
        ),
        (Step(status=413), "too_long", "longer context"),
        (Step(status=400, error="no such thing"), "other", '("scripted no such thing")'),
        (Step(status=400, error=f"what is {KEY}?"), "other", '("scripted what is ***?")'),
        (Step(status=418, body=b"\xff\xfe\x00"), "other", "refused the request (HTTP 418)"),
        (Step(status=400, body="[" * 200_000), "other", "refused the request (HTTP 400)"),
        (Step(status=400, body='"text"'), "other", "refused the request (HTTP 400)"),
        (Step(status=307, headers={"Location": "/v2"}), "other", "not followed"),
        (Step(status=204, body=""), "other", "HTTP 204"),
    ],
)
def test_a_failure_that_time_does_not_heal_is_told_at_once(
    loopback: Loopback, make_client: MakeClient, journal: Journal, step: Step, kind: str, says: str
) -> None:
    loopback.script = [step]
    error = failure(make_client())
    assert error.kind == kind
    assert says in str(error)
    assert len(str(error)) < 500
    assert len(loopback.requests) == 1
    assert verdicts(journal) == [kind]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (Step(status=429), "busy"),
        (Step(status=503), "busy"),
        (Step(status=500), "down"),
        (Step(status=502, body="<html>Bad gateway</html>"), "down"),
        (Step(status=408), "down"),
        (Step(reset="before"), "down"),
        (Step(reset="within"), "down"),
    ],
)
def test_a_failure_that_time_may_heal_is_tried_three_times(
    loopback: Loopback, make_client: MakeClient, journal: Journal, step: Step, kind: str
) -> None:
    jumps = Jumps()
    loopback.script = [step]
    assert failure(make_client(timing=jumps.timing)).kind == kind
    assert len(loopback.requests) == 3
    assert 0.25 <= jumps.slept[0] <= 0.5 <= jumps.slept[1] <= 1.0
    assert len(jumps.slept) == 2
    assert verdicts(journal) == [kind] * 3
    assert len({entry.call.key for entry in journal.entries()}) == 1


def test_it_goes_on_where_a_retry_succeeds(loopback: Loopback, make_client: MakeClient) -> None:
    loopback.script = [Step(status=429), Step(reset="before"), Step()]
    reply = ask(make_client(timing=Jumps().timing))
    assert (reply.usage.calls, reply.usage.reported) == (3, False)


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("7", 7.0, 7.25),
        ("0", 0.0, 0.25),
        ("Mon, 12 Jan 1970 13:46:52 GMT", 12.0, 12.25),  # 1 000 012 s
        ("Mon, 12 Jan 1970 13:00:00 GMT", 0.0, 0.25),  # past
        ("soon", 0.25, 0.5),
        ("nan", 0.25, 0.5),
        ("-3", 0.25, 0.5),
        ("Mon, 99 Jan 99999 13:00:00 GMT", 0.25, 0.5),
    ],
)
def test_what_a_server_asks_to_wait_is_waited(
    loopback: Loopback, make_client: MakeClient, asked: str, least: float, most: float
) -> None:
    jumps = Jumps()
    loopback.script = [Step(status=429, headers={"Retry-After": asked}), Step()]
    assert ask(make_client(timing=jumps.timing)).usage.calls == 2
    assert least <= jumps.slept[0] <= most


def test_a_wait_beyond_the_deadline_is_not_begun(
    loopback: Loopback, make_client: MakeClient
) -> None:
    jumps = Jumps()
    loopback.script = [Step(status=429, headers={"Retry-After": "3600"})]
    error = failure(make_client(timing=jumps.timing, deadline_s=30.0))
    assert error.kind == "busy"
    assert "next try is due in 3600 s, and" in str(error)
    assert (jumps.slept, len(loopback.requests)) == ([], 1)


def test_the_deadline_is_over_all_tries(loopback: Loopback, make_client: MakeClient) -> None:
    jumps = Jumps()
    loopback.script = [Step(status=429, headers={"Retry-After": "8"})]
    assert failure(make_client(timing=jumps.timing, deadline_s=10.0)).kind == "busy"
    assert len(loopback.requests) == 2


def test_a_server_that_is_not_there(journal: Journal) -> None:
    with Loopback() as gone:
        endpoint = Endpoint(gone.url, "scripted")
    error = failure(Client(endpoint, journal, timing=Jumps().timing))
    assert error.kind == "down"
    assert "cannot be reached. Start the server" in str(error)
    spent = journal.spent()
    assert (spent.calls, spent.tokens) == (3, 0)  # never sent: never billed
