"""Check an answer against the passages it cites: what does not hold is struck."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kit.ai.disclosure import MAX_PASSAGE, MAX_TEXT
from kit.ai.documents.index import query_words
from kit.ai.documents.passage import Passage
from kit.ai.hostile import clean
from kit.ai.replies import MAX_SENTENCE, CitedSentence

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_EXACT = re.compile(r"`([^`]+)`|(--?[A-Za-z][\w-]*)|(\w+(?:\.\w+)+(?:/[\w./-]*)?)|(\w+://\S+)")
_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile(r"[*`\"“”]")
_STEM = 5
_QUOTED_WORDS = 2
_SHARED = 1 / 3
"""Share of a sentence's words, by their first letters, that its passage must hold."""


@dataclass(frozen=True)
class Sentence:
    """A sentence that holds.

    Parameters
    ----------
    text : str
    passage : Passage
        Where it stands.
    """

    text: str
    passage: Passage


@dataclass(frozen=True)
class Struck:
    """A sentence that does not.

    Parameters
    ----------
    text : str
    why : str
    """

    text: str
    why: str


def check_sentences(
    sentences: Iterable[CitedSentence], given: Mapping[str, Passage]
) -> tuple[tuple[Sentence, ...], tuple[Struck, ...]]:
    """Return the sentences that hold, and those that are struck.

    A sentence must cite a passage that was given, quote words of it as they stand there, take
    every number, command, option, dotted name and address from it, and share words with it. That
    it says what the passage means, code cannot tell: the passage is named so that a person can.

    Parameters
    ----------
    sentences : iterable of CitedSentence
        From a model.
    given : mapping of str to Passage
        What it was given, by id.
    """
    held: list[Sentence] = []
    struck: list[Struck] = []
    for one in sentences:
        text = clean(one.text, MAX_SENTENCE)
        passage = given.get(one.passage.strip())
        why = "it cites no passage that was given" if passage is None else _fault(one, passage)
        if passage is None or why:
            struck.append(Struck(text, why))
        else:
            held.append(Sentence(text, passage))
    return tuple(held), tuple(struck)


def sent_text(passage: Passage) -> str:
    """Return a passage as a model reads it: one line, without ids, cut short."""
    return clean(passage.part.text, MAX_PASSAGE)


def _fault(one: CitedSentence, passage: Passage) -> str:
    """Return why a sentence does not hold; empty if it does."""
    body = _bare(sent_text(passage))
    title = _bare(clean(passage.part.title, MAX_TEXT))
    text = clean(one.text, MAX_SENTENCE)
    if not _WORD.findall(text):
        return "it says nothing"
    quote = _bare(clean(one.quote, MAX_SENTENCE))
    if len(quote.split()) < _QUOTED_WORDS:
        return "it quotes nothing"
    if quote not in body:
        return "its quote does not stand in the passage"
    numbers = set(_NUMBER.findall(f"{title} {body}"))
    for number in _NUMBER.findall(text):
        if number not in numbers:
            return f"{number} does not stand in the passage"
    for found in _EXACT.finditer(text):
        exact = _bare(next(filter(None, found.groups()))).rstrip(".,;:")
        if exact not in f"{title} {body}":
            return f"{exact} does not stand in the passage"
    said = {word[:_STEM] for word in query_words(text)}
    if len(said & _stems(f"{title} {body}")) < _SHARED * len(said):
        return "it says little of what the passage says"
    return ""


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in _WORD.findall(text.lower())}


def _bare(text: str) -> str:
    """Return a text without marks of Markdown and quotes, which models drop or change."""
    return " ".join(_MARKS.sub("", text).split())
