"""A scripted server and clients of it, each test with its own journal; how their calls ended."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.base.errors import ENDPOINT_FAILURES, EndpointError
from tests.ai.cases import ask
from tests.ai.loopback import Loopback

KEY = "sk-loopback-0123456789abcdef"
MakeClient = Callable[..., Client]


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A server whose script a test sets."""
    with Loopback() as server:
        yield server


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "ai.sqlite")


@pytest.fixture
def make_client(loopback: Loopback, journal: Journal) -> MakeClient:
    """Return what makes a client of the server; fields of the endpoint come as a dict."""

    def make(endpoint: dict[str, Any] | None = None, **options: Any) -> Client:
        asked = Endpoint(loopback.url, "scripted", **{"key": KEY, **(endpoint or {})})
        given = {"journal": journal, "rng": random.Random(7), "learned": {}, **options}
        return Client(asked, **given)

    return make


def failure(client: Client, **options: object) -> EndpointError:
    """Ask, and return why there was no reply."""
    with pytest.raises(EndpointError) as caught:
        ask(client, **options)
    assert caught.value.kind in ENDPOINT_FAILURES
    assert KEY not in str(caught.value)
    return caught.value


def verdicts(journal: Journal) -> list[str]:
    """Return how the journal's calls ended, in order."""
    return [entry.verdict for entry in journal.entries()]
