"""`Question` and `Reply`: what is asked of a model, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from kit.ai.budget import Charge
from kit.ai.endpoint import Endpoint
from kit.ai.entry import key_of
from kit.ai.structured import Message, Rung

ReplyT = TypeVar("ReplyT", bound=BaseModel)


@dataclass(frozen=True)
class Question(Generic[ReplyT]):
    """What is asked.

    Parameters
    ----------
    prompt_id, prompt_version : str
        Which prompt made the messages.
    messages : sequence of dict
        What is said.
    reply : type of BaseModel
        What the reply must be.
    schema : mapping
        Its strict JSON schema.
    parent : int or None
        Number of the entry that it follows from.
    """

    prompt_id: str
    prompt_version: str
    messages: Sequence[Message]
    reply: type[ReplyT]
    schema: Mapping[str, Any]
    parent: int | None

    def key(self, endpoint: Endpoint, messages: Sequence[Message] | None = None) -> str:
        """Return its content address at an endpoint; or that of other messages in its place."""
        said = self.messages if messages is None else messages
        return key_of(self.prompt_id, self.prompt_version, said, self.schema, endpoint)


@dataclass(frozen=True)
class Usage:
    """What a question took, over all its calls.

    Parameters
    ----------
    tokens_in, tokens_out : int
        Sent and received; of calls that did not say, their maximum.
    calls : int
        Retries and repairs included; 0 for a reply out of the journal.
    reported : bool
        Whether the endpoint said the tokens of every call.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0
    reported: bool = True

    def plus(self, charge: Charge) -> Usage:
        """Return the sum with one call more."""
        return Usage(
            self.tokens_in + charge.tokens_in,
            self.tokens_out + charge.tokens_out,
            self.calls + 1,
            self.reported and charge.reported,
        )


@dataclass(frozen=True)
class Reply(Generic[ReplyT]):
    """A valid reply.

    Parameters
    ----------
    value : BaseModel
        Of the type that was asked for.
    text : str
        What the model wrote, as it came.
    usage : Usage
        What it took now.
    cost : Decimal or None
        What it cost now; None if the price is unknown.
    rung : {"json_schema", "json_object", "text"}
        How the schema was asked for; ``text`` also where the JSON had to be dug out.
    repairs : int
        How often the model was told what was wrong.
    entry : int
        Number in the journal: the `parent` of a question that follows from it.
    """

    value: ReplyT
    text: str
    usage: Usage
    cost: Decimal | None
    rung: Rung
    repairs: int
    entry: int
