"""Looks that cannot be made or finished: nothing is charged in vain, and nothing is told."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kit.base.errors import DataError, HoldoutSpentError, LedgerError
from kit.data.log import AuctionLog
from kit.validate import ledger as ledger_module
from kit.validate import look as look_module
from kit.validate.claim import Claim
from kit.validate.holdout import MIN_CLICKS
from kit.validate.ledger import Ledger
from kit.validate.look import look, preview
from kit.validate.rule import Schedule
from kit.validate.scoring import Score
from kit.validate.scoring import score as plain_score
from kit.variant.spec import PolicySpec
from tests.validate.vault_cases import (
    RULES,
    Case,
    Change,
    another_draw,
    ask,
    count,
    frozen,
    with_other_holdout,
)

SECRET = "dione paid 7.25"
pytestmark = pytest.mark.usefixtures("prices_alone")


def test_a_changed_byte_is_refused_before_a_charge(
    case: Case, ledger: Ledger, tmp_path: Path
) -> None:
    other = with_other_holdout(case, tmp_path, another_draw(21))
    path = other.sealed.holdout_path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    held = other.held
    with pytest.raises(DataError, match="No look was charged"):
        look(held, case.claim("good", "low"), ledger, RULES, "human")
    path.unlink()
    with pytest.raises(DataError, match=r"cannot be read .* No look was charged"):
        look(held, case.claim("good", "low"), ledger, RULES, "human")
    assert not ledger.path.exists()


def few_steps(rows: pd.DataFrame) -> None:
    rows["time_index"] = np.arange(len(rows)) * 2 // len(rows)
    del rows["timestamp"]


def few_clicks(rows: pd.DataFrame) -> None:
    rows["click"] = np.arange(len(rows)) < MIN_CLICKS - 1


def no_clicks(rows: pd.DataFrame) -> None:
    rows["click"] = False


def invalid_clicks(rows: pd.DataFrame) -> None:
    rows["is_invalid_traffic"] = True


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (few_steps, "has 4 time blocks; a verdict needs at least 8"),
        (few_clicks, "has 29 clicks; a verdict needs at least 30"),
        (no_clicks, "has 0 clicks"),
        (invalid_clicks, "has 0 clicks"),
    ],
)
def test_a_holdout_too_small_for_any_verdict_is_refused_before_a_charge(
    case: Case, tmp_path: Path, ledger: Ledger, change: Change, said: str
) -> None:
    small = with_other_holdout(case, tmp_path, change)
    with pytest.raises(DataError, match=said):
        ask(small, ledger, case.claim("good", "low"))
    assert not ledger.path.exists()


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each log that was scored was a sealed one."""
    sealed: list[bool] = []

    def watched(log: AuctionLog, *rest: Any) -> Score:
        sealed.append(log.meta.sealed)
        return plain_score(log, *rest)

    monkeypatch.setattr(look_module, "score", watched)
    return sealed


def test_a_ledger_that_cannot_be_written_leaves_the_holdout_unscored(
    case: Case, tmp_path: Path, scored: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LedgerError, match="nothing was scored"):
        ask(case, Ledger(tmp_path / "file" / "ledger.sqlite"), case.claim("good", "low"))

    def refuse(*_: Any) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(ledger_module, "_append", refuse)
    with pytest.raises(LedgerError, match="readonly database"):
        ask(case, Ledger(tmp_path / "ledger.sqlite"), case.claim("good", "low"))
    assert scored == [False, False]


def test_an_answer_that_could_not_be_written_is_given_later_for_the_same_charge(
    case: Case, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = ledger_module._append

    def full(connection: sqlite3.Connection, kind: Any, *rest: Any) -> Any:
        if kind == "answer":
            raise sqlite3.OperationalError("database or disk is full")
        return append(connection, kind, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(ledger_module, "_append", full)
        with pytest.raises(LedgerError, match="disk is full"):
            ask(case, ledger, case.claim("good", "low"))
    assert count(ledger) == (1, 0)
    verdict = ask(case, ledger, case.claim("good", "low"))
    assert (verdict.shown, verdict.look, verdict.repeated) == (True, 1, False)
    assert count(ledger) == (1, 1)


def test_a_spent_budget_names_what_restores_it_and_keeps_old_answers(
    case: Case, tmp_path: Path, scored: list[bool]
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite", Schedule(looks=6))
    for seed in range(6):
        ask(case, ledger, case.claim("more", "good", seed=seed))
    scored.clear()
    with pytest.raises(HoldoutSpentError, match="fresh holdout restores it"):
        ask(case, ledger, case.claim("good", "low"))
    assert scored == [False]
    assert count(ledger) == (6, 6)
    assert ask(case, ledger, case.claim("more", "good", seed=3)).look == 4
    before = preview(case.held, case.claim("good", "low"), ledger, RULES)
    assert (before.looks_left, before.share, before.mde_cpm) == (0, 0.0, None)


def test_a_ledger_edited_by_hand_is_refused(case: Case, ledger: Ledger, scored: list[bool]) -> None:
    ask(case, ledger, case.claim("more", "good"))
    scored.clear()
    connection = sqlite3.connect(ledger.path)
    connection.execute("DROP TRIGGER ledger_keeps")
    connection.execute("UPDATE ledger SET body = replace(body, 'human', 'nobody')")
    connection.commit()
    connection.close()
    for claim in (case.claim("good", "low"), case.claim("more", "good")):
        with pytest.raises(LedgerError, match="not as it was written"):
            ask(case, ledger, claim)
    assert scored == []


def test_a_failure_on_the_holdout_is_told_by_its_kind_alone(
    case: Case, ledger: Ledger, tmp_path: Path
) -> None:
    """The sealed rows alone lack the bids, so that only there they cannot be replayed."""

    def lose_the_bids(rows: pd.DataFrame) -> None:
        del rows["bid_price_cpm"]

    other = with_other_holdout(case, tmp_path, lose_the_bids)
    logged = frozen("logged", PolicySpec(name="logged"), tmp_path)
    verdict = ask(other, ledger, Claim(logged, case.variants["low"]))
    assert (verdict.shown, verdict.look, verdict.effect) == (False, 1, None)
    assert verdict.gates[0].reasons == ("It could not be scored on the holdout (PolicyError).",)
    assert "bid_price_cpm" not in json.dumps([verdict.to_dict(), ledger.entries()[-1].body])
    assert ledger.entries()[-1].body["told"] == "doubt"


def test_words_of_a_failure_on_the_holdout_reach_neither_verdict_nor_ledger(
    case: Case, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(log: AuctionLog, *rest: Any) -> Score:
        if log.meta.sealed:
            raise DataError(SECRET)
        return plain_score(log, *rest)

    monkeypatch.setattr(look_module, "score", fail)
    verdict = ask(case, ledger, case.claim("good", "low"))
    assert "(DataError)" in verdict.gates[0].reasons[0]
    assert SECRET not in json.dumps(verdict.to_dict())
    assert SECRET not in json.dumps([vars(entry) for entry in ledger.entries()])
