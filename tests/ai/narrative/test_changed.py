"""True sentences of the sets that were seen, each changed in one place: hardly one may stand."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest

from kit.ai.narrative.check import check_narrative
from kit.report.facts import Fact
from tests.ai.narrative.test_corpus import SEEN
from tests.ai.narratives import read_cases, verdict_of

Change = Callable[[str, list[Fact], random.Random], Iterator[str]]

MOST_KEPT = 0.01
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?=[^\[\d]{0,14}\[F)")
_CITE = re.compile(r"\[(F\d+)\]")


def another_digit(text: str, facts: list[Fact], rng: random.Random) -> Iterator[str]:
    """Change the first digit of a number that is cited."""
    if found := list(_NUMBER.finditer(text)):
        number = rng.choice(found)
        first = str(int(number[0][0]) % 9 + 1)
        if first != number[0][0]:
            yield text[: number.start()] + first + text[number.start() + 1 :]


def no_citation(text: str, facts: list[Fact], rng: random.Random) -> Iterator[str]:
    """Take away the citation after a number."""
    if found := list(_NUMBER.finditer(text)):
        start = text.index("[", rng.choice(found).end())
        yield text[:start].rstrip() + text[text.index("]", start) + 1 :]


def another_fact(text: str, facts: list[Fact], rng: random.Random) -> Iterator[str]:
    """Cite a fact of another value."""
    known = {fact.id: fact.value for fact in facts}
    if cites := [name for name in _CITE.findall(text) if name in known]:
        name = rng.choice(cites)
        others = [
            fact.id for fact in facts
            if abs(fact.value - known[name]) > 0.02 * abs(known[name])
        ]  # fmt: skip
        if others:
            yield text.replace(f"[{name}]", f"[{rng.choice(others)}]", 1)


@pytest.mark.parametrize("change", [another_digit, no_citation, another_fact])
def test_a_changed_sentence_is_struck(change: Change) -> None:
    rng = random.Random(20261129)
    kept, tried = [], 0
    for name in SEEN:
        for case in read_cases(name):
            facts = [Fact(**fact) for fact in case["facts"]]
            for sentence in case["sentences"]:
                if sentence["fault"]:
                    continue
                for text in change(sentence["text"], facts, rng):
                    tried += 1
                    if not check_narrative(text, facts, verdict_of(case)).struck:
                        kept.append(text)
    assert tried > 500
    assert len(kept) <= MOST_KEPT * tried, kept
