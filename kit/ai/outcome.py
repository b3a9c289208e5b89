"""What one request came to: usable, to be mended, to be tried again, or a failure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from kit.ai.answer import Answer, Dialect, Sent, failure_of, read_answer, said_in
from kit.ai.budget import Charge
from kit.ai.endpoint import Endpoint
from kit.ai.structured import read_reply

_LOSSES = {
    "unreached": (
        "down",
        "{0} cannot be reached. Start the server, or check OPENAI_BASE_URL and the proxy settings.",
    ),
    "lost": ("down", "{0} closed the connection before its reply was whole. Ask again."),
    "deadline": ("deadline", "{0} did not reply in time. Ask again, or allow more seconds."),
    "large": ("invalid", "{0} sent a reply that is too large or packed. Use another endpoint."),
}


@dataclass(frozen=True)
class Outcome:
    """What a request came to.

    Parameters
    ----------
    verdict : str
        ``ok``, ``invalid``, or another kind of `EndpointError`.
    text : str or None
        What the model wrote, without the key.
    charge : Charge or None
        What it cost; None if the endpoint does not say: its maximum.
    message : str
        Of a failure: what a person is told.
    value : BaseModel or None
        Of ``ok``: the reply.
    problems : str
        Of ``invalid``: what the model is told; empty if it is no use telling it.
    found, bare : bool
        Whether there was JSON, and nothing but it.
    again : bool
        Whether the same request may succeed later.
    retry_after : str or None
        When, if the endpoint said so.
    adapted : Dialect or None
        What the endpoint wants instead, if it said so.
    """

    verdict: str
    text: str | None
    charge: Charge | None
    message: str = ""
    value: BaseModel | None = None
    problems: str = ""
    found: bool = False
    bare: bool = False
    again: bool = False
    retry_after: str | None = None
    adapted: Dialect | None = None


def outcome_of(
    sent: Sent, seconds: float, endpoint: Endpoint, dialect: Dialect, reply: type[BaseModel]
) -> Outcome:
    """Judge one request.

    Parameters
    ----------
    sent : Sent
        What became of it.
    seconds : float
        How long it took.
    endpoint : Endpoint
        Who was asked.
    dialect : Dialect
        How it was asked.
    reply : type of BaseModel
        What the reply must be.
    """
    nothing = Charge(0, 0, endpoint.price(0, 0), seconds, reported=True)
    if sent.loss is not None:
        kind, message = _LOSSES[sent.loss]
        free = nothing if sent.loss == "unreached" else None
        again = kind == "down"
        return Outcome(kind, None, free, message.format(endpoint.address), again=again)
    if sent.status != 200:
        return _refused(sent, nothing, endpoint, dialect)
    answer = read_answer(sent.body)
    if answer is None:
        return Outcome(
            "invalid", None, None,
            f"{endpoint.address} sent what is no chat completion. Check OPENAI_BASE_URL: it mostly "
            "ends in /v1.",
        )  # fmt: skip
    charge = None
    if answer.tokens is not None:
        charge = Charge(*answer.tokens, endpoint.price(*answer.tokens), seconds, reported=True)
    return _read(answer, charge, endpoint, reply)


def _refused(sent: Sent, nothing: Charge, endpoint: Endpoint, dialect: Dialect) -> Outcome:
    status = sent.status or 0
    said = endpoint.hide_key(said_in(sent.body))
    kind, message, again = failure_of(status, said, endpoint.address, endpoint.model)
    adapted = None if kind == "too_long" else dialect.adapted(status, said, endpoint.parameters)
    # A server or a proxy that failed may have run the model, and may bill it.
    free = nothing if status < 500 or adapted is not None else None
    return Outcome(
        kind, None, free, message, again=again and adapted is None,
        retry_after=sent.retry_after, adapted=adapted,
    )  # fmt: skip


def _read(
    answer: Answer, charge: Charge | None, endpoint: Endpoint, reply: type[BaseModel]
) -> Outcome:
    text = None if answer.text is None else endpoint.hide_key(answer.text)
    name = repr(endpoint.model)
    if answer.refused:
        return Outcome("refused", text, charge, f"{name} declined to answer. Ask otherwise.")
    if answer.finish == "length":
        return Outcome(
            "cut_off", text, charge,
            f"the reply of {name} was cut off at {endpoint.max_output_tokens} tokens or at the end "
            "of its context. Allow more tokens, or ask for less.",
        )  # fmt: skip
    read = read_reply(None if answer.called_tool else text, reply)
    message = f"{name} never gave the reply that was asked for. Use a stronger model."
    return Outcome(
        "ok" if read.value is not None else "invalid", text, charge, message, read.value,
        read.problems, read.found, read.bare,
    )  # fmt: skip
