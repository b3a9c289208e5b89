"""A model writes the narrative; what it writes is held against the facts like any other text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kit.ai.client import Client
from kit.ai.hostile import clean
from kit.ai.narrative.check import CheckedNarrative, check_narrative, tells_answer
from kit.ai.narrative.sharing import filled_in, share_facts, share_struck, share_verdict
from kit.ai.narrative.support import is_courtesy
from kit.ai.prompts import Message, load_prompt
from kit.ai.replies import MAX_SENTENCE, NarrativeDraft
from kit.report.facts import Fact
from kit.report.narrative import Struck
from kit.validate.verdict import Verdict

LEAST = 3
"""Sentences that must hold, the answer among them, for a text to stand."""

_TASK = "write_narrative"
_TRIES = 2
_NO_END = re.compile(r"[.!?][\"')\]”’]*$")  # noqa: RUF001 - closing marks


def write_by_model(
    client: Client, facts: Sequence[Fact], verdict: Verdict | None
) -> CheckedNarrative:
    """Let a model write, and once more where too little of it holds.

    Parameters
    ----------
    client : Client
        The model.
    facts : sequence of Fact
        All that leaves, with the verdict in words; see `kit.ai.narrative.sharing.share_facts`.
    verdict : Verdict or None
        What the vault said.

    Returns
    -------
    CheckedNarrative
        What holds of the last try, and what was struck of every one; where `is_enough` says no,
        it is not to be shown as a narrative.

    Raises
    ------
    EndpointError, AIBudgetError, JournalError
        As `kit.ai.client.Client.ask`.
    PromptError
        If a user's copy of the prompt is broken, or a fact is not released.
    """
    struck: tuple[Struck, ...] = ()
    parent: int | None = None
    found = CheckedNarrative((), ())
    for _ in range(_TRIES):
        prompt = load_prompt(_TASK)
        reply = client.ask(
            narrative_messages(facts, verdict, struck), NarrativeDraft, prompt.id, prompt.version,
            parent,
        )  # fmt: skip
        parent = reply.entry
        found = _held(reply.value.sentences, facts, verdict)
        struck = (*struck, *found.struck)
        if is_enough(found, facts, verdict):
            break
    return CheckedNarrative(found.kept, struck)


def is_enough(found: CheckedNarrative, facts: Sequence[Fact], verdict: Verdict | None) -> bool:
    """Return whether what holds is a narrative: some sentences, one of which gives the answer."""
    return len(found.kept) >= LEAST and any(
        tells_answer(sentence, facts, verdict) for sentence in found.kept
    )


def narrative_messages(
    facts: Sequence[Fact], verdict: Verdict | None, struck: Sequence[Struck] = ()
) -> list[Message]:
    """Return what is sent to a model: all that leaves this machine."""
    return load_prompt(_TASK).render({
        "verdict": share_verdict(verdict),
        "facts": share_facts(facts, verdict),
        "struck": share_struck((one.text, one.reason) for one in struck),
    })  # fmt: skip


def _held(
    sentences: Sequence[str], facts: Sequence[Fact], verdict: Verdict | None
) -> CheckedNarrative:
    """Hold each sentence against the facts; greetings are dropped."""
    said = [filled_in(clean(sentence, MAX_SENTENCE), facts) for sentence in sentences]
    ended = [one if _NO_END.search(one) else f"{one}." for one in said if one]
    found = check_narrative("\n\n".join(ended), facts, verdict)
    kept = tuple(one for one in found.kept if not is_courtesy(one.lower()))
    return CheckedNarrative(kept, found.struck)
