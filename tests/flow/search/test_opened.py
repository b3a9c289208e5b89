"""A search opened on a board: its best, every trial, what each cost, and who changes whom."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from kit.ai.client import Client
from kit.ai.endpoint import Endpoint
from kit.ai.journal import Journal
from kit.ai.propose.brief import Brief
from kit.ai.propose.model import ModelProposer
from kit.base.errors import DataError, RunError
from kit.base.workspace import candidates_path
from kit.data.sealed import SealedSplit
from kit.flow.board import Board
from kit.flow.runs import list_runs
from kit.flow.search.metered import Cost, Metered, costs_of
from kit.flow.search.notebook import search_variants
from kit.flow.search.opened import open_search
from kit.flow.search.outcome import COST_FILE, RESULT_FILE, Found
from kit.flow.search.record import SearchRecord, record_of
from kit.flow.search.store import SearchStore
from kit.variant.constraint import Constraint
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from kit.variant.trial import Trial, best_of
from tests.ai.loopback import Loopback, Step
from tests.flow.search.world import quick_default, sealed_log


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opened")


@pytest.fixture(scope="module")
def sealed(workspace: Path) -> SealedSplit:
    return sealed_log(workspace)


@pytest.fixture(autouse=True)
def in_workspace(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIT_WORKSPACE", str(workspace))
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "KIT_MODEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def found(workspace: Path, sealed: SealedSplit) -> Found:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_WORKSPACE", str(workspace))
        patch.delenv("OPENAI_BASE_URL", raising=False)
        bound = Constraint(metric="win_rate", at_least=0.01)
        return search_variants(
            sealed, "rules", 5, out=workspace / "found", default=quick_default(workspace),
            finalists=0, constraints=(bound,), say=lambda text: None,
        )  # fmt: skip


@pytest.fixture(scope="module")
def board(found: Found, workspace: Path) -> Board:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_WORKSPACE", str(workspace))
        return open_search(found, most=2)


def test_a_search_of_a_notebook_is_a_run_of_the_workspace(found: Found, workspace: Path) -> None:
    run = next(run for run in list_runs() if run.spec["out"] == str(workspace / "found"))
    assert (run.verb, run.status) == ("propose", "done")
    assert run.spec["proposer"] == "rules"
    result = json.loads((found.out / RESULT_FILE).read_text())
    assert {**result, "cost": json.loads((found.out / COST_FILE).read_text())} == run.summary
    names = ("search.json", "best.json", "cost.json")
    assert set(run.outputs) == {str(found.out / name) for name in names}
    with pytest.raises(RunError, match="holds a search whose"):
        search_variants(
            found.sealed, "random", 5, out=found.out, finalists=0, say=lambda text: None
        )
    failed = list_runs()[0]
    assert failed.status == "failed"
    assert "holds a search whose" in failed.message


def test_the_best_are_candidates_and_the_default_is_the_baseline(
    board: Board, found: Found
) -> None:
    ranked = sorted(found.trials[1:], key=lambda trial: -(trial.score or 0))
    assert board.names == [trial.spec.name for trial in ranked[:2]]
    assert board.baseline.spec.name == "default"
    scores = board.table.set_index("name")["tune_surplus"]
    for trial in ranked[:2]:  # for every 1,000 auctions in the search, for all on the board
        per_1000 = 1000 * scores[trial.spec.name] / len(found.sealed.tune)
        assert per_1000 == pytest.approx(trial.score, abs=1e-9)
    assert board.vault.ledger.entries() == []


def test_every_trial_is_there_with_its_cost(board: Board, found: Found) -> None:
    table = board.trials
    assert table["trial"].tolist() == list(range(5))
    assert table["on_board"].sum() == 3
    assert table["seconds"].tolist() == [trial.seconds for trial in found.trials]
    named = board.table.set_index("name")["cost"]
    for name in board.names:
        trial = next(one for one in found.trials if one.spec.name == name)
        assert named[name] == str(Cost(trial.seconds))
        assert board.standing(name).cost == found.costs[trial.number]


def test_a_spec_is_read_beside_what_it_changes_on_the_board_or_not(
    board: Board, found: Found
) -> None:
    names = {trial.number: trial.spec.name for trial in found.trials}
    for name in board.names:
        trial = next(one for one in found.trials if one.spec.name == name)
        assert board.standing(name).parent == board.beside(name) == names[trial.parent or 0]
        assert len(board.diff(name, board.beside(name))) >= 1
    off = next(name for name in names.values() if name not in (*board.names, "default"))
    assert len(board.diff(off, "default")) >= 1
    with pytest.raises(DataError, match="variant: got 'nobody'"):
        board.diff("nobody", "default")


def test_a_folder_opens_as_what_was_returned(found: Found, workspace: Path) -> None:
    read = record_of(workspace / "found")
    assert read.table.equals(record_of(found).table)
    assert read.claim == record_of(found).claim
    assert dict(read.folders) == found.folders
    summary = json.loads((workspace / "found" / RESULT_FILE).read_text())
    assert summary["best"]["number"] == found.best.number
    assert record_of(read) is read


def test_what_is_gone_or_damaged_is_built_again(
    found: Found, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    best, second = record_of(found).ranked[:2]
    gone, damaged = (Path(found.folders[each.number]) for each in (best, second))
    before = {each.number: open_search(found, most=2).variant(each.spec.name).hash
              for each in (best, second)}  # fmt: skip
    shutil.rmtree(gone)
    changed = next(damaged.rglob("*.txt"))
    whole = changed.read_text()
    changed.write_text(whole + " ")
    said: list[str] = []
    try:
        board = open_search(workspace / "found", most=2, say=said.append)
    finally:
        changed.write_text(whole)
    assert [text for text in said if text.startswith("Building")] == [
        f"Building trial {each.number} again: its folder is gone or has changed …"
        for each in (best, second)
    ]
    assert {each.number: board.variant(each.spec.name).hash for each in (best, second)} == before
    assert candidates_path() in board.variant(best.spec.name).folder.parents


def test_a_moved_log_is_named_and_can_be_passed(
    found: Found, workspace: Path, tmp_path: Path
) -> None:
    shutil.copytree(workspace / "found", tmp_path / "found")
    moved = found.sealed.folder.rename(tmp_path / "elsewhere")
    try:
        with pytest.raises(DataError, match=r"cannot be opened .* Pass sealed="):
            record_of(tmp_path / "found")
        assert record_of(tmp_path / "found", moved).sealed.folder == moved
    finally:
        moved.rename(found.sealed.folder)
    other = sealed_log(tmp_path / "other", rows=3000)
    with pytest.raises(DataError, match="is another log than the one that"):
        record_of(workspace / "found", other.folder)


def test_what_is_no_search_is_named(tmp_path: Path, found: Found) -> None:
    with pytest.raises(DataError, match=r"holds no search.sqlite; must be a folder"):
        open_search(tmp_path)
    assert list(tmp_path.iterdir()) == []  # and none is made there
    SearchStore(tmp_path, {}).close()
    with pytest.raises(DataError, match="has no scored default yet"):
        open_search(tmp_path)
    alone = SearchRecord(found.sealed, tuple(found.trials[:1]), found.folders, found.claim, {})
    with pytest.raises(DataError, match="no trial but the default was scored"):
        open_search(alone)
    with pytest.raises(DataError, match="most"):
        open_search(found, most=0)


def spec(name: str, why: str = "") -> VariantSpec:
    policy = PolicySpec(name="value", params={"multiplier": 1.0})
    return VariantSpec(name=name, policy=policy, model=ModelSpec(), hypothesis=why)


def test_trials_of_one_name_are_told_apart_and_stand_in_a_tree(sealed: SealedSplit) -> None:
    parents = {0: None, 1: 0, 2: 0, 3: 1, 4: 3}
    trials = tuple(
        Trial(number, spec("twice" if number in (1, 4) else f"t{number}"), parent, "scored",
              score=float(-number))
        for number, parent in parents.items()
    )  # fmt: skip
    record = SearchRecord(sealed, trials, {}, {}, {})
    assert record.names == {0: "t0", 1: "twice (trial 1)", 2: "t2", 3: "t3", 4: "twice (trial 4)"}
    assert [(each.trial.number, each.depth) for each in record.branches] == [
        (0, 0), (1, 1), (3, 2), (4, 3), (2, 1)
    ]  # fmt: skip
    assert [one.number for one in record.above(trials[4])] == [3, 1, 0]
    assert best_of(list(trials)).number == 0


def test_statuses_are_told(sealed: SealedSplit) -> None:
    trials = (
        Trial(0, spec("t0"), None, "scored", score=0.0),
        Trial(1, spec("t1"), 0, "scored", score=2.0, why="win_rate is 0.1, must be >= 0.2"),
        Trial(2, spec("t2"), 0, "stopped", 0.25, 1.0),
        Trial(3, spec("t3"), 0, "refused", why="hour: is no feature."),
    )
    record = SearchRecord(sealed, trials, {}, {}, {})
    ended = ["scored", "breaks a constraint", "stopped", "refused"]
    assert record.table["status"].tolist() == ended
    assert record.ranked == []


def test_calls_to_a_model_are_noted_with_the_trials_they_led_to(tmp_path: Path) -> None:
    said = {"parent": 0, "kind": "policy_param", "name": "multiplier", "hypothesis": "More wins."}
    steps = [Step(json.dumps({**said, "value": value})) for value in ("1.1", "1.2")]
    with Loopback(steps) as model:
        endpoint = Endpoint(model.url, "scripted", price_in=Decimal(2), price_out=Decimal(8))
        client = Client(endpoint, Journal(tmp_path / "journal.sqlite"))
        store = SearchStore(tmp_path, {})
        proposer = Metered(ModelProposer(client), client, store)
        root = Trial(0, spec("root"), None, "scored", score=0.0)
        assert len(proposer.propose(Brief(), [root], 2, 0)) == 2
        made = [root, Trial(1, spec("a"), 0, seconds=1.0), Trial(2, spec("b"), 0, seconds=2.0)]
        costs = costs_of(store, made)
        assert costs[0] == Cost()
        assert costs[1] == Cost(1.0, 1, 52, Decimal("0.000176"))  # 40 in, 12 out
        assert costs[2].tokens == 52
        store.note("calls for trial 1", "{}")  # what is noted stays
        assert costs_of(store, made) == costs
        store.close()
