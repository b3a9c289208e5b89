"""Split a question, or a name, into words, numbers and signs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"\d{4}-\d{2}-\d{2}"  # a date
    r"|\d{1,2}:\d{2}"  # a time
    r"|\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"  # a number
    r"|[^\W\d_][^\W_]*(?:'[^\W\d_]+)?"  # a word, its apostrophe with it
    r"|>=|<=|!=|[<>=%$/&+:;,.()?!*\u2013\u2014\u20ac\u00a3\-]"
)
_SPOKEN = {
    "\u2265": ">=", "\u2264": "<=", "\u2260": "!=", "\u2019": "'", "\u2018": "'",
    "\u201c": " ", "\u201d": " ", '"': " ", "_": " ", "U.S.": "US", "U.K.": "UK",
    "incl.": "incl", "excl.": "excl", "avg.": "avg", "e.g.": "eg",
    "i.e.": "ie", "a.m.": "am", "p.m.": "pm", "w/o": "without", "W/o": "without",
    "W/O": "without", "w/ ": "with ", "W/ ": "with ", "vs.": "vs", "approx.": "approx",
    "no. of": "no of", "No. of": "no of", "nr. of": "nr of",
    "->": " \u2014 ", "=>": " \u2014 ", "\u2192": " \u2014 ",
    "\u00d7": " x ", " -- ": " \u2014 ", "yes/no": "yes or no", "y/n": "yes or no",
}  # fmt: skip
_DASH = re.compile(r"(?<![\d\s])\s+-\s+|\s+-\s+(?![\d\s])")  # between numbers it is a range
_THOSE = re.compile(
    r"\b(?:of|among|from) (?:those|these|them)\b(?! (?:with|that|who|which))", re.IGNORECASE
)
_WEEKDAYS = re.compile(
    r"\b((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\s?[-\u2013]\s?((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\b",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"the", "an", "our", "its", "their", "my", "these", "those"})
_NOT = {"can't": "can", "won't": "will", "shan't": "shall"}


@dataclass(frozen=True)
class Token:
    """One word, number or sign.

    Parameters
    ----------
    text : str
        As it was written.
    norm : str
        In lower case.
    stem : str
        Without its plural ``s``.
    """

    text: str
    norm: str
    stem: str

    @property
    def is_number(self) -> bool:
        """Whether it starts with a digit and is no date or time."""
        return self.text[0].isdigit() and not {"-", ":"} & set(self.text)


@lru_cache(maxsize=32768)
def tokenize(text: str) -> tuple[Token, ...]:
    """Return the tokens of a text, without articles; a hyphen inside a word parts it.

    Examples
    --------
    >>> [token.norm for token in tokenize("What's the click-through on dione, > 2.5%?")]
    ['what', 'is', 'click', 'through', 'on', 'dione', ',', '>', '2.5', '%', '?']
    """
    plain = unicodedata.normalize("NFKC", text)
    for written, spoken in _SPOKEN.items():
        plain = plain.replace(written, spoken)
    plain = _THOSE.sub(" thereof ", plain)  # what it refers to is not worked out: it is declined
    plain = _DASH.sub(" \u2014 ", _WEEKDAYS.sub(r"\1 to \2", plain))
    tokens: list[Token] = []
    found = list(_TOKEN.finditer(plain))
    for place, match in enumerate(found):
        word = match.group().rstrip(".,") if match.group()[0].isdigit() else match.group()
        if word == "-" and not _is_range(found, place):
            continue
        tokens.extend(_read(word))
    first = tokens[0].norm if tokens else ""
    kept = tokens[1:] if first in ("a", *_ARTICLES) else tokens
    return tuple(token for token in kept if not _is_article(token))


def _is_range(found: list[re.Match[str]], place: int) -> bool:
    """Tell the sign of ``2-8``, a range, from the hyphen of a word."""
    beside = found[place - 1 : place] + found[place + 1 : place + 2]
    return len(beside) == 2 and all(match.group()[0].isdigit() for match in beside)


def _is_article(token: Token) -> bool:
    return token.norm in _ARTICLES or token.text == "a"


def _read(word: str) -> list[Token]:
    norm = word.lower()
    if norm.endswith("n't"):
        return [_token(_NOT.get(norm, norm[:-3])), _token("not")]
    if norm == "o'clock":
        return [_token(word)]
    head, _, tail = norm.partition("'")
    if tail == "s" and head in ("what", "how", "where", "which", "that", "it", "there", "who"):
        return [_token(head), _token("is")]
    return [_token(word.partition("'")[0])] if head else []


def _token(word: str) -> Token:
    norm = word.lower()
    return Token(word, norm, stem(norm))


def stem(word: str) -> str:
    """Return a word without its plural ending.

    Examples
    --------
    >>> [stem(word) for word in ("countries", "impressions", "loss", "is")]
    ['country', 'impression', 'loss', 'is']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
