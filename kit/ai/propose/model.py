"""A language model as a proposer of structure; the rule book goes on where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kit.ai.client import Client
from kit.ai.disclosure import (
    Shareable,
    share_aggregates,
    share_brief,
    share_ideas,
    share_schema,
    share_trials,
)
from kit.ai.names import Names
from kit.ai.prompts import Message, load_prompt
from kit.ai.propose.brief import Brief
from kit.ai.propose.protocol import Proposer, parents
from kit.ai.propose.rules import RuleBook
from kit.ai.replies import VariantProposal
from kit.base.errors import AIBudgetError, EndpointError, JournalError
from kit.variant.change import Change, Proposal
from kit.variant.trial import Trial

TABLE = "request"
SHOWN = 30
"""Trials that a model is told of: the default, the best, and the latest."""


class ModelProposer:
    """Asks a model for one change at a time.

    What comes back is data: an edit of the registry, which code applies or refuses. A model that
    is down, over its budget or has nothing usable to say is not asked again in this search.

    Parameters
    ----------
    client : Client
        The model.
    say : callable of str
        Told when it is given up.
    instead : Proposer, optional
        Who proposes from then on; default the rule book.
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
        self._down = ""

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return one change a call; what cannot be applied is refused when it is tried."""
        made: list[Proposal] = []
        told = list(trials)
        while len(made) < count and not self._down:
            try:
                made.append(self._asked(brief, told))
            except (EndpointError, AIBudgetError, JournalError) as error:
                self._down = str(error)
                self._say(f"the model is not asked any more: {error} The rule book goes on.")
                break
            told.append(_waiting(made[-1], told))
        if len(made) < count:
            more = self._instead.propose(brief, told, count - len(made), seed)
            made += [replace(one, proposer=f"{one.proposer} (model down)") for one in more]
        return made

    def _asked(self, brief: Brief, trials: Sequence[Trial]) -> Proposal:
        names = names_of(brief)
        prompt = load_prompt("propose_variant")
        messages = prompt.render(inputs_of(brief, trials, names))
        reply = self._client.ask(messages, VariantProposal, prompt.id, prompt.version)
        return _read(reply.value, trials, names, f"{self.name}: {self._client.endpoint.model}")


def proposal_messages(brief: Brief, trials: Sequence[Trial]) -> list[Message]:
    """Return what would be sent to a model: all that leaves this machine."""
    return load_prompt("propose_variant").render(inputs_of(brief, trials, names_of(brief)))


def names_of(brief: Brief) -> Names:
    """Return how the request columns are called in a prompt."""
    return Names.of({TABLE: dict(brief.kinds)})


def inputs_of(brief: Brief, trials: Sequence[Trial], names: Names) -> dict[str, Shareable]:
    """Return the variables of the prompt."""
    exchanges = [
        {"exchange": fact.name, "first_price": fact.first_price, "auctions": fact.auctions,
         "factor": fact.factor, "gain": fact.gain}
        for fact in brief.exchanges
    ]  # fmt: skip
    return {
        "schema": share_schema(names),
        "brief": share_brief(brief, names),
        "exchanges": share_aggregates(exchanges, "auctions"),
        "ideas": share_ideas(brief, names),
        "trials": share_trials(_shown(trials), names),
    }


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
    change = Change(kind=said.kind, name=name, value=value.strip())
    return Proposal(parent, (change,), said.hypothesis, proposer)


def _waiting(proposal: Proposal, trials: Sequence[Trial]) -> Trial:
    """Return a proposal as a trial without a score, for the next question of the same round."""
    spec = next(trial.spec for trial in trials if trial.number == proposal.parent)
    named = spec.model_copy(update={"name": proposal.name[:80]})
    return Trial(max(trial.number for trial in trials) + 1, named, proposal.parent)
