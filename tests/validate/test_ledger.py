"""The ledger of looks: nothing lost, nothing twice, nothing changed unseen."""

from __future__ import annotations

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.base.errors import HoldoutSpentError, LedgerError
from kit.base.workspace import workspace_root
from kit.validate.ledger import Entry, Ledger, Told
from kit.validate.rule import Schedule, critical_z

WORKER = """
import sys
from pathlib import Path
from kit.validate.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    charge = ledger.charge("log", "rows", f"claim {number}", {"proposer": sys.argv[2]})
    ledger.answer(charge, "nothing", {"answer": "not shown better"})
    print(number, flush=True)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def look(ledger: Ledger, claim: str, told: Told = "nothing", log: str = "log") -> Entry:
    charge = ledger.charge(log, "rows", claim, {"proposer": "human"})
    ledger.answer(charge, told, {"answer": told})
    return charge


def edit(path: Path, *statements: str) -> None:
    """Change the file by hand, as its owner can: the triggers go first."""
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER ledger_keeps")
    connection.execute("DROP TRIGGER ledger_holds")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_looks_are_charged_by_the_schedule_of_their_log(ledger: Ledger) -> None:
    schedule = Schedule()
    for number in (1, 2, 3):
        charge = look(ledger, f"claim {number}")
        assert charge.look == number
        assert charge.body["share"] == schedule.share(number)
        assert charge.body["critical_z"] == critical_z(schedule.share(number))
    assert look(ledger, "claim 1", log="another log").look == 1
    assert (ledger.looks_left("log"), ledger.looks_left("another log")) == (197, 199)


def test_a_shown_answer_makes_later_looks_stricter(ledger: Ledger) -> None:
    look(ledger, "claim 1")
    look(ledger, "claim 2", "effect")
    charge = look(ledger, "claim 3", "doubt")
    assert charge.body["releases"] == 1
    assert charge.body["share"] == Schedule().share(3, 1) < Schedule().share(3)
    assert charge.body["critical_z"] > critical_z(Schedule().share(3))
    assert look(ledger, "claim 4").body["share"] == Schedule().share(4, 2, doubted=1)


def test_the_same_claim_is_charged_and_answered_once(ledger: Ledger) -> None:
    charge = ledger.charge("log", "rows", "claim", {"proposer": "human"})
    assert ledger.find("log", "claim") == (charge, None)  # crashed here: charged, not answered
    assert ledger.charge("log", "rows", "claim", {"proposer": "another"}) == charge
    first = ledger.answer(charge, "effect", {"answer": "better"})
    assert ledger.answer(charge, "nothing", {"answer": "not shown better"}) == first
    assert ledger.find("log", "claim") == (charge, first)
    assert [entry.kind for entry in ledger.entries()] == ["charge", "answer"]


def test_an_answer_needs_its_charge(ledger: Ledger, tmp_path: Path) -> None:
    charge = Ledger(tmp_path / "other.sqlite").charge("log", "rows", "claim", {})
    with pytest.raises(LedgerError, match=r"look 1: is not charged in ledger\.sqlite"):
        ledger.answer(charge, "effect", {})
    assert ledger.entries() == []


def test_a_spent_budget_charges_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", Schedule(looks=6))
    for number in range(6):
        look(ledger, f"claim {number}")
    with pytest.raises(HoldoutSpentError, match="fresh holdout restores it"):
        ledger.charge("log", "rows", "one more", {})
    assert ledger.looks_left("log") == 0
    assert len(ledger.entries()) == 12
    assert ledger.charge("log", "rows", "claim 3", {}).look == 4  # an old claim is still known


@pytest.mark.parametrize("statement", ["UPDATE ledger SET look = 7", "DELETE FROM ledger"])
def test_rows_stay(ledger: Ledger, statement: str) -> None:
    look(ledger, "claim")
    connection = sqlite3.connect(ledger.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statements", "row"),
    [
        (["UPDATE ledger SET body = replace(body, 'human', 'nobody') WHERE number = 3"], 3),
        (["UPDATE ledger SET at = '2020-01-01' WHERE number = 1"], 1),
        (["DELETE FROM ledger WHERE number = 2"], 2),
        (["DELETE FROM ledger WHERE number > 4"], 5),
        (["DELETE FROM ledger"], 1),
    ],
)
def test_an_edit_by_hand_is_seen(ledger: Ledger, statements: list[str], row: int) -> None:
    for number in range(3):
        look(ledger, f"claim {number}")
    edit(ledger.path, *statements)
    with pytest.raises(LedgerError, match=rf"row {row} is not as it was written"):
        ledger.looks_left("log")
    with pytest.raises(LedgerError, match="append-only"):
        ledger.charge("log", "rows", "another", {})


def test_what_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerError, match=r"cannot be opened or written .* nothing was scored"):
        Ledger(tmp_path / "file" / "ledger.sqlite").charge("log", "rows", "claim", {})
    (tmp_path / "ledger.sqlite").write_text("no database, " * 100)
    with pytest.raises(LedgerError, match="cannot be opened or written"):
        Ledger(tmp_path / "ledger.sqlite").entries()


def test_it_lies_in_the_workspace_and_is_made_by_the_first_charge() -> None:
    ledger = Ledger()
    assert ledger.path == workspace_root() / ".kit" / "ledger.sqlite"
    assert ledger.entries() == []
    assert not ledger.path.exists()


def test_a_spreadsheet_runs_no_cell_of_the_export(ledger: Ledger, tmp_path: Path) -> None:
    look(ledger, "=HYPERLINK()")
    with ledger.export_csv(tmp_path / "looks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["kind"] for row in rows] == ["charge", "answer"]
    assert rows[0]["claim"] == "'=HYPERLINK()"
    assert '"proposer": "human"' in rows[0]["body"]


def test_several_at_once_are_serialised(ledger: Ledger) -> None:
    with ThreadPoolExecutor(4) as pool:
        charges = list(pool.map(lambda number: look(ledger, f"claim {number}"), range(12)))
    assert sorted(charge.look for charge in charges) == list(range(1, 13))
    assert len(ledger.entries()) == 24


def test_two_processes_at_once_are_serialised(ledger: Ledger) -> None:
    command = [sys.executable, "-c", WORKER, str(ledger.path)]
    workers = [
        subprocess.Popen([*command, str(start), str(start + 10)], stdout=subprocess.DEVNULL)
        for start in (0, 10)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0]
    looks = [entry.look for entry in ledger.entries() if entry.kind == "charge"]
    assert looks == list(range(1, 21))


@pytest.mark.slow
def test_killed_at_random_points_it_loses_nothing_and_charges_nothing_twice(
    ledger: Ledger,
) -> None:
    """Every look that was reported is there; the one under way is finished, not charged again."""
    random.seed(20261125)
    reported = -1
    for kill in range(100):
        if kill >= 25 and reported > 25:  # on a busy machine a worker reports fewer looks
            break
        command = [sys.executable, "-c", WORKER, str(ledger.path), str(max(reported, 0)), "150"]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert worker.stdout is not None
        reported = max(reported, int(worker.stdout.readline()))
        time.sleep(random.uniform(0.0, 0.03))
        os.kill(worker.pid, signal.SIGKILL)
        rest = worker.communicate()[0].split()
        reported = max([reported, *map(int, rest)])
        entries = ledger.entries()  # verifies the chain
        answered = [entry.claim for entry in entries if entry.kind == "answer"]
        charged = [entry.claim for entry in entries if entry.kind == "charge"]
        assert [f"claim {number}" for number in range(reported + 1)] == answered[: reported + 1]
        assert charged == [f"claim {number}" for number in range(len(charged))]
        assert 0 <= len(charged) - len(answered) <= 1
    assert reported > 25
