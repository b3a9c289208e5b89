"""Which passage comes first, and that no question breaks the query."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.ai.documents import index
from kit.ai.documents.index import MAX_WORDS, best_passages, query_words
from kit.ai.documents.package import package_passages
from kit.ai.documents.passage import Part, Passage
from kit.base.errors import DataError

HERE = Path(__file__).parent


def passage(text: str, title: str = "", name: str = "a.md") -> Passage:
    return Passage(name, Path(name), "folder", Part(1, 1, title, text))


TEXTS = ("floors of exchanges", "pacing a budget", "one budget, two bids")
THREE = [passage(text) for text in TEXTS]


def found(question: str) -> list[int]:
    return [THREE.index(each) for each in best_passages(question, THREE)]


def test_words_are_stemmed_and_common_ones_do_not_count() -> None:
    assert found("How do I pace?") == [1]
    assert found("what is budgeted") == [1, 2]
    assert found("the floor of an exchange") == [0]
    assert found("weather") == []


def test_a_heading_counts_more_than_the_text() -> None:
    both = [passage("the vault is sealed"), passage("it stays sealed", "The vault")]
    assert best_passages("vault", both) == both[::-1]


def test_the_beginning_of_a_word_finds_it_and_names_are_taken_apart() -> None:
    two = [passage("asks a PostgreSQL server"), passage("a panel of bids", "kit.BidTuner")]
    assert best_passages("postgres", two) == two[:1]
    assert best_passages("tuner", two) == two[1:]


ODD = ["' OR 1=1 --", "bid NEAR(floor)", "NOT AND OR", "title:budget", "budget*", "^budget",
       "{budget}", "a+b", "-budget", "(budget", "\x00budget\x1b", "\udc80 budget", "ß²½ budget",
       "預算", "w\u0301", "budget " * 5000, "AND"]  # fmt: skip


@pytest.mark.parametrize("question", ODD)
def test_an_odd_question_is_words_and_nothing_else(question: str) -> None:
    assert bool(best_passages(question, THREE)) == ("budget" in question or "bid" in question)


@pytest.mark.parametrize("question", ["", " ", '"', "_ _", "?!", "\x00"])
def test_a_question_without_a_word_is_refused(question: str) -> None:
    with pytest.raises(DataError, match="must hold a word to look up"):
        best_passages(question, THREE)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_no_question_breaks_the_query(question: str) -> None:
    if any(char.isalnum() for char in question):
        best_passages(question, THREE)
    else:
        with pytest.raises(DataError, match="must hold a word to look up"):
            best_passages(question, THREE)


def test_a_question_of_common_words_alone_still_asks() -> None:
    assert query_words("what is it?") == ["what", "is", "it"]
    assert len(query_words(" ".join(f"word{n}" for n in range(99)))) == MAX_WORDS


def test_a_python_without_fts5_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Poor(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            return super().execute(sql.replace("fts5", "fts0"), *rest)

    connect = sqlite3.connect
    monkeypatch.setattr(index.sqlite3, "connect", lambda path: connect(path, factory=Poor))
    with pytest.raises(DataError, match="has no FTS5; must have it"):
        best_passages("budget", THREE)


def score(name: str) -> tuple[int, int, int]:
    """Return how many questions there are, and how many find a right passage first, in five."""
    questions = json.loads((HERE / name).read_text(encoding="utf-8"))
    first = among = 0
    for each in questions:
        right = [
            any(one.name == file and words in f"{one.part.text}\n" for file, words in each["right"])
            for one in best_passages(each["question"], package_passages())
        ]
        first += right[:1] == [True]
        among += any(right)
    return len(questions), first, among


@pytest.mark.parametrize(
    ("name", "first"), [("questions.json", 0.3), ("questions_second.json", 0.6)]
)
def test_questions_about_the_package_find_their_passage(name: str, first: float) -> None:
    """Both sets were written before the ranking; the second was not read while it was chosen."""
    asked, at_one, in_five = score(name)
    assert in_five >= 0.8 * asked
    assert at_one >= first * asked


def test_every_right_passage_is_there() -> None:
    """A bar that no passage can reach would test nothing: the words are in some passage."""
    for name in ("questions.json", "questions_second.json"):
        for each in json.loads((HERE / name).read_text(encoding="utf-8")):
            assert any(
                one.name == file and words in f"{one.part.text}\n"
                for file, words in each["right"] for one in package_passages()
            ), each["question"]  # fmt: skip
