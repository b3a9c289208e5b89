"""What leaves this machine for a narrative: facts that are released, and the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable

from kit.ai.shareable import Shareable, fenced, one_line
from kit.base.errors import PromptError
from kit.report.facts import Fact
from kit.validate.verdict import Verdict


def share_facts(facts: Iterable[Fact], verdict: Verdict | None) -> Shareable:
    """Share the numbers that a text about a result may cite, as they are to be written.

    Parameters
    ----------
    facts : iterable of Fact
        From `kit.facts_of`: of the tune split, of the data and of the look. Of the holdout only
        the effect is named, where the verdict shows it; its figure stays here (`filled_in`).
    verdict : Verdict or None
        What the vault said.

    Raises
    ------
    PromptError
        If one is no fact, or a figure of the holdout that the verdict does not release.

    Examples
    --------
    >>> from kit.report.facts import Fact
    >>> print(share_facts([Fact("F1", "clicks, tune split", 7, "count", "candidate")], None).text)
    <data facts>
    {"id": "F1", "name": "clicks, tune split", "of": "candidate", "written": "7"}
    </data>
    """
    return fenced("facts", [_fact_line(fact, verdict) for fact in facts])


def share_verdict(verdict: Verdict | None) -> Shareable:
    """Share what the vault answered, without a number."""
    if verdict is None:
        return fenced("verdict", [one_line([("answer", "the holdout was not asked")])])
    gates = ", ".join(f"{gate.gate}: {gate.status}" for gate in verdict.gates)
    return fenced("verdict", [one_line([
        ("candidate", verdict.candidate), ("baseline", verdict.baseline),
        ("asked", f"is the candidate {verdict.question.replace('_', ' ')}"),
        ("answer", verdict.answer), ("status", verdict.status), ("gates", gates),
    ])])  # fmt: skip


def share_struck(struck: Iterable[tuple[str, str]]) -> Shareable:
    """Share sentences of a model that did not hold, each with why in our own words."""
    lines = [one_line([("sentence", text), ("why", reason)]) for text, reason in struck]
    return fenced("struck", lines)


def _fact_line(fact: Fact, verdict: Verdict | None) -> str:
    if type(fact) is not Fact:
        raise PromptError(
            f"facts: got {type(fact).__name__}; must be facts. Pass what kit.facts_of returned."
        )
    is_effect = verdict is not None and verdict.shown and fact.of == "difference"
    if fact.of not in ("data", "look") and not fact.is_tune and not is_effect:
        raise PromptError(
            f"facts: {fact.id} is a figure of the holdout; must be of the tune split, or an effect "
            "that the verdict shows. Pass what kit.facts_of returned."
        )
    written = held_back(fact) if is_effect and not fact.is_tune else fact.written()
    return one_line([
        ("id", fact.id), ("name", fact.label), ("of", fact.of), ("written", written),
    ])  # fmt: skip


def held_back(fact: Fact) -> str:
    """Return what stands in a prompt for a figure of the holdout: code fills it in."""
    return f"{{{fact.id}}}"


def filled_in(text: str, facts: Iterable[Fact]) -> str:
    """Return a model's sentence with the figures that it was not told, each with its id.

    Examples
    --------
    >>> effect = Fact("F4", "difference in surplus", 86.25, "CNY", "difference")
    >>> filled_in("On the holdout it gained {F4} [F4].", [effect])
    'On the holdout it gained +86.25 CNY [F4].'
    """
    for fact in facts:
        cited = f"{fact.written(sign=True)} [{fact.id}]"
        text = text.replace(f"{held_back(fact)} [{fact.id}]", cited).replace(held_back(fact), cited)
    return text
