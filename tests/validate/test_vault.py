"""The vault: the same answers as the code of a look, through a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.base.errors import DataError, LedgerError, ModelError
from kit.base.workspace import ledger_path
from kit.validate.ledger import Ledger
from kit.validate.look import look
from kit.validate.process import PROCESS, ScoringProcess
from kit.validate.rules import packaged_rules
from kit.validate.vault import Vault
from kit.validate.verdict import Verdict
from kit.variant.frozen import VARIANT_FILE, load_frozen
from tests.validate.vault_cases import (
    RULES,
    Case,
    another_draw,
    constant,
    count,
    forked,
    make_case,
    with_other_holdout,
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def vault(case: Case, tmp_path: Path) -> Vault:
    return Vault(case.sealed, ledger=tmp_path / "ledger.sqlite")


@pytest.fixture(scope="module")
def another() -> Iterator[ScoringProcess]:
    """A second scoring process, as a second notebook has one."""
    process = ScoringProcess()
    yield process
    process.close()


def request(vault: Vault, case: Case, candidate: str, baseline: str, **settings: Any) -> Any:
    return {
        "do": "look", "folder": str(vault.folder), "ledger": str(vault.ledger.path),
        "rules": str(packaged_rules()), "proposer": "human",
        "claim": case.claim(candidate, baseline, **settings).to_dict(),
    }  # fmt: skip


def test_the_answer_is_that_of_the_same_code_in_this_process(case: Case, vault: Vault) -> None:
    good, low = case.variants["good"], case.variants["low"]
    there = vault.look(good, low)
    here = look(
        case.held, case.claim("good", "low"), Ledger(vault.ledger.path.with_name("here.sqlite")),
        RULES, "human",
    )  # fmt: skip
    assert there.shown
    assert json.dumps(there.to_dict()) == json.dumps(here.to_dict())


def test_a_look_is_listed_and_the_same_again_is_not_charged(case: Case, vault: Vault) -> None:
    good, low = case.variants["good"], case.variants["low"]
    vault.look(good, low, proposer="an optimiser")
    vault.look(case.variants["more"], good)
    again = Vault(case.sealed.folder, ledger=vault.ledger.path).look(good, low)
    assert (again.repeated, again.look, vault.looks_left) == (True, 1, 198)
    table = vault.history
    assert table["look"].tolist() == [1, 2]
    assert table["proposer"].tolist() == ["an optimiser", "human"]
    assert table["answer"].tolist() == ["better", "not shown better"]
    assert table["candidate"].tolist() == ["good", "more"]


def test_a_preview_is_charged_nowhere(case: Case, vault: Vault) -> None:
    verdict = vault.preview(case.variants["good"], case.variants["low"])
    assert (verdict.look, verdict.effect, verdict.looks_left) == (0, None, 200)
    assert not vault.ledger.path.exists()
    assert vault.history.empty


def test_without_a_path_the_ledger_is_the_workspaces(case: Case) -> None:
    Vault(case.sealed).look(case.variants["good"], case.variants["low"])
    assert count(Ledger(ledger_path())) == (1, 1)


def test_a_workspaces_own_rules_judge(case: Case, tmp_path: Path, vault: Vault) -> None:
    text = packaged_rules().read_text()
    (tmp_path / "strict.toml").write_text(text.replace("survives = 0.0", "survives = 1.0"))
    strict = Vault(case.sealed, ledger=vault.ledger.path, rules=tmp_path / "strict.toml")
    verdict = strict.look(case.variants["good"], case.variants["low"])
    assert (verdict.shown, verdict.status) == (True, "needs a person")


def test_one_claim_from_two_processes_is_one_charge(
    case: Case, vault: Vault, another: ScoringProcess
) -> None:
    first = vault.look(case.variants["good"], case.variants["low"])
    again = Verdict.from_dict(another.ask(request(vault, case, "good", "low"))["verdict"])
    assert another.pid != PROCESS.pid
    assert again.to_dict() == first.to_dict() | {"repeated": True}
    assert count(vault.ledger) == (1, 1)


def test_two_processes_at_once_are_serialised(
    case: Case, vault: Vault, another: ScoringProcess
) -> None:
    """Both ask the same at the same moment, then each something else, three times over."""
    together = threading.Barrier(2)
    answers: dict[int, list[Verdict]] = {0: [], 1: []}

    def work(place: int, process: ScoringProcess) -> None:
        for step in range(3):
            for seed in (10 * step, 10 * step + 1 + place):
                together.wait(timeout=60)
                reply = process.ask(request(vault, case, "more", "good", seed=seed))
                answers[place].append(Verdict.from_dict(reply["verdict"]))

    workers = [threading.Thread(target=work, args=item) for item in ((0, PROCESS), (1, another))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert count(vault.ledger) == (9, 9)
    charged = [entry.look for entry in vault.ledger.entries() if entry.kind == "charge"]
    assert charged == list(range(1, 10))
    looks = [[verdict.look for verdict in answers[place]] for place in (0, 1)]
    assert looks[0][0::2] == looks[1][0::2]
    assert not set(looks[0][1::2]) & set(looks[1][1::2])


def test_threads_of_one_notebook_wait_for_each_other(case: Case, vault: Vault) -> None:
    found: dict[int, str] = {}

    def work(seed: int) -> None:
        pair = ("good", "low") if seed % 2 else ("more", "good")
        verdict = vault.look(*(case.variants[name] for name in pair), seed=seed)
        found[seed] = verdict.candidate

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert found == {0: "more", 1: "good", 2: "more", 3: "good"}
    assert count(vault.ledger) == (4, 4)


def test_a_frozen_candidate_that_was_changed_is_refused_before_a_charge(
    case: Case, vault: Vault, tmp_path: Path
) -> None:
    candidate = constant("candidate", 2.0, tmp_path)
    text = (candidate.folder / VARIANT_FILE).read_text()
    (candidate.folder / VARIANT_FILE).write_text(text.replace('"bid": 2.0', '"bid": 2.5'))
    with pytest.raises(ModelError, match="has changed since it was loaded"):
        vault.look(candidate, case.variants["low"])
    changed = load_frozen(candidate.folder)  # another variant, honestly asked about
    assert vault.look(changed, case.variants["low"]).candidate_hash == changed.hash
    (candidate.folder / "click.txt").write_text("a model that was not there")
    with pytest.raises(ModelError, match="changed, missing or added"):
        vault.look(changed, case.variants["low"], seed=1)
    assert count(vault.ledger) == (1, 1)


def test_what_the_process_refuses_comes_across_as_its_own_error(
    case: Case, vault: Vault, tmp_path: Path
) -> None:
    good, low = case.variants["good"], case.variants["low"]
    with pytest.raises(DataError, match="question: got 'best'"):
        vault.look(good, low, question="best")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="margin_per_1000"):
        vault.look(good, low, margin_per_1000=1.0)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerError, match="nothing was scored"):
        Vault(case.sealed, ledger=tmp_path / "file" / "ledger.sqlite").look(good, low)
    other = with_other_holdout(case, tmp_path, another_draw(1))
    path = other.sealed.holdout_path
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="No look was charged"):
        Vault(other.sealed, ledger=vault.ledger.path).look(good, low)
    assert not vault.ledger.path.exists()


def test_sealing_the_log_again_does_not_refill_the_budget(
    case: Case, vault: Vault, tmp_path: Path
) -> None:
    vault.look(case.variants["good"], case.variants["low"])
    other = with_other_holdout(case, tmp_path, another_draw(1))  # of the same source
    assert Vault(other.sealed, ledger=vault.ledger.path).looks_left == 199


def test_another_log_sealed_in_the_same_folder_is_the_one_that_is_asked(
    case: Case, tmp_path: Path
) -> None:
    folder = tmp_path / "sealed"
    good, low = case.variants["good"], case.variants["low"]
    effects = []
    for seed in (1, 2):
        shutil.rmtree(folder, ignore_errors=True)
        other = with_other_holdout(case, tmp_path, another_draw(seed))
        effect = Vault(folder, ledger=tmp_path / f"{seed}.sqlite").look(good, low).effect
        assert effect is not None
        assert abs(effect.difference - other.truth("good", "low")) <= effect.step / 2
        effects.append(effect.difference)
    assert effects[0] != effects[1]


def test_a_forked_process_asks_a_scoring_process_of_its_own(case: Case, vault: Vault) -> None:
    """Two that write to one pipe would take each other's answers."""
    vault.preview(case.variants["good"], case.variants["low"])
    started = PROCESS.pid

    def elsewhere() -> None:
        assert PROCESS.pid is None
        PROCESS.close()  # as at its exit

    child = forked(elsewhere)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert PROCESS.pid == started
    assert vault.look(case.variants["good"], case.variants["low"]).look == 1
