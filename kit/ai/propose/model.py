"""A language model as a proposer of structure; the rule book goes on where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kit.ai.aggregates import MIN_COUNT
from kit.ai.client import Client
from kit.ai.disclosure import share_schema
from kit.ai.names import Names
from kit.ai.prompts import Message, load_prompt
from kit.ai.propose.brief import Brief
from kit.ai.propose.numbered import numbered
from kit.ai.propose.protocol import Proposer, parents
from kit.ai.propose.rules import RuleBook, structural
from kit.ai.propose.sharing import share_brief, share_exchanges, share_options, share_trials
from kit.ai.replies import VariantProposal
from kit.ai.shareable import Shareable
from kit.base.errors import AIBudgetError, EndpointError, JournalError, KitError
from kit.models.calibration import CALIBRATIONS
from kit.models.objectives import OBJECTIVES
from kit.variant.change import Change, Proposal
from kit.variant.trial import Trial

ASKED = 2
"""Times that a model is asked for one proposal."""
TABLE = "request"
_NAMELESS = ("objective", "calibration")
SHOWN = 30
"""Trials that a model is told of: the default, the best, and the latest."""


class ModelProposer:
    """Asks a model for one change at a time.

    What comes back is data: an edit of the registry, which code applies or refuses. A change that
    cannot be made, or was tried, is answered with the reason and asked for once more; then the rule
    book fills in, as it does for a reply that was cut off. A model that is down, gives no reply of
    the form asked for, or is over its budget, is not asked again in this search.

    Parameters
    ----------
    client : Client
        The model.
    say : callable of str
        Told when it is given up.
    instead : Proposer, optional
        Who proposes where it cannot; default the rule book.
    """

    name = "llm"

    def __init__(
        self,
        client: Client,
        say: Callable[[str], None] = lambda text: None,
        instead: Proposer | None = None,
    ) -> None:
        self._client, self._say = client, say
        self._instead = instead or RuleBook()
        self._down = False

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return one change a question; those of one round know of each other."""
        known = _shown_exchanges(brief)
        made: list[Proposal] = []
        told = list(trials)
        while len(made) < count:
            one = self._own(known, told) or self._other(known, told, seed)
            if one is None:
                break
            made.append(one)
            told += numbered([one], told, known)
        return made

    def _own(self, brief: Brief, trials: Sequence[Trial]) -> Proposal | None:
        """Return the model's own proposal, if it has one that can be made."""
        told = list(trials)
        for _ in range(0 if self._down else ASKED):
            try:
                proposal = self._asked(brief, told)
            except (EndpointError, AIBudgetError, JournalError) as error:
                self._give_up(error)
                return None
            told += numbered([proposal], told, brief)
            if told[-1].status != "refused":
                return proposal
        return None

    def _give_up(self, error: KitError) -> None:
        """Say why there is no proposal; one long reply says nothing of the next."""
        if isinstance(error, EndpointError) and error.kind == "cut_off":
            self._say(f"{error} The rule book proposes this once.")
            return
        self._down = True
        self._say(f"the model is not asked any more: {error} The rule book goes on.")

    def _other(self, brief: Brief, trials: Sequence[Trial], seed: int) -> Proposal | None:
        """Return the rule book's proposal, which the model will be told of too."""
        found = self._instead.propose(brief, trials, 1, seed)
        why = "model down" if self._down else "for the model"
        return replace(found[0], proposer=f"{found[0].proposer} ({why})") if found else None

    def _asked(self, brief: Brief, trials: Sequence[Trial]) -> Proposal:
        names = names_of(brief)
        prompt = load_prompt("propose_variant")
        messages = prompt.render(inputs_of(brief, trials, names))
        reply = self._client.ask(messages, VariantProposal, prompt.id, prompt.version)
        return _read(reply.value, trials, names, f"{self.name}: {self._client.endpoint.model}")


def proposal_messages(brief: Brief, trials: Sequence[Trial]) -> list[Message]:
    """Return what would be sent to a model: all that leaves this machine."""
    known = _shown_exchanges(brief)
    return load_prompt("propose_variant").render(inputs_of(known, trials, names_of(known)))


def names_of(brief: Brief) -> Names:
    """Return how the request columns are called in a prompt."""
    return Names.of({TABLE: dict(brief.kinds)})


def inputs_of(brief: Brief, trials: Sequence[Trial], names: Names) -> dict[str, Shareable]:
    """Return the variables of the prompt."""
    return {
        "schema": share_schema(names),
        "brief": share_brief(brief, names),
        "exchanges": share_exchanges(brief),
        "options": share_options(_open_options(brief, trials), names),
        "trials": share_trials(_shown(trials), names),
    }


def _open_options(brief: Brief, trials: Sequence[Trial]) -> list[tuple[Change, str]]:
    """Return the rule book's structures that would make something new of the best trial."""
    best = parents(trials)[0]
    tried = {trial.spec.name for trial in trials}
    rules = [rule for rule in structural(brief, trials[0].spec, best.spec)
             if str(rule[0]) not in tried]  # fmt: skip
    made = [Proposal(best.number, (change,), why, ModelProposer.name) for change, why in rules]
    return [
        rule
        for rule, one in zip(rules, made, strict=True)
        if numbered([one], trials, brief)[0].status != "refused"
    ]


def _shown_exchanges(brief: Brief) -> Brief:
    """Return the brief without exchanges of so few auctions that they are not told of."""
    kept = tuple(fact for fact in brief.exchanges if fact.auctions >= MIN_COUNT)
    return brief.model_copy(update={"exchanges": kept})


def _shown(trials: Sequence[Trial]) -> list[Trial]:
    """Return the default, the best third and the latest, in order."""
    if len(trials) <= SHOWN:
        return list(trials)
    best = {trial.number for trial in parents(trials)[: SHOWN // 3]}
    latest = {trial.number for trial in trials[-(SHOWN - len(best) - 1) :]}
    return [trial for trial in trials if trial.number in {0, *best, *latest}]


def _read(
    said: VariantProposal, trials: Sequence[Trial], names: Names, proposer: str
) -> Proposal:  # fmt: skip
    """Return a reply as a proposal; a parent that is none is taken for the best trial."""
    known = {trial.number for trial in parents(trials)}
    parent = said.parent if said.parent in known else parents(trials)[0].number
    of_column = said.kind in ("add_feature", "drop_feature")
    name = names.restore(said.name).strip().strip('"') if of_column else said.name.strip()
    value = names.restore(said.value).strip() if said.kind == "add_expression" else said.value
    if said.kind in _NAMELESS and name in (*OBJECTIVES, *CALIBRATIONS):
        name, value = "", name  # what it is set to, written as what is set
    change = Change(kind=said.kind, name=name, value=value.strip())
    return Proposal(parent, (change,), said.hypothesis, proposer)
