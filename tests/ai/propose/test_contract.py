"""What every proposer keeps to, whoever it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.propose.brief import Brief, ExchangeFact, IdeaFact
from kit.ai.propose.draw import RandomDraws
from kit.ai.propose.human import Suggestions
from kit.ai.propose.hybrid import Hybrid
from kit.ai.propose.model import ModelProposer
from kit.ai.propose.numbered import numbered
from kit.ai.propose.protocol import Proposer, parents
from kit.ai.propose.rules import RuleBook
from kit.ai.propose.tpe import NumberSearch
from kit.base.errors import KitError
from kit.variant.change import KINDS, Change
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from kit.variant.trial import Trial
from tests.ai.loopback import Loopback, Request, Step

BRIEF = Brief(
    features=("device", "hour"),
    addable=(IdeaFact(name="region", sql="region", z=4.0), IdeaFact(name="page", sql="page", z=1)),
    kinds={"device": "VARCHAR", "hour": "DOUBLE", "region": "VARCHAR", "page": "DOUBLE"},
    exchanges=(
        ExchangeFact(name="south", first_price=True, auctions=900, factor=0.4, gain=0.5),
        ExchangeFact(name="north", first_price=False, auctions=800, factor=1.3, gain=0.1),
    ),
    ideas=(IdeaFact(name="device_x_region", sql="device || '/' || region", z=9.0),),
    rows=2000, clicks=200, values_differ=True, first_price_factor=0.5,
)  # fmt: skip
DEFAULT = VariantSpec(
    name="default", model=ModelSpec(features=("device", "hour")),
    policy=PolicySpec(name="shade", params={"shading_factor": 1.0, "multiplier": 1.0}),
)  # fmt: skip
ROOT = Trial(0, DEFAULT, status="scored", score=0.0)
CHANGES = (
    (Change(kind="add_feature", name="region"), "people differ"),
    (Change(kind="drop_feature", name="nothing"), "cannot be made"),
    (Change(kind="param", name="num_leaves", value=7), "smaller"),
)
WORDS = [
    {"kind": "add_feature", "name": "region", "value": ""},
    {"kind": "add_expression", "name": "pair", "value": "device || region"},
    {"kind": "objective", "name": "", "value": "squared_error"},
    {"kind": "drop_feature", "name": "hour", "value": ""},
    {"kind": "exchange_factor", "name": "north", "value": "1.2"},
    {"kind": "recent_share", "name": "", "value": "0.5"},
]  # fmt: skip


@pytest.fixture
def model(tmp_path: Path) -> Iterator[Callable[[], ModelProposer]]:
    """A model that says the next of `WORDS` that the request does not hold yet."""

    def say(request: Request) -> Step:
        text = json.dumps(request.body)
        asked = text.count('\\"trial\\"') % len(WORDS)
        return Step(json.dumps(WORDS[asked] | {"parent": 0, "hypothesis": "it may earn more"}))

    with Loopback(say) as server:
        client = Client(Endpoint(server.url, "said"), Journal(tmp_path / "ai.sqlite"), learned={})
        yield lambda: ModelProposer(client)


@pytest.fixture(params=["rules", "structure", "tpe", "tpe of best", "random", "human", "hybrid",
                        "model", "hybrid of model"])  # fmt: skip
def make(request: pytest.FixtureRequest, model: Callable[[], Proposer]) -> Callable[[], Proposer]:
    kinds: dict[str, Callable[[], Proposer]] = {
        "rules": RuleBook,
        "structure": lambda: RuleBook(numbers=False),
        "tpe": NumberSearch,
        "tpe of best": lambda: NumberSearch(of_best=True),
        "random": RandomDraws,
        "human": lambda: Suggestions(CHANGES),
        "hybrid": lambda: Hybrid(RuleBook(numbers=False)),
        "model": model,
        "hybrid of model": lambda: Hybrid(model()),
    }
    return kinds[request.param]


def searched(proposer: Proposer, rounds: int, count: int = 1, brief: Brief = BRIEF) -> list[Trial]:
    """Search without building anything: a trial's score follows from its key."""
    trials = [ROOT]
    for _ in range(rounds):
        made = proposer.propose(brief, trials, count, seed=3)
        if not made:
            break
        told = list(trials)
        for proposal in made:
            one = numbered([proposal], told, BRIEF)[0]
            score = int(one.spec.key[:4], 16) / 65_536 - 0.3
            scored = one.status == "proposed"
            told.append(replace(one, status="scored", score=score) if scored else one)
        trials = told
    return trials


def test_the_same_question_has_the_same_answer(make: Callable[[], Proposer]) -> None:
    trials = searched(make(), 5)
    for count in (1, 3):
        one = make().propose(BRIEF, trials, count, seed=7)
        assert make().propose(BRIEF, trials, count, seed=7) == one
        proposer = make()
        proposer.propose(BRIEF, trials[:2], 2, seed=7)
        assert proposer.propose(BRIEF, trials, count, seed=7) == one  # what it was asked before


def test_it_gives_no_more_than_was_asked_for(make: Callable[[], Proposer]) -> None:
    for count in (1, 2, 5):
        assert 0 < len(make().propose(BRIEF, [ROOT], count, seed=1)) <= count


def test_every_proposal_is_of_the_registry_and_can_be_made(make: Callable[[], Proposer]) -> None:
    trials = searched(make(), 4, count=2)
    ranked = {trial.number for trial in parents(trials)}
    for proposal in make().propose(BRIEF, trials, 4, seed=2):
        assert proposal.changes
        assert {change.kind for change in proposal.changes} <= set(KINDS)
        assert proposal.parent in ranked
        spec = proposal.apply(trials[proposal.parent].spec)
        assert spec.parent == trials[proposal.parent].spec.key
        assert spec.proposer == proposal.proposer[:80]
        assert spec.seed == DEFAULT.seed
        assert spec.constraints == DEFAULT.constraints


def test_nothing_is_tried_twice(make: Callable[[], Proposer]) -> None:
    for count in (1, 3):
        trials = searched(make(), 12, count)
        assert len(trials) > 1
        keys = [trial.spec.key for trial in trials]
        assert len(set(keys)) == len(keys)


def test_it_goes_on_where_nothing_keeps_to_the_constraints(make: Callable[[], Proposer]) -> None:
    broken = replace(ROOT, why="win_rate is 0.1, must be win_rate >= 0.5")
    made = make().propose(BRIEF, [broken], 1, seed=0)
    assert [one.parent for one in made] == [0]
    made[0].apply(DEFAULT)


def test_it_ends_when_nothing_is_left(make: Callable[[], Proposer]) -> None:
    """A model-free policy with no number to move bears one change alone: none of these."""
    bare = VariantSpec(
        name="bare", model=None, policy=PolicySpec(name="constant", params={"bid": 1.0})
    )
    nothing = Brief(has_trees=False)
    made = make().propose(nothing, [Trial(0, bare, status="scored", score=0.0)], 3, seed=0)
    for proposal in made:
        with pytest.raises(KitError):
            proposal.apply(bare)


def test_rules_come_to_an_end() -> None:
    trials = searched(RuleBook(), 60)
    assert 10 < len(trials) < 60
    assert searched(RuleBook(), 3, brief=Brief(has_trees=False))


def test_the_strongest_evidence_comes_first() -> None:
    made = RuleBook().propose(BRIEF, [ROOT], 3, seed=0)
    assert [str(one.changes[0]) for one in made][:2] == [
        "shading_factor 0.5", "add device_x_region",
    ]  # fmt: skip


def test_a_rule_with_a_long_name_is_not_tried_on_every_new_parent() -> None:
    long = IdeaFact(name="a" * 40, sql="device || '/' || region || '" + "-" * 60 + "'", z=20.0)
    brief = BRIEF.model_copy(update={"ideas": (long,), "exchanges": (), "addable": ()})
    trials = searched(RuleBook(), 8, brief=brief)
    assert sum(trial.spec.name.startswith("add aaaa") for trial in trials) == 1


def test_tpe_starts_at_the_default_and_learns() -> None:
    """The score is the closeness of one number to its best place; chance comes half as near."""

    def nearest(proposer: Proposer) -> float:
        trials = [replace(ROOT, score=-0.63)]
        for _ in range(30):
            one = numbered(proposer.propose(BRIEF, trials, 1, seed=5), trials, BRIEF)[0]
            by = abs(one.spec.policy.params["shading_factor"] - 0.37)
            trials.append(replace(one, status="scored", score=-by))
        tail = trials[-8:]
        return sum(-(trial.score or 0) for trial in tail) / len(tail)

    numbers = Brief(has_trees=False)
    assert numbers.first_price_factor == 1.0
    assert nearest(NumberSearch()) < 0.12 < nearest(_Chance())


class _Chance:
    name = "chance"

    def propose(self, brief, trials, count, seed):  # type: ignore[no-untyped-def]
        return RandomDraws().propose(Brief(has_trees=False), trials, count, seed)


def test_hybrid_takes_turns() -> None:
    trials = searched(Hybrid(RuleBook(numbers=False)), 6)
    assert [trial.spec.proposer for trial in trials[1:]] == [
        "hybrid: rules", "hybrid: rules", "hybrid: tpe",
        "hybrid: rules", "hybrid: rules", "hybrid: tpe",
    ]  # fmt: skip


def test_hybrid_asks_a_model_once_for_each_of_a_round(tmp_path: Path) -> None:
    def say(request: Request) -> Step:
        asked = json.dumps(request.body).count('\\"trial\\"') % len(WORDS)
        return Step(json.dumps(WORDS[asked] | {"parent": 0, "hypothesis": "it may earn more"}))

    with Loopback(say) as server:
        client = Client(Endpoint(server.url, "m"), Journal(tmp_path / "ai.sqlite"), learned={})
        made = Hybrid(ModelProposer(client)).propose(BRIEF, [ROOT], 3, seed=0)
        assert len(made) == 3
        assert len(server.requests) == 2
