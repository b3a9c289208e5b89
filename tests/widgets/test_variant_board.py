"""The variant board from Python: state in, state out; the screen itself is tests/browser's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kit.base.errors import DataError, KitError
from kit.flow import board as board_module
from kit.report.verdict_words import verdict_headline
from kit.validate.ledger import Ledger
from kit.validate.rule import Schedule
from kit.validate.verdict import Verdict
from kit.variant.build import build_variant
from kit.variant.spec import PolicySpec, VariantSpec
from kit.widgets.variant_board import CHARGE, LOOK, VariantBoard
from tests.validate.vault_cases import Case, make_case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("panel"))


@pytest.fixture
def panel(case: Case, tmp_path: Path) -> VariantBoard:
    low, good, rash = (case.variants[name] for name in ("low", "good", "rash"))
    return VariantBoard(case.sealed, low, [rash, good], ledger=tmp_path / "ledger.sqlite")


def screen(panel: VariantBoard) -> list[str]:
    """Everything that it shows."""
    return [panel.said.value, panel.budget.value, panel.table.value, panel.facts.value,
            panel.gates.value, panel.differences.value, panel.cost.value]  # fmt: skip


def test_it_opens_on_the_best_and_says_what_a_look_costs(panel: VariantBoard) -> None:
    assert (panel.candidate, panel.against, panel.order) == ("good", "low", "tune score")
    assert panel.table.value.index("good") < panel.table.value.index("rash")
    assert "200 of 200 looks left" in panel.budget.value
    assert "2.2 % chance of a false acceptance, of 5 % for all looks" in panel.facts.value
    preview = panel.board.standing("good").preview
    assert preview.mde_cpm is not None
    smallest = f"+{panel.board.unit.money(preview.mde_cpm):.2f} USD (80 % power)"
    assert smallest in panel.facts.value
    assert "policy.params.bid</th><td>2</td><td>0.3</td>" in panel.differences.value
    assert "Scored on tune only" in panel.about


def test_menus_and_state_agree(panel: VariantBoard) -> None:
    panel.choice.value = "rash"
    assert panel.candidate == "rash"
    assert "<b>rash</b> (selected)" in panel.table.value
    assert "Stress" not in panel.said.value
    standing = panel.set(candidate="good", against="rash", order="lineage")
    assert standing.name == panel.choice.value == "good"
    assert (panel.other.value, panel.ordered.value) == ("rash", "lineage")
    assert panel.diff.to_numpy().tolist() == [["policy.params.bid", "2", "30"]]
    panel.choice.value = "rash"  # what it was compared with: they change places
    assert (panel.candidate, panel.against, panel.other.value) == ("rash", "good", "good")


def test_nothing_is_charged_before_the_second_step(panel: VariantBoard) -> None:
    assert panel.confirm.layout.display == "none"
    panel.charge.click()  # hidden; a press that comes all the same asks nothing
    panel.ask.click()
    assert panel.confirm.layout.display == ""
    assert panel.ask.layout.display == "none"
    assert "Ask the holdout about good? Charged: 2.2 % chance" in panel.cost.value
    assert "80 % power" in panel.cost.value
    panel.cancel.click()
    assert "Nothing was charged." in panel.message.value
    panel.ask.click()
    panel.choice.value = "rash"  # what was to be confirmed was about another candidate
    assert panel.confirm.layout.display == "none"
    panel.charge.click()
    assert panel.board.looks_left == 200
    assert (panel.ask.description, panel.charge.description) == (LOOK, CHARGE)


def test_a_look_tells_no_more_than_the_ledger(panel: VariantBoard, tmp_path: Path) -> None:
    panel.ask.click()
    panel.charge.click()
    recorded = Ledger(tmp_path / "ledger.sqlite").entries()[-1].body["verdict"]
    verdict = Verdict.from_dict(recorded)
    assert verdict.shown
    assert verdict_headline(verdict) in panel.said.value
    assert "better: pass (look 1)" in panel.table.value
    assert "199 of 200 looks left" in panel.budget.value
    assert panel.ask.disabled  # it is answered
    rows = [row for row in re.findall("<tr>(.*?)</tr>", panel.gates.value) if "holdout" in row]
    assert len(rows) == 5
    digits = [row for row in rows if re.search(r"\d", re.sub("<.*?>", "", row))]
    assert digits == []  # of the gates on the holdout only the status is told
    again = panel.look("good")
    assert again.repeated
    assert panel.board.looks_left == 199


def test_a_look_that_shows_nothing_tells_no_number(panel: VariantBoard, case: Case) -> None:
    spec = VariantSpec(
        name="lower", model=None, policy=PolicySpec(name="constant", params={"bid": 0.2})
    )
    panel.add(build_variant(spec, case.sealed.train, case.sealed.tune, case.root / "lower"))
    panel.look("lower")
    assert "Not shown better: lower against low. Look 1 of 200" in panel.said.value
    assert "not shown better: fail (look 1)" in panel.table.value
    assert panel.board.standing("lower").latest.effect is None
    assert "On the holdout: no figure" in " ".join(panel.words)


def test_while_it_looks_the_panel_says_so_and_is_off(
    panel: VariantBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, list[bool]]] = []
    controls = (panel.ask, panel.charge, panel.cancel, panel.choice, panel.other, panel.ordered)
    look = panel.board.look

    def watched(name: str) -> Verdict:
        seen.append((panel.said.value, [control.disabled for control in controls]))
        return look(name)

    monkeypatch.setattr(panel.board, "look", watched)
    panel.ask.click()
    panel.charge.click()
    ((said, disabled),) = seen
    assert "Looking at the holdout for good" in said
    assert all(disabled)
    assert [control.disabled for control in controls] == [True, *[False] * 5]


def test_a_bad_choice_keeps_the_last_state(panel: VariantBoard) -> None:
    before = screen(panel)
    panel.other.value = "good"
    assert "against: got &#x27;good&#x27;, the candidate itself" in panel.message.value
    assert "last good result" in panel.message.value
    assert screen(panel) == before
    assert panel.other.value == "low"  # what is asked is what the menus show
    for change in ({"candidate": "x"}, {"candidate": "low"}, {"against": "x"}, {"order": "x"}):
        with pytest.raises(KitError):
            panel.set(**change)  # type: ignore[arg-type]
        assert screen(panel) == before


def test_an_edited_ledger_is_named(panel: VariantBoard, tmp_path: Path) -> None:
    before = screen(panel)
    (tmp_path / "ledger.sqlite").write_bytes(b"not a ledger")
    for press in (panel.ask.click, lambda: setattr(panel.choice, "value", "rash")):
        press()
        assert "the ledger of looks cannot be opened" in panel.message.value
        assert 'role="alert"' in panel.message.value
        assert screen(panel) == before
    assert panel.choice.value == "good"


def test_a_spent_budget_is_named(
    panel: VariantBoard, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = panel.board.vault.ledger
    monkeypatch.setattr(ledger, "schedule", Schedule(looks=6))
    for claim in map(str, range(5)):
        ledger.charge(case.sealed.source_hash, case.sealed.holdout_hash, claim, {})
    panel.ask.click()
    assert "Ask the holdout about good?" in panel.cost.value
    ledger.charge(case.sealed.source_hash, case.sealed.holdout_hash, "meanwhile", {})
    monkeypatch.setattr(panel.board, "look", panel.board.share)  # what the vault would refuse
    panel.board.refresh()
    panel.charge.click()
    assert "6 looks, and they are used up" in panel.message.value
    assert "0 of 6 looks left" in panel.budget.value
    assert not panel.choice.disabled
    panel.ask.click()
    assert "6 looks, and they are used up" in panel.message.value
    assert panel.confirm.layout.display == "none"


def test_another_candidate_is_one_more_choice(panel: VariantBoard, case: Case) -> None:
    name, why = "<img src=x> & co", "a | bid <between>"
    spec = VariantSpec(
        name=name, model=None, policy=PolicySpec(name="constant", params={"bid": 1.0}),
        parent=case.variants["good"].spec.key, hypothesis=why, proposer="somebody",
    )  # fmt: skip
    made = build_variant(spec, case.sealed.train, case.sealed.tune, case.root / "more")
    assert panel.add(made).parent == "good"
    assert list(panel.choice.options) == ["rash", "good", name]
    panel.set(candidate=name, order="lineage")
    shown = "".join(screen(panel))
    assert "<img" not in shown
    assert "somebody" in shown
    assert panel.table.value.index("good") < panel.table.value.index("&lt;img")
    lines = [line for line in panel.twin()[1].splitlines() if "(img" in line]
    assert [line.count("|") for line in lines] == [8, 3, 4]  # board, facts, spec
    with pytest.raises(DataError, match="bids as 'good'"):
        panel.add(build_variant(
            spec.model_copy(update={"name": "other", "policy": case.variants["good"].spec.policy}),
            case.sealed.train, case.sealed.tune, case.root / "other",
        ))  # fmt: skip
    assert list(panel.choice.options) == ["rash", "good", name]


def test_the_chart_shows_each_effect_and_its_interval(panel: VariantBoard) -> None:
    lines, points = panel.effects.data[::2], panel.effects.data[1::2]
    for row, line, point in zip(panel.board.rows(), lines, points, strict=True):
        assert (point.x[0], *line.x) == pytest.approx(row.money)
    assert [point.marker.symbol for point in points] == ["circle", "circle-open"]
    assert list(panel.effects.layout.yaxis.ticktext) == ["good", "rash"]


def test_the_twin_says_the_same(panel: VariantBoard) -> None:
    panel.look("good")
    svg, markdown = panel.twin()
    assert svg.lstrip().startswith("<svg")
    difference = panel.board.standing("good").money[0]
    assert f"| good | +{difference:.2f} USD |" in markdown
    assert "Better: good against low" in markdown
    assert "| worst segment | holdout | pass | Only the status is told. |" in markdown
    assert "| policy.params.bid | 2 | 0.3 |" in markdown


def test_the_panel_asks_as_itself(panel: VariantBoard, tmp_path: Path) -> None:
    panel.look("good")
    (charge, _) = Ledger(tmp_path / "ledger.sqlite").entries()
    assert charge.body["proposer"] == board_module.PROPOSER
