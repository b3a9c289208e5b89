"""Read what came back over the wire: a completion, or why there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from kit.ai.structured import RUNGS, Rung

Loss = Literal["unreached", "lost", "deadline", "large"]
"""Why no reply came: never sent, cut off on the way, too late, or too large."""

_MAX_SAID = 200
_MAX_READ = 20_000
_REJECTING = (400, 404, 415, 422, 500, 501)
_FORMAT = ("response_format", "json_schema", "json_object", "structured output", "grammar")
_TOO_LONG = (
    "context_length", "context length", "context size", "context window", "maximum context",
    "exceed_context", "too many tokens", "prompt is too long",
)  # fmt: skip
_NO_QUOTA = ("insufficient_quota", "billing", "exceeded your current quota")


@dataclass(frozen=True)
class Sent:
    """What became of one request.

    Parameters
    ----------
    status : int or None
        HTTP status; None if no reply came.
    body : bytes
        The reply as it came.
    retry_after : str or None
        The header of that name.
    loss : {"unreached", "lost", "deadline", "large"} or None
        Why no reply came.
    """

    status: int | None
    body: bytes = b""
    retry_after: str | None = None
    loss: Loss | None = None


@dataclass(frozen=True)
class Dialect:
    """How an endpoint wants to be spoken to, as far as it has said.

    Parameters
    ----------
    rung : {"json_schema", "json_object", "text"}
        How a schema is asked for.
    limit : {"max_tokens", "max_completion_tokens"}
        What it calls the most tokens of a reply.
    without : frozenset of str
        Decoding parameters that it does not take.
    """

    rung: Rung = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    without: frozenset[str] = frozenset()

    def lower(self) -> Dialect | None:
        """Return the next rung down; None below the last."""
        after = RUNGS[RUNGS.index(self.rung) + 1 :]
        return replace(self, rung=after[0]) if after else None

    def adapted(self, status: int, said: str, sent: Collection[str] = ()) -> Dialect | None:
        """Return what to try after a refusal; None if the refusal is about something else.

        Parameters
        ----------
        status : int
            HTTP status.
        said : str
            From `said_in`.
        sent : collection of str
            Decoding parameters of the request.

        Examples
        --------
        >>> Dialect().adapted(400, "response_format is not supported").rung
        'json_object'
        >>> Dialect().adapted(400, "max_tokens: use max_completion_tokens instead").limit
        'max_completion_tokens'
        >>> Dialect().adapted(400, "no such tool") is None
        True
        """
        if status not in _REJECTING:
            return None
        said = said.lower()
        if "max_completion_tokens" in said and self.limit == "max_tokens":
            return replace(self, limit="max_completion_tokens")
        for name in ("temperature", "seed"):
            if name in said and name in sent and name not in self.without:
                return replace(self, without=self.without | {name})
        return self.lower() if any(word in said for word in _FORMAT) else None


@dataclass(frozen=True)
class Answer:
    """A completion, as far as we look at it.

    Parameters
    ----------
    text : str or None
        What the model wrote.
    finish : str
        Why it stopped.
    refused : bool
        Whether it, or a filter, declined.
    called_tool : bool
        Whether it called a tool, of which it was given none.
    tokens : tuple of int, or None
        Tokens in and out; None where the endpoint does not say.
    """

    text: str | None
    finish: str
    refused: bool
    called_tool: bool
    tokens: tuple[int, int] | None


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Message(_Loose):
    content: StrictStr | None = None
    refusal: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(_Loose):
    message: _Message
    finish_reason: Any = None


class _Completion(_Loose):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


class _Usage(_Loose):
    prompt_tokens: StrictInt = Field(ge=0, lt=10**12)
    completion_tokens: StrictInt = Field(ge=0, lt=10**12)


def read_answer(body: bytes) -> Answer | None:
    """Return the completion in the body of a reply; None if there is none.

    Examples
    --------
    >>> read_answer(b'{"choices": [{"message": {"content": "{}"}}]}')
    Answer(text='{}', finish='', refused=False, called_tool=False, tokens=None)
    >>> read_answer(b"<html>") is None
    True
    """
    try:
        choice, usage = _read(body)
    except ValidationError:
        return None
    message = choice.message
    finish = choice.finish_reason if isinstance(choice.finish_reason, str) else ""
    return Answer(
        text=message.content,
        finish=finish,
        refused=bool(message.refusal) or finish == "content_filter",
        called_tool=bool(message.tool_calls or message.function_call),
        tokens=usage,
    )


def _read(body: bytes) -> tuple[_Choice, tuple[int, int] | None]:
    completion = _Completion.model_validate_json(body)
    try:
        usage = _Usage.model_validate(completion.usage)
    except ValidationError:
        return completion.choices[0], None
    return completion.choices[0], (usage.prompt_tokens, usage.completion_tokens)


def said_in(body: bytes) -> str:
    """Return what an error's body says, with its code: one visible line, for reading by machine."""
    text = body[:_MAX_READ].decode("utf-8", "replace")
    try:
        error = json.loads(text)
        error = error.get("error", error)
        text = " ".join(str(error[name]) for name in ("code", "type", "param", "message", "detail")
                        if error.get(name))  # fmt: skip
    except (ValueError, AttributeError, TypeError, RecursionError):
        pass
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text)).strip()


def failure_of(status: int, said: str, address: str, model: str) -> tuple[str, str, bool]:
    """Return kind, message and whether trying again may help, of a reply that is an error.

    Parameters
    ----------
    status : int
        HTTP status.
    said : str
        From `said_in`, without the key.
    address, model : str
        Who was asked.

    Examples
    --------
    >>> failure_of(503, "", "http://127.0.0.1:8080/v1", "qwen")[::2]
    ('busy', True)
    """
    lower = said.lower()
    quoted = f' ("{said[:_MAX_SAID]}")' if said and not said.startswith("<") else ""
    if status in (401, 403):  # what is said often repeats a part of the key
        return "key", (
            f"{address} does not accept the key (HTTP {status}). Set OPENAI_API_KEY to a key of "
            f"that endpoint that may use {model!r}."
        ), False  # fmt: skip
    if status in (402, 429) and (status == 402 or any(word in lower for word in _NO_QUOTA)):
        return "key", (
            f"{address}: the account of OPENAI_API_KEY has no credit left. Add some, or set "
            "another key."
        ), False  # fmt: skip
    if status == 413 or (status < 500 and any(word in lower for word in _TOO_LONG)):
        return "too_long", (
            f"{model!r} cannot take a prompt so long{quoted}. Ask about fewer tables, or use a "
            "model with a longer context."
        ), False  # fmt: skip
    if status in (429, 503, 529):
        return "busy", f"{address} is busy (HTTP {status}). Wait, and ask again.", True
    if status == 404:
        return "other", (
            f"{address} knows no model {model!r}, or no such path{quoted}. Check KIT_MODEL, and "
            "OPENAI_BASE_URL: it mostly ends in /v1."
        ), False  # fmt: skip
    if status in (408, 409) or status >= 500:
        return "down", f"{address} failed (HTTP {status}){quoted}. Ask again later.", True
    if 300 <= status < 400:
        return "other", (
            f"{address} sends requests elsewhere (HTTP {status}); they are not followed, so that "
            "nothing goes where you did not say. Set OPENAI_BASE_URL to the new address."
        ), False  # fmt: skip
    return "other", (
        f"{address} refused the request (HTTP {status}){quoted}. Check KIT_MODEL and the manual "
        "of the endpoint."
    ), False  # fmt: skip
