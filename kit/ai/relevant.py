"""What of the semantic layer is worth a small model's few tokens for one question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kit.data.sql.meaning.layer import Definition

MOST_METRICS = 8
_WORD = re.compile(r"[a-z0-9]+")


def relevant_metrics(question: str, definitions: Iterable[Definition]) -> list[dict[str, str]]:
    """Return the definitions that share words with a question, the nearest first.

    Examples
    --------
    >>> from kit.data.sql.meaning.metrics import load_metrics
    >>> tables = {"auctions": {"won": "BOOLEAN", "click": "BOOLEAN"}}
    >>> found = relevant_metrics("CTR by device?", load_metrics().definitions(tables))
    >>> found[0]["name"]
    'ctr'
    """
    asked = _words(question)
    ranked = sorted(definitions, key=lambda one: -_overlap(asked, one))
    near = [one for one in ranked if _overlap(asked, one) > 0]
    return [
        {"name": one.name, "words": ", ".join(one.words[:4]), "sql": one.sql, "unit": one.unit,
         "grain": one.grain}
        for one in (near or ranked)[:MOST_METRICS]
    ]  # fmt: skip


def _overlap(asked: frozenset[str], one: Definition) -> float:
    """Return the best share of a name's words that the question has."""
    names = [one.name.replace("_", " "), *one.words]
    return max(len(asked & _words(name)) / max(len(_words(name)), 1) for name in names)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in _WORD.findall(text.lower()))
