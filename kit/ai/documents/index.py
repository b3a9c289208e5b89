"""Rank passages by BM25: SQLite's FTS5, in memory, built for one question and thrown away."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing

from kit.ai.documents.passage import Passage
from kit.base.errors import DataError

MAX_WORDS = 40
"""Words of a question that count."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COMMON = frozenset((
    "a", "about", "again", "all", "also", "always", "am", "an", "and", "any", "anything", "are",
    "as", "at", "away", "be", "because", "been", "but", "by", "can", "come", "comes", "could",
    "did", "do", "does", "down", "each", "else", "ever", "every", "for", "from", "get", "gets",
    "give", "go", "goes", "got", "had", "happen", "happens", "has", "have", "he", "her", "how",
    "i", "if", "in", "instead", "into", "is", "it", "its", "just", "keep", "let", "like",
    "make", "makes", "many", "may", "me", "might", "more", "most", "much", "must", "my", "need",
    "needs", "no", "nor", "not", "now", "of", "off", "on", "one", "only", "or", "other", "our",
    "out", "over", "own", "please", "put", "really", "same", "say", "says", "shall", "should",
    "show", "so", "some", "something", "still", "such", "take", "takes", "tell", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "thing", "things", "this",
    "those", "to", "too", "under", "up", "us", "use", "used", "uses", "using", "very", "want",
    "was", "way", "we", "were", "what", "when", "where", "which", "while", "who", "whom",
    "whose", "why", "will", "with", "without", "would", "yet", "you", "your",
))  # fmt: skip
_WEIGHTS = "0.5, 2.0, 1.0"
"""Of a word in the file's name, in the headings above, and in the text."""

_PREFIX = 4
"""Letters of a word that also finds longer ones: ``postgres`` finds PostgreSQL."""

_BESIDE, _SHORT, _SHORT_SIGNS = 0.7, 0.7, 160
"""What code, a prompt or a list of changes is worth beside prose, and a passage of few signs."""

_LEAST = 0.5
"""Share of the best passage's score that another must have to be shown."""


def query_words(question: str) -> list[str]:
    """Return the words that a question is looked up by, without those that every text has.

    Raises
    ------
    DataError
        If it has none.

    Examples
    --------
    >>> query_words("How do I seal a log?")
    ['seal', 'log']
    """
    found = list(dict.fromkeys(word.lower() for word in _WORD.findall(question)))
    if not found:
        raise DataError(
            f"question: got {question[:40]!r}; must hold a word to look up. Ask in a sentence."
        )
    return ([word for word in found if word not in _COMMON] or found)[:MAX_WORDS]


def best_passages(question: str, passages: Sequence[Passage], most: int = 5) -> list[Passage]:
    """Return the passages that share words with a question, the best first.

    Words are stemmed as English. A word that few passages hold counts more than one that many
    hold, and more in a heading than in the text. BM25 likes short texts too well, and a package
    has more docstrings than answers: both count less.

    Raises
    ------
    DataError
        If the question has no word, or this Python's SQLite was built without FTS5.
    """
    asked = " OR ".join(
        f'"{word}"' + " *" * (len(word) >= _PREFIX) for word in query_words(question)
    )
    with closing(sqlite3.connect(":memory:")) as index:
        try:
            index.execute(
                "CREATE VIRTUAL TABLE passages USING fts5(name, title, text, "
                "tokenize='porter unicode61')"
            )
        except sqlite3.OperationalError:
            raise DataError(
                f"ask: SQLite {sqlite3.sqlite_version} of this Python has no FTS5; must have it to "
                "rank documents. Install a Python whose sqlite3 was built with FTS5."
            ) from None
        index.executemany(
            "INSERT INTO passages (rowid, name, title, text) VALUES (?, ?, ?, ?)",
            [
                (number, each.name, _HUMP.sub(" ", each.part.title), each.part.text)
                for number, each in enumerate(passages)
            ],
        )
        rows = index.execute(
            f"SELECT rowid, bm25(passages, {_WEIGHTS}) FROM passages WHERE passages MATCH ?",
            (asked,),
        ).fetchall()
    ranked = sorted((score * _worth(passages[number]), number) for number, score in rows)
    return [
        passages[number] for score, number in ranked[:most] if score <= _LEAST * ranked[0][0]
    ]  # fmt: skip


def _worth(passage: Passage) -> float:
    path = passage.path
    prompt = path.parent.name == "prompts" and path.stem != "README"
    beside = path.suffix == ".py" or path.stem == "CHANGELOG" or prompt
    worth = _BESIDE if beside else 1.0
    return worth * _SHORT if len(passage.part.text) < _SHORT_SIGNS else worth
