"""Killed in the middle of a look, the vault loses nothing and charges nothing twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from kit.validate.ledger import Ledger
from kit.validate.look import look
from kit.validate.process import PROCESS
from kit.validate.vault import Vault
from tests.validate.vault_cases import RULES, Case, count, forked, kill_looks, make_case, numbered


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("kill"))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def test_a_few_kills_lose_nothing_and_charge_nothing_twice(case: Case, ledger: Ledger) -> None:
    found = kill_looks(case, ledger, kills=6, seed=20261129)
    assert (found.lost, found.twice) == (0, 0)
    again = look(case.held, numbered(case, found.looks - 1), ledger, RULES, "human")
    assert again.look == found.looks
    assert count(ledger) == (found.looks, found.looks)


def test_a_scorer_killed_between_charge_and_answer_is_asked_again_for_the_same_charge(
    case: Case, ledger: Ledger
) -> None:
    vault = Vault(case.sealed, ledger=ledger.path)
    good, low = case.variants["good"], case.variants["low"]
    vault.preview(good, low)
    first, cut = PROCESS.pid, []

    def kill() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if count(ledger) == (1, 0):
                os.kill(first or 0, signal.SIGKILL)
                cut.append(count(ledger))
                return

    killer = threading.Thread(target=kill)
    killer.start()
    verdict = vault.look(good, low)
    killer.join()
    assert cut == [(1, 0)]
    assert (verdict.shown, verdict.look, PROCESS.pid != first) == (True, 1, True)
    assert count(ledger) == (1, 1)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing_and_charge_nothing_twice(case: Case, ledger: Ledger) -> None:
    found = kill_looks(case, ledger, kills=100, seed=20261130)
    assert (found.kills, found.lost, found.twice) == (100, 0, 0)
    assert found.cut_off >= 10  # else the kills did not reach what they are for
    answered = count(ledger)[1]
    for number in range(found.looks):
        again = look(case.held, numbered(case, number), ledger, RULES, "human")
        assert (again.look, again.repeated) == (number + 1, number < answered)
    assert count(ledger) == (found.looks, found.looks)


def _ask(case: Case, ledger: Ledger, number: int, writer: int) -> None:
    """Tell which process scores, and when the look begins."""
    vault = Vault(case.sealed, ledger=ledger.path)
    os.write(writer, f"{PROCESS._running().pid}\n".encode())
    vault.preview(case.variants["more"], case.variants["good"])
    os.write(writer, b"looks now\n")
    vault.look(case.variants["more"], case.variants["good"], seed=number)
    time.sleep(60)


@pytest.mark.slow
def test_an_asking_process_that_is_killed_leaves_a_claim_that_can_be_asked_again(
    case: Case, ledger: Ledger
) -> None:
    """Its scoring process ends by itself, whether or not it had answered."""
    rng = np.random.default_rng(20261129)
    charged = []
    for number in range(10):
        reader, writer = os.pipe()
        asker = forked(partial(_ask, case, ledger, number, writer))
        os.close(writer)
        with os.fdopen(reader) as told:
            scorer = psutil.Process(int(told.readline()))
            told.readline()
            time.sleep(rng.uniform(0, 0.5))
            os.kill(asker, signal.SIGKILL)
            os.waitpid(asker, 0)
        assert psutil.wait_procs([scorer], timeout=60)[1] == []
        charged.append(count(ledger)[0])
        verdict = look(case.held, numbered(case, number), ledger, RULES, "human")
        assert verdict.look == number + 1
        assert count(ledger) == (number + 1, number + 1)
    assert charged[-1] >= 1
