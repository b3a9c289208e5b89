"""From a question to the passages that may answer it, and, with a model, to a checked answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kit.ai.client import Client
from kit.ai.disclosure import Shareable, share_passages, share_question
from kit.ai.documents.cited import Sentence, Struck, check_sentences
from kit.ai.documents.folder import Skipped
from kit.ai.documents.index import best_passages
from kit.ai.documents.passage import Passage
from kit.ai.prompts import Message, load_prompt
from kit.ai.replies import DocumentAnswer
from kit.base.errors import EndpointError

MOST = 5
"""Passages that are shown, and that a model is given."""

PASSAGES = "passages"
_TASK = "ask_docs"


@dataclass(frozen=True)
class LookedUp:
    """What became of a question.

    Parameters
    ----------
    question : str
    by : str
        Who answered: a model's name; ``passages`` where they stand alone.
    passages : tuple of Passage
        The best, the first before the others.
    sentences : tuple of Sentence
        The answer, each sentence with the passage it cites.
    struck : tuple of Struck
        Sentences of the model that did not hold.
    kept : int
        Passages that may hold a figure of a holdout, and were not sent.
    skipped : tuple of Skipped
        Files that were not read.
    entries : tuple of int
        Calls in the journal.
    failure : str
        Why the model that was asked gave no usable reply; empty if it did.
    """

    question: str
    by: str
    passages: tuple[Passage, ...]
    sentences: tuple[Sentence, ...] = ()
    struck: tuple[Struck, ...] = ()
    kept: int = 0
    skipped: tuple[Skipped, ...] = ()
    entries: tuple[int, ...] = ()
    failure: str = ""


def look_up(
    question: str,
    passages: Sequence[Passage],
    client: Client | None = None,
    most: int = MOST,
    skipped: tuple[Skipped, ...] = (),
) -> LookedUp:
    """Find the passages that may answer a question, and let a model answer from them.

    Parameters
    ----------
    question : str
    passages : sequence of Passage
        What is searched.
    client : Client or None
        A model; None leaves the passages alone.
    most : int
        Passages to show.
    skipped : tuple of Skipped
        Files that are missing in `passages`; they are handed on.

    Raises
    ------
    DataError
        If the question has no word.
    AIBudgetError, JournalError
        As `kit.ai.client.Client.ask`. A model that gives no usable reply is no error: the passages
        stand alone, and why is said.
    PromptError
        If a user's copy of the prompt is broken.
    """
    best = tuple(best_passages(question, passages, most))
    alone = LookedUp(question, PASSAGES, best, skipped=skipped)
    if client is None:
        return alone
    sent = _to_send(question, passages)
    if not sent:
        return alone
    prompt = load_prompt(_TASK)
    shared = _shared(sent)
    messages = prompt.render({"passages": shared, "question": share_question(question)})
    try:
        reply = client.ask(messages, DocumentAnswer, prompt.id, prompt.version)
    except EndpointError as error:
        return replace(alone, failure=str(error))
    sentences, struck = check_sentences(reply.value.sentences, _given(sent, shared))
    kept = sum(each.stays for each in best)
    by = client.endpoint.model
    return LookedUp(question, by, best, sentences, struck, kept, skipped, (reply.entry,))


def lookup_messages(question: str, passages: Sequence[Passage]) -> list[Message]:
    """Return what would be sent to a model for a question: all that leaves this machine."""
    shared = _shared(_to_send(question, passages))
    return load_prompt(_TASK).render({"passages": shared, "question": share_question(question)})


def _to_send(question: str, passages: Sequence[Passage]) -> list[Passage]:
    """Return the best passages of those that may leave."""
    return best_passages(question, [each for each in passages if not each.stays], MOST)


def _shared(sent: Sequence[Passage]) -> Shareable:
    return share_passages((each.part.title, each.part.text) for each in sent)


def _given(sent: Sequence[Passage], shared: Shareable) -> dict[str, Passage]:
    """Return by id what was sent; a value that is full leaves passages out."""
    lines = shared.text.split("\n")
    given = {f"p{number}": passage for number, passage in enumerate(sent, start=1)}
    return {
        name: passage for name, passage in given.items()
        if any(line.startswith(f'{{"id": "{name}"') for line in lines)
    }  # fmt: skip
