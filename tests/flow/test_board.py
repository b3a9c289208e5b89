"""What a variant board knows: ranks, lineage, differences, and what was asked before."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from kit.base.errors import DataError, HoldoutSpentError, KitError, LedgerError
from kit.flow.board import PROPOSER, Board
from kit.flow.standing import ranked, spec_diff
from kit.validate.detectable import detectable_effect
from kit.validate.ledger import Ledger
from kit.validate.rule import Schedule, critical_z
from kit.validate.vault import Vault
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import ModelSpec, PolicySpec, VariantSpec
from tests.validate.vault_cases import Case, make_case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def family(case: Case) -> list[FrozenVariant]:
    """Four variants: a child and a grandchild of the first, and one of parents unknown."""
    first = variant(case, "first", 1.0)
    child = variant(case, "child", 1.5, parent=first.spec.key)
    grandchild = variant(case, "grandchild", 1.95, parent=child.spec.key)
    return [grandchild, variant(case, "foundling", 0.31, parent="0123456789abcdef"), child, first]


@pytest.fixture(scope="module")
def whole(case: Case, family: list[FrozenVariant]) -> Board:
    """All of them; nothing is asked on this one."""
    return Board(case.sealed, case.variants["low"], family, ledger=case.root / "ledger.sqlite")


@pytest.fixture
def board(case: Case, family: list[FrozenVariant], tmp_path: Path) -> Board:
    """Grandchild and child, with a ledger of its own."""
    return Board(case.sealed, case.variants["low"], family[::2], ledger=tmp_path / "ledger.sqlite")


def variant(case: Case, name: str, bid: float, parent: str = "") -> FrozenVariant:
    chosen = PolicySpec(name="constant", params={"bid": bid})
    spec = VariantSpec(name=name, model=None, policy=chosen, parent=parent, proposer="a test")
    return build_variant(spec, case.sealed.train, case.sealed.tune, case.root / "own" / name)


def test_candidates_are_ranked_by_what_the_tune_split_says(whole: Board, case: Case) -> None:
    board = whole
    scores = board.table.set_index("name")["tune_surplus"]
    assert list(scores) == sorted(scores, reverse=True)
    preview = Vault(case.sealed, ledger=board.vault.ledger.path).preview(
        board.variant("child"), case.variants["low"]
    )
    assert preview.tune is not None
    seen = preview.tune.first
    columns = ["tune_surplus", "tune_low", "tune_high"]
    in_currency = board.table.set_index("name").loc["child", columns]
    sums = (seen.difference, seen.simultaneous_low, seen.simultaneous_high)
    assert in_currency.tolist() == [board.unit.money(price_sum) for price_sum in sums]
    assert board.table["proposer"].unique().tolist() == ["a test"]
    assert board.vault.ledger.entries() == []  # ranking asks nothing


def test_lineage_puts_each_after_its_parent(whole: Board) -> None:
    rows = whole.rows("lineage")
    assert [(row.name, row.depth) for row in rows if row.name != "foundling"] == [
        ("first", 0), ("child", 1), ("grandchild", 2)
    ]  # fmt: skip
    parents = {row.name: row.parent for row in rows}
    assert parents == {"first": "", "child": "first", "grandchild": "child",
                       "foundling": "0123456789abcdef"}  # fmt: skip
    with pytest.raises(DataError, match="order: got 'age'"):
        ranked(rows, "age")  # type: ignore[arg-type]


def test_parents_in_a_circle_still_stand_on_the_board(case: Case, tmp_path: Path) -> None:
    keys = [variant(case, name, bid).spec.key for name, bid in (("a", 1.0), ("b", 1.5))]
    around = [
        variant(case, f"{name} around", bid, parent)
        for name, bid, parent in (("a", 1.0, keys[1]), ("b", 1.5, keys[0]))
    ]
    board = Board(case.sealed, case.variants["low"], around, ledger=tmp_path / "ledger.sqlite")
    assert sorted(row.name for row in board.rows("lineage")) == ["a around", "b around"]


def test_a_look_is_charged_and_its_answer_stays(board: Board, case: Case, tmp_path: Path) -> None:
    verdict = board.look("grandchild")
    assert (verdict.answer, verdict.look) == ("better", 1)
    (charge, answer) = Ledger(tmp_path / "ledger.sqlite").entries()
    assert charge.body["proposer"] == PROPOSER == "human, variant board"
    assert answer.body["verdict"]["shown"]
    standing = board.standing("grandchild")
    assert standing.answer == "better: pass (look 1)"
    assert (standing.may_ask, standing.charged) == (False, 1)
    assert standing.verdict is not None
    assert (board.looks_left, standing.verdict.looks_left) == (199, 199)
    assert board.look("grandchild").repeated  # the recorded answer, not charged again
    assert board.looks_left == 199

    later = Board(
        case.sealed, case.variants["low"], [board.variant("grandchild"), board.variant("child")],
        ledger=tmp_path / "ledger.sqlite",
    )  # fmt: skip
    assert later.standing("grandchild").answer == "better: pass (look 1)"
    assert later.standing("child").answer == "not asked"
    other = Board(
        case.sealed, case.variants["low"], [board.variant("grandchild")], question="worse",
        ledger=tmp_path / "ledger.sqlite",
    )  # fmt: skip
    assert other.standing("grandchild").answer == "not asked"  # another question


def test_the_next_look_is_priced_by_the_ledger_as_it_is_now(board: Board) -> None:
    before = board.standing("child").preview
    assert before.share == Schedule().share(1)
    board.look("grandchild")
    after = board.standing("child").preview
    assert after.share == board.share("child") == Schedule().share(2, 1)
    assert before.mde_cpm is not None
    assert after.mde_cpm is not None
    assert before.tune is not None
    again = board.vault.preview(board.variant("child"), board.baseline)
    assert (after.share, after.looks_left) == (again.share, again.looks_left)
    assert after.mde_cpm == pytest.approx(again.mde_cpm)
    assert after.mde_cpm > before.mde_cpm
    holdout = board.sealed.rows["holdout"]
    assert before.mde_cpm == pytest.approx(
        detectable_effect(before.tune, holdout, critical_z(before.share), board.power)
    )


def test_a_look_that_was_cut_off_can_be_asked_again(board: Board, case: Case) -> None:
    claim = case.claim("good", "low")
    board.add(case.variants["good"])
    facts = {"proposer": "a test", "candidate": {"name": "good"}}
    charge = board.vault.ledger.charge(
        board.vault.source_hash, case.sealed.holdout_hash, claim.key, facts
    )
    board.refresh()
    standing = board.standing("good")
    assert standing.answer == "not answered (look 1)"
    assert standing.may_ask
    assert board.share("good") == charge.body["share"]
    assert board.look("good").look == 1
    assert board.looks_left == 199


def test_what_fails_on_tune_is_not_worth_asking(case: Case, tmp_path: Path) -> None:
    alike = variant(case, "a hair more", 0.3 + 1e-9)
    board = Board(case.sealed, case.variants["low"], [alike], ledger=tmp_path / "ledger.sqlite")
    (row,) = board.rows()
    assert row.tune_status == "fail"
    assert not row.may_ask
    assert board.look(row.name).look == 0
    assert board.looks_left == 200


def test_a_spent_budget_and_an_edited_ledger_are_named(
    board: Board, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board.vault.ledger, "schedule", Schedule(looks=6))
    for claim in map(str, range(6)):
        board.vault.ledger.charge(
            board.vault.source_hash, case.sealed.holdout_hash, claim, {"proposer": "a test"}
        )
    board.refresh()
    with pytest.raises(HoldoutSpentError, match="6 looks, and they are used up"):
        board.share("child")
    preview = board.standing("child").preview
    assert (preview.looks_left, preview.mde_cpm) == (0, None)
    board.vault.ledger.path.write_bytes(b"not a ledger")
    with pytest.raises(LedgerError):
        board.refresh()
    assert board.looks_left == 0  # what was read before stays


def test_what_is_on_the_board_already_is_named(board: Board, case: Case) -> None:
    before = board.table
    assert board.add(board.variant("child")).name == "child"  # again is no fault
    renamed = variant(case, "a new name", 1.5)
    with pytest.raises(DataError, match="'a new name' bids as 'child'"):
        board.add(renamed)
    with pytest.raises(DataError, match="'low' bids as 'low'"):
        board.add(case.variants["low"])
    impostor = build_variant(
        VariantSpec(name="child", model=None, policy=PolicySpec(name="constant",
                                                                params={"bid": 9.0})),
        case.sealed.train, case.sealed.tune, case.root / "own" / "impostor",
    )  # fmt: skip
    with pytest.raises(DataError, match="'child' has the name of 'child'"):
        board.add(impostor)
    for name in ("nobody", "low"):
        with pytest.raises(KitError, match=f"candidate: got '{name}'"):
            board.standing(name)
    with pytest.raises(
        DataError, match="variant: got 'nobody'; must be one of: low, grandchild, child"
    ):
        board.diff("low", "nobody")
    with pytest.raises(DataError, match="candidates: got none"):
        Board(case.sealed, case.variants["low"], [])
    assert board.table.equals(before)


def test_a_diff_names_only_what_decides_bids_and_differs() -> None:
    policy = PolicySpec(name="value", params={"multiplier": 2.0}, first_price={"aurora": 0.25})
    left = VariantSpec(name="left", policy=policy, model=ModelSpec(features=("device", "hour")))
    right = VariantSpec(
        name="right", hypothesis="why", parent="x", seed=3, model=ModelSpec(features=None),
        policy=PolicySpec(name="value", params={"multiplier": 2.0}, first_price={"aurora": 0.5}),
    )  # fmt: skip
    assert spec_diff(left, right).to_numpy().tolist() == [
        ["policy.first_price.aurora", "0.25", "0.5"],
        ["model.features.device", "yes", "\N{EN DASH}"],
        ["model.features.hour", "yes", "\N{EN DASH}"],
        ["seed", "0", "3"],
        ["model.features", "\N{EN DASH}", "not set"],
    ]
    assert spec_diff(left, left.model_copy(update={"name": "twin"})).empty


def test_checks_on_tune_are_those_of_the_gates(board: Board) -> None:
    stress = board.stress("grandchild")
    tune = board.standing("grandchild").tune
    assert stress.gain == pytest.approx(tune.first.difference)
    assert stress.worst is not None
    assert stress.worst.share is not None
    (gate,) = (g for g in board.standing("grandchild").preview.gates if g.gate == "stress")
    assert f"{100 * stress.worst.share:.0f} % of the gain is left" in " ".join(gate.reasons)
    drift = board.drift("grandchild")
    assert drift.rows == (board.sealed.rows["train"], board.sealed.rows["tune"])
    assert not math.isnan(board.standing("grandchild").money[0])


def test_what_a_model_has_by_default_is_no_difference_from_no_model() -> None:
    policy = PolicySpec(name="constant", params={"bid": 2.0})
    plain = VariantSpec(name="plain", policy=policy, model=None)
    model = ModelSpec(features=("hour",), objective="squared_error")
    assert spec_diff(plain, VariantSpec(name="own", policy=policy, model=model)).field.tolist() == [
        "model", "model.features.hour", "model.objective",
    ]  # fmt: skip
