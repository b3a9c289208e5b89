"""The narrative of findings: by a model where one is named, by the built-in writer elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kit.ai.narrative.check import check_narrative
from kit.base.errors import AIBudgetError, EndpointError, JournalError
from kit.flow.built_in_narrative import built_in_narrative
from kit.flow.facts import facts_of, verdict_of
from kit.flow.findings import Findings, NarrativeData, StruckData
from kit.flow.runs import Say
from kit.report.narrative import BUILT_IN, Narrative, Struck

if TYPE_CHECKING:
    from kit.ai.client import Client

MOST_CALLS, MOST_SECONDS = 8, 300.0
"""What a narrative may cost where no client is passed: two texts, with retries and repairs."""


def write_narrative(findings: Findings, client: Client | None = None) -> str:
    """Tell what was asked, what came out, how sure it is and what to try next.

    Every sentence passes `kit.check_narrative` with the facts and the verdict of the findings.

    Parameters
    ----------
    findings : Findings
        Of ``kit demo``.
    client : Client, optional
        A model that writes it from the facts; where it gives no text that holds, and without one,
        the built-in writer does. `narrate` also says what was struck, and why.

    Returns
    -------
    str
        Three to twelve sentences; numbers carry the ids of `kit.facts_of` in brackets.

    Examples
    --------
    >>> from kit.flow.findings import Findings
    >>> write_narrative(Findings.load(Path("result.json")))  # doctest: +SKIP
    'We asked the sealed holdout whether shaded bidding is better than logged bids in surplus. ...'
    """
    return narrate(findings, client).text


def narrate(findings: Findings, client: Client | None = None) -> Narrative:
    """Write the narrative as data: what holds, the facts it may cite, and what was struck.

    Parameters
    ----------
    findings : Findings
        Of ``kit demo``.
    client : Client, optional
        As `write_narrative` takes it.
    """
    facts = tuple(facts_of(findings))
    built_in = check_narrative(built_in_narrative(findings), facts, verdict_of(findings))
    alone = Narrative(BUILT_IN, built_in.kept, facts, built_in.struck)
    return alone if client is None else _by_model(findings, client, alone)


def narrative_of(findings: Findings) -> Narrative:
    """Return the narrative that findings hold, held against their facts again; else a built-in one.

    Parameters
    ----------
    findings : Findings
        Read from a ``result.json``, which anybody may have edited.
    """
    stored = findings.narrative
    if stored is None:
        return narrate(findings)
    facts = tuple(facts_of(findings))
    found = check_narrative("\n\n".join(stored.sentences), facts, verdict_of(findings))
    struck = (*(Struck(one.text, one.reason) for one in stored.struck), *found.struck)
    return Narrative(stored.by, found.kept, facts, struck, stored.note)


def with_narrative(findings: Findings, say: Say) -> Findings:
    """Return findings with a narrative by the model that the environment names, if it names one.

    Nothing that a model does or fails to do is an error here: the built-in writer stands in.

    Parameters
    ----------
    findings : Findings
        Without a narrative, or with one that is to be written anew.
    say : callable
        Told which model is asked.
    """
    try:
        client = _named(say)
    except EndpointError as error:
        told = _stood_in(narrate(findings), str(error))
    else:
        told = narrate(findings, client)
    struck = [StruckData(text=one.text, reason=one.reason) for one in told.struck]
    data = NarrativeData(by=told.by, sentences=list(told.sentences), struck=struck, note=told.note)
    return findings.model_copy(update={"narrative": data})


def rewritten(findings: Findings, say: Say) -> Findings:
    """Return findings with a narrative: one that a model wrote stays, any other is written anew.

    Parameters
    ----------
    findings : Findings
        As they were read.
    say : callable
        As `with_narrative` takes it.
    """
    stored = findings.narrative
    by_model = stored is not None and stored.by != BUILT_IN
    return findings if by_model else with_narrative(findings, say)


def narrative_line(findings: Findings) -> str:
    """Return in one line who wrote the narrative; empty where no model was named."""
    stored = findings.narrative
    if stored is None or (stored.by == BUILT_IN and not stored.note):
        return ""
    struck = f", {len(stored.struck)} of its sentences struck" if stored.struck else ""
    return f"In words: {stored.note}" if stored.note else f"In words: by {stored.by}{struck}."


def _named(say: Say) -> Client | None:
    from kit.ai.endpoint import endpoint_from_env

    endpoint = endpoint_from_env()
    if endpoint is None:
        return None
    from kit.ai.budget import Budget
    from kit.ai.client import Client

    say(f"asking {endpoint.model} for the narrative")
    return Client(endpoint, budget=Budget(calls=MOST_CALLS, seconds=MOST_SECONDS))


def _by_model(findings: Findings, client: Client, alone: Narrative) -> Narrative:
    from kit.ai.narrative.writer import is_enough, write_by_model

    verdict = verdict_of(findings)
    try:
        found = write_by_model(client, alone.facts, verdict)
    except (EndpointError, AIBudgetError, JournalError) as error:
        return _stood_in(alone, str(error))
    by = client.endpoint.model
    if is_enough(found, alone.facts, verdict):
        return Narrative(by, found.kept, alone.facts, found.struck)
    return _stood_in(alone, f"too little of what {by} wrote holds.", found.struck)


def _stood_in(alone: Narrative, why: str, struck: tuple[Struck, ...] = ()) -> Narrative:
    note = f"{BUILT_IN} stood in: {' '.join(why.split())}"
    return Narrative(BUILT_IN, alone.sentences, alone.facts, struck, note)
