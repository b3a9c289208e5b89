"""The search itself: rounds, halving, resuming, and the same board whoever evaluates."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kit.ai.propose.brief import Brief
from kit.ai.propose.draw import RandomDraws
from kit.ai.propose.rules import RuleBook
from kit.base.errors import DataError, RunError
from kit.data.sealed import SealedSplit
from kit.flow.search.diagnose import diagnose
from kit.flow.search.evaluate import Bench, Scored
from kit.flow.search.run import LOW_SHARE, Pace, Search
from kit.flow.search.store import SearchStore
from kit.flow.search.workers import Job, Threads, Workers
from kit.variant.change import Change, Proposal
from kit.variant.frozen import load_frozen
from kit.variant.spec import PolicySpec, VariantSpec
from kit.variant.trial import Trial


class Listed:
    """Proposes what a list says, one after the other."""

    name = "listed"

    def __init__(self, *changes: Change, parent: int = 0) -> None:
        self.changes, self.parent = changes, parent

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        first = len(trials) - 1
        return [Proposal(self.parent, (change,), "listed", self.name)
                for change in self.changes[first : first + count]]  # fmt: skip


class Counted:
    """Workers that count what they are asked for, and fail when told to."""

    def __init__(self, inner: Workers, fail_after: int = 10**9) -> None:
        self.inner, self.jobs, self.left = inner, list[Job](), fail_after

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Scored]]:
        for job, scored in self.inner.run(jobs):
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            self.jobs.append(job)
            yield job, scored


@pytest.fixture
def bench(sealed: SealedSplit, tmp_path: Path) -> Bench:
    return Bench.of(sealed.folder, tmp_path / "candidates", None, None)


@pytest.fixture
def spec(default: Path) -> VariantSpec:
    return VariantSpec.model_validate_json(default.read_text())


def search(
    bench: Bench, folder: Path, proposer: object, pace: Pace, spec: VariantSpec,
    workers: Workers | None = None, said: list[str] | None = None, leaks: tuple[str, ...] = (),
) -> list[Trial]:  # fmt: skip
    store = SearchStore(folder, {})
    try:
        return Search(
            workers or Threads(bench), store, proposer,  # type: ignore[arg-type]
            lambda: diagnose(bench.train, bench.tune, load_frozen(store.folder_of(0)), leaks),
            pace, 0, (said if said is not None else []).append,
        ).run(spec)  # fmt: skip
    finally:
        store.close()


def board(trials: Sequence[Trial]) -> list[tuple[object, ...]]:
    """Return what a board shows of trials: all but how long they took."""
    return [(t.number, t.spec, t.parent, t.status, t.share, t.score, t.why) for t in trials]


def test_a_score_is_the_surplus_beyond_the_default_by_hand(bench: Bench, tmp_path: Path) -> None:
    rows = bench.tune.frame

    def surplus(bid: float) -> float:
        won = rows["market_price_cpm"] < bid
        paid = rows["market_price_cpm"].where(rows["auction_type"] == 2, bid)
        return float((rows["click"] * rows["click_value_cpm"] - paid)[won].sum() / len(rows))

    policy = PolicySpec(name="constant", params={"bid": 1.0})
    flat = VariantSpec(name="flat", policy=policy, model=None)
    dearer = Listed(Change(kind="policy_param", name="bid", value=1.6))
    default, trial = search(bench, tmp_path, dearer, Pace(2), flat)
    assert default.score == 0
    # a price that is paid is a whole number of money steps
    assert trial.score == pytest.approx(surplus(1.6) - surplus(1.0), abs=1e-4)


def test_the_rules_find_the_planted_pair_and_the_first_price(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    trials = search(bench, tmp_path, RuleBook(), Pace(5), spec)
    names = [trial.spec.name for trial in trials]
    assert any(name.startswith("shading_factor") for name in names)
    assert any(name.startswith("add device_x_region") for name in names)
    assert max(trial.score or 0 for trial in trials) > 0.3
    assert [trial.number for trial in trials] == list(range(5))


def test_three_workers_give_the_board_of_one(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    pace = Pace(7, side_by_side=3)
    one = search(bench, tmp_path / "one", RandomDraws(), pace, spec)
    again = Bench(bench.train, bench.tune, tmp_path / "other")
    three = search(again, tmp_path / "three", RandomDraws(), pace, spec, Threads(again, 3))
    assert board(three) == board(one)
    assert {trial.status for trial in one} == {"scored"}
    folders = [{path.name for path in root.iterdir()} for root in (bench.root, again.root)]
    assert folders[0] == folders[1]  # the very same files, by their hash


@pytest.mark.parametrize("count", [1, 3])
def test_halving_gives_the_same_whatever_the_workers(
    bench: Bench, spec: VariantSpec, tmp_path: Path, count: int
) -> None:
    pace = Pace(7, side_by_side=3, halving=True)
    workers = Counted(Threads(bench, count))
    trials = search(bench, tmp_path / "a", RandomDraws(), pace, spec, workers)
    plain = search(bench, tmp_path / "b", RandomDraws(), pace, spec)
    assert board(trials) == board(plain)
    by = {status: [t for t in trials[1:] if t.status == status] for status in ("stopped", "scored")}
    assert (len(by["stopped"]), len(by["scored"])) == (2, 4)
    assert all(trial.share == LOW_SHARE and not trial.ranks for trial in by["stopped"])
    assert all(trial.share == 1.0 and trial.ranks for trial in by["scored"])
    whole = [number for number, _, share in workers.jobs if share == 1.0]
    assert sorted(whole) == sorted(t.number for t in trials if t.status == "scored")
    parents = {trial.parent for trial in trials[1:]}
    assert parents <= {0, *(trial.number for trial in by["scored"])}


@pytest.mark.parametrize("halving", [False, True])
def test_a_search_cut_off_anywhere_ends_as_it_would_have(
    bench: Bench, spec: VariantSpec, tmp_path: Path, halving: bool
) -> None:
    pace = Pace(7, side_by_side=3, halving=halving)
    whole = search(bench, tmp_path / "whole", RandomDraws(), pace, spec)
    paid: list[Job] = []
    for _ in range(40):
        workers = Counted(Threads(bench), fail_after=1)
        try:
            trials = search(bench, tmp_path / "cut", RandomDraws(), pace, spec, workers)
            break
        except KeyboardInterrupt:
            pass
        finally:
            paid += workers.jobs
    assert board(trials) == board(whole)
    assert len({(number, share) for number, _, share in paid}) == len(paid)


def test_what_may_not_be_tried_is_refused_and_costs_no_fit(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    odd = (
        Change(kind="drop_feature", name="nothing"),
        Change(kind="add_feature", name="won"),
        Change(kind="add_feature", name="colour"),
        Change(kind="add_feature", name="auction_id"),
        Change(kind="add_expression", name="odd", value="(SELECT 1)"),
        Change(kind="add_expression", name="odd", value="colour || device"),
        Change(kind="add_expression", name="odd", value="RANDOM() * hour"),
        Change(kind="constraint", name="win_rate", value=">= 0"),
        Change(kind="add_feature", name="exchange"),
        Change(kind="add_feature", name="exchange"),
        Change(kind="add_expression", name="leak", value="exchange || device"),
    )
    workers, said = Counted(Threads(bench)), list[str]()
    trials = search(
        bench, tmp_path, Listed(*odd), Pace(20, side_by_side=4), spec, workers, said,
        leaks=("exchange",),
    )  # fmt: skip
    assert [trial.status for trial in trials[1:]] == ["refused"] * len(odd)
    assert [number for number, _, _ in workers.jobs] == [0]
    why = [trial.why for trial in trials[1:]]
    assert "is no feature" in why[0]
    assert all("is no request column of the log" in why[place] for place in (1, 2, 3))
    assert "no query" in why[4]
    assert "colour" in why[5]
    assert "function rand" in why[6]
    assert "bids as trial 0 does" in why[7]
    assert all("which the leakage battery found" in why[place] for place in (8, 9, 10))
    assert sum("refused" in line for line in said) == len(odd)
    assert said[-1] == f"stopped after {len(odd) + 1} trials: nothing left to propose"


def test_the_same_change_is_not_paid_for_twice(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    change = Change(kind="drop_feature", name="hour")
    trials = search(bench, tmp_path, Listed(change, change), Pace(3, side_by_side=2), spec)
    assert [trial.status for trial in trials] == ["scored", "scored", "refused"]
    assert "bids as trial 1 does" in trials[2].why


def test_what_is_refused_when_it_is_built_leaves_the_rest_alone(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    odd = (
        Change(kind="param", name="num_leaves", value=1),
        Change(kind="param", name="learning_rat", value=1),
        Change(kind="exchange_factor", name="mars", value=1.5),
        Change(kind="policy_param", name="multiplier", value=-1),
        Change(kind="drop_feature", name="hour"),
    )
    for workers in (1, 3):
        pace = Pace(6, side_by_side=5)
        folder = tmp_path / str(workers)
        trials = search(bench, folder, Listed(*odd), pace, spec, Threads(bench, workers))
        assert [trial.status for trial in trials[1:]] == ["refused"] * 4 + ["scored"]
        assert "num_leaves" in trials[1].why
        assert "Did you mean 'learning_rate'" in trials[2].why
        assert "'mars' is no exchange of the log" in trials[3].why
        assert "multiplier" in trials[4].why


def test_a_hostile_text_stays_text(bench: Bench, spec: VariantSpec, tmp_path: Path) -> None:
    hostile = "\x1b[31mred\ud800 \u202eevil " * 60

    class Hostile:
        name = "hostile"

        def propose(self, brief, trials, count, seed):  # type: ignore[no-untyped-def]
            changes = (Change(kind="drop_feature", name="hour"),
                       Change(kind="add_feature", name=hostile))  # fmt: skip
            return [Proposal(0, (one,), hostile, hostile) for one in changes][:count]

    said: list[str] = []
    trials = search(bench, tmp_path, Hostile(), Pace(3, side_by_side=2), spec, said=said)
    assert [trial.status for trial in trials] == ["scored", "scored", "refused"]
    again = search(bench, tmp_path, Hostile(), Pace(3, side_by_side=2), spec)
    assert board(again) == board(trials)
    told = "".join([*said, *(t.spec.hypothesis + t.spec.proposer + t.why for t in trials)])
    assert told.isprintable()
    assert all(len(trial.spec.proposer) <= 80 for trial in trials)


def test_a_default_that_cannot_be_built_is_said_each_time(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    bad = spec.model_copy(update={"policy": spec.policy.model_copy(update={"name": "shed"})})
    for _ in range(2):
        with pytest.raises(DataError, match=r"default: cannot be built: policy: got 'shed'"):
            search(bench, tmp_path, RuleBook(), Pace(3), bad)


def test_no_round_is_begun_after_the_time_is_up(
    bench: Bench, spec: VariantSpec, tmp_path: Path
) -> None:
    said: list[str] = []
    trials = search(bench, tmp_path, RuleBook(), Pace(9, seconds=1e-9), spec, said=said)
    assert len(trials) == 1
    assert said[-1] == "stopped after 1 trials: the time is up"
    assert len(search(bench, tmp_path, RuleBook(), Pace(3), spec)) == 3  # and goes on later


def test_who_interrupts_does_not_wait_for_what_would_have_followed(
    bench: Bench, spec: VariantSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Semaphore(0)

    def evaluate(self: Bench, *_: object) -> Scored:
        begun.release()
        time.sleep(0.02)  # all 500 would take 5 s: time enough to be interrupted
        return Scored(0.0)

    monkeypatch.setattr(Bench, "evaluate", evaluate)
    runs = Threads(bench, 2).run([(number, spec, 1.0) for number in range(500)])
    next(runs)
    runs.close()
    count = 0
    while begun.acquire(blocking=False):
        count += 1
    assert count < 500


def test_another_search_in_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    SearchStore(tmp_path, {"seed": "0", "proposer": "rules"}).close()
    with pytest.raises(RunError, match="holds a search whose seed is 0, not 1"):
        SearchStore(tmp_path, {"seed": "1", "proposer": "rules"})
    with pytest.raises(RunError, match="holds a search whose proposer is rules, not tpe"):
        SearchStore(tmp_path, {"seed": "0", "proposer": "tpe"})
    SearchStore(tmp_path, {"seed": "0", "proposer": "rules"}).close()
