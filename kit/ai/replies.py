"""What a model may reply, as flat pydantic models; a prompt names one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

MAX_SQL = 4000
MAX_NOTE = 600
MAX_SENTENCE, MAX_SENTENCES = 500, 12

_Sized = TypeVar("_Sized", bound=Sized)


def _at_most(most: int, of: str = "characters") -> AfterValidator:
    """Cap a text here and not in the JSON schema: servers turn a ``maxLength`` into a grammar."""

    def check(value: _Sized) -> _Sized:
        if len(value) > most:
            raise ValueError(f"has {len(value)} {of}; must have at most {most}")
        return value

    return AfterValidator(check)


class SQLDraft(BaseModel):
    """One query that is to answer a question.

    Parameters
    ----------
    sql : str
        One SELECT; empty where the tables do not hold the answer.
    assumptions : str
        What the draft takes for granted, in a sentence or two.

    Examples
    --------
    >>> SQLDraft(sql="SELECT 1", assumptions="").sql
    'SELECT 1'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sql: Annotated[str, _at_most(MAX_SQL)]
    assumptions: Annotated[str, _at_most(MAX_NOTE)]


class CitedSentence(BaseModel):
    """A sentence of an answer, and what it rests on.

    Parameters
    ----------
    text : str
    passage : str
        Id of one passage that was given.
    quote : str
        Some words of that passage, as they stand there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: Annotated[str, _at_most(MAX_SENTENCE)]
    passage: str
    quote: str


class DocumentAnswer(BaseModel):
    """An answer from passages of documents.

    Parameters
    ----------
    sentences : list of CitedSentence
        None where the passages do not hold the answer.

    Examples
    --------
    >>> DocumentAnswer(sentences=[CitedSentence(text="So.", passage="p1", quote="so")])
    DocumentAnswer(sentences=[CitedSentence(text='So.', passage='p1', quote='so')])
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sentences: Annotated[list[CitedSentence], _at_most(MAX_SENTENCES, "items")]


class NarrativeDraft(BaseModel):
    """The story of a result, before it is held against its facts.

    Parameters
    ----------
    sentences : list of str
        In order, with citations.

    Examples
    --------
    >>> NarrativeDraft(sentences=["It won 5 USD [F1]."]).sentences
    ['It won 5 USD [F1].']
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sentences: Annotated[
        list[Annotated[str, _at_most(MAX_SENTENCE)]], _at_most(MAX_SENTENCES, "items")
    ]


class VariantProposal(BaseModel):
    """One change of one trial, and why.

    Parameters
    ----------
    parent : int
        Number of the trial that is changed.
    kind : str
        What is changed.
    name, value : str
        As `kit.variant.change.Change` takes them.
    hypothesis : str
        Why it should earn more.

    Examples
    --------
    >>> VariantProposal(parent=0, kind="drop_feature", name="hour", value="", hypothesis="").name
    'hour'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    parent: int
    kind: Literal[
        "add_feature", "drop_feature", "add_expression", "drop_expression", "objective",
        "calibration", "recent_share", "param", "policy_param", "exchange_factor",
        "first_price_factor", "constraint",
    ]  # fmt: skip
    name: Annotated[str, _at_most(MAX_NOTE)]
    value: Annotated[str, _at_most(MAX_NOTE)]
    hypothesis: Annotated[str, _at_most(MAX_NOTE)]


REPLIES: Mapping[str, type[BaseModel]] = {
    "SQLDraft": SQLDraft,
    "DocumentAnswer": DocumentAnswer,
    "NarrativeDraft": NarrativeDraft,
    "VariantProposal": VariantProposal,
}
"""By the name in a prompt's front matter."""
