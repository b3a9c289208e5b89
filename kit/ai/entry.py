"""`Call` and `Entry`: a call as it goes into the journal, and as it stands there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kit.ai.budget import Charge
from kit.ai.endpoint import Endpoint
from kit.ai.structured import Message

UNKNOWN = "unknown"
UNDER_WAY = "under way"


@dataclass(frozen=True)
class Call:
    """What is about to be sent.

    Parameters
    ----------
    key : str
        From `key_of`.
    root : str
        Key of the first call of the same question; a repair has another `key`.
    parent : int or None
        Number of the entry that it follows from.
    prompt_id, prompt_version : str
        Which prompt.
    messages, reply_schema, parameters : str
        As JSON.
    model, endpoint : str
        Who is asked; the address holds no query.
    rung : str
        How the schema is asked for.
    most : Charge
        What it may cost.
    """

    key: str
    root: str
    parent: int | None
    prompt_id: str
    prompt_version: str
    messages: str
    reply_schema: str
    parameters: str
    model: str
    endpoint: str
    rung: str
    most: Charge


@dataclass(frozen=True)
class Entry:
    """A call in the journal.

    Parameters
    ----------
    number : int
        Its place, from 1.
    call : Call
        What was sent.
    verdict : str
        ``ok``, ``invalid`` (the reply did not fit), a kind of `EndpointError`, ``interrupted`` by
        its user, ``under way``, or ``unknown``: its process ended before its reply was recorded.
    reply : str or None
        What the model wrote.
    charge : Charge
        What it cost; what is not known is charged at its maximum.
    started_at : float
        Seconds since the epoch.
    host : str
        Machine whose process made it.
    pid : int
        That process.
    """

    number: int
    call: Call
    verdict: str
    reply: str | None
    charge: Charge
    started_at: float
    host: str
    pid: int


def canonical(value: Any) -> str:
    """Return JSON with one spelling: keys sorted, no spaces, ASCII.

    Examples
    --------
    >>> canonical({"b": 1, "a": [2, None]})
    '{"a":[2,null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def key_of(
    prompt_id: str,
    prompt_version: str,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    endpoint: Endpoint,
) -> str:
    """Return the content address of a call: a SHA-256 of all that decides its reply.

    Parameters
    ----------
    prompt_id, prompt_version : str
        Which prompt.
    messages : sequence of dict
        What is said.
    schema : mapping
        What the reply must be.
    endpoint : Endpoint
        Its model, address and decoding parameters; not its key or prices.

    Examples
    --------
    >>> local = Endpoint("http://127.0.0.1:8080/v1", "qwen", key="sk-0123456789")
    >>> key_of("sql_draft", "1", [{"role": "user", "content": "?"}], {}, local)[:8]
    '...'
    """
    content = [
        prompt_id, prompt_version, list(messages), dict(schema), endpoint.model, endpoint.address,
        endpoint.parameters,
    ]  # fmt: skip
    return hashlib.sha256(canonical(content).encode()).hexdigest()
