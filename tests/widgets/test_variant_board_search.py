"""The variant board on a search: cost, every trial, and a spec beside what it changes."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from kit.base.errors import KitError
from kit.flow.board import Board
from kit.flow.search.metered import Cost
from kit.flow.search.record import SearchRecord
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import PolicySpec, VariantSpec
from kit.variant.trial import Status, Trial
from kit.widgets.variant_board import VariantBoard
from tests.validate.vault_cases import Case, make_case

BAD = "<img src=x>"
PARENTS = {0: None, 1: 0, 2: 1, 3: 2, 4: 0, 5: 1}
BIDS = {0: 0.3, 1: 1.0, 2: 1.5, 3: 2.0, 4: 1.1, 5: 1.2}
ENDS: dict[int, tuple[Status, str]] = {
    4: ("refused", f"change: {BAD} is no feature"), 5: ("stopped", ""),
}  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("searched"))


@pytest.fixture(scope="module")
def record(case: Case) -> SearchRecord:
    specs: dict[int, VariantSpec] = {}
    for number, bid in BIDS.items():
        above = PARENTS[number]
        specs[number] = VariantSpec(
            name="default" if number == 0 else f"bid {bid:g}", model=None,
            policy=PolicySpec(name="constant", params={"bid": bid}),
            parent="" if above is None else specs[above].key, proposer="rules",
            hypothesis=f"Worth {bid:g} {BAD}",
        )  # fmt: skip
    trials = tuple(
        Trial(number, spec, PARENTS[number], *ENDS.get(number, ("scored", ""))[:1],
              0.25 if number == 5 else 1.0, None if number == 4 else float(number),
              1.5 * number, ENDS.get(number, ("", ""))[1])
        for number, spec in specs.items()
    )  # fmt: skip
    costs = {number: Cost(1.5 * number) for number in BIDS}
    costs[3] = Cost(4.5, 2, 1520, Decimal("0.0004"))
    return SearchRecord(case.sealed, trials, dict.fromkeys(BIDS, ""), {}, costs)


@pytest.fixture
def panel(case: Case, record: SearchRecord, tmp_path: Path) -> VariantBoard:
    def variant(number: int) -> FrozenVariant:
        spec = record.trials[number].spec
        folder = case.root / "of trials" / str(number)
        return build_variant(spec, case.sealed.train, case.sealed.tune, folder)

    board = Board(case.sealed, variant(0), [variant(1), variant(3)], record=record,
                  ledger=tmp_path / "ledger.sqlite")  # fmt: skip
    return VariantBoard.of(board)


def trial_cells(panel: VariantBoard) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", panel.trials.value)[1:]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_what_a_candidate_cost_is_a_column(panel: VariantBoard) -> None:
    assert panel.board.table["cost"].tolist() == ["4.5 s, 1,520 tokens for 0.0004", "1.5 s"]
    assert ">Cost</th>" in panel.table.value
    assert ">4.5 s, 1,520 tokens for 0.0004</td>" in panel.table.value


def test_it_opens_beside_what_the_best_changes(panel: VariantBoard, record: SearchRecord) -> None:
    assert (panel.candidate, panel.against) == ("bid 2", "bid 1.5")  # which is not on the board
    assert panel.diff.values.tolist() == [["policy.params.bid", "2", "1.5"]]
    panel.choice.value = "bid 1"
    assert (panel.against, panel.other.value) == ("default", "default")
    panel.set(candidate="bid 2")
    assert panel.against == "bid 1.5"
    assert list(panel.other.options) == ["default", "bid 1", "bid 2", "bid 1.5", "bid 1.1",
                                         "bid 1.2"]  # fmt: skip
    panel.other.value = "bid 1.2"
    assert panel.diff.values.tolist() == [["policy.params.bid", "2", "1.2"]]
    with pytest.raises(KitError, match="against: got 'nobody'"):
        panel.set(against="nobody")


def test_a_grandchild_stands_below_its_grandparent(panel: VariantBoard) -> None:
    rows = panel.board.rows("lineage")
    assert [(row.name, row.parent, row.above) for row in rows] == [
        ("bid 1", "default", ()), ("bid 2", "bid 1.5", ("bid 1",))
    ]  # fmt: skip
    panel.set(order="lineage")
    assert "└─\N{NO-BREAK SPACE}<" not in panel.table.value
    assert "└─\N{NO-BREAK SPACE}bid 2" in panel.table.value.replace("<b>", "")


def test_every_trial_is_shown_with_how_it_ended(panel: VariantBoard) -> None:
    panel.set(order="lineage")
    rows = trial_cells(panel)
    names = [row[0].replace("\N{NO-BREAK SPACE}", " ") for row in rows]
    assert names == ["0. default", "├─ 1. bid 1", "│  ├─ 2. bid 1.5", "│  │  └─ 3. bid 2",
                     "│  └─ 5. bid 1.2", "└─ 4. bid 1.1"]  # fmt: skip
    ends = {row[0].rpartition(" ")[2]: row[1] for row in rows}
    assert [ends[name] for name in ("default", "1", "2")] == [
        "scored, on the board",
        "scored, on the board",
        "scored, on the board",
    ]
    assert ends["1.5"] == "scored"
    assert ends["1.2"] == "stopped at 25 % of the rows"
    assert ends["1.1"] == "refused: change: &lt;img src=x&gt; is no feature"
    assert {row[4] for row in rows} == {"rules"}
    assert "<img" not in panel.trials.value
    panel.set(order="tune score")
    assert [row[0].split()[0] for row in trial_cells(panel)] == ["3.", "2.", "1.", "0.", "5.", "4."]


def test_the_twin_has_the_tree(panel: VariantBoard) -> None:
    _, markdown = panel.twin()
    lines = [line for line in markdown.splitlines() if "refused: " in line]
    assert len(lines) == 1
    assert lines[0].count("|") == 7
    assert "<img" not in markdown


def test_labels_of_the_chart_are_as_they_are(case: Case, tmp_path: Path) -> None:
    """Plotly does not read &quot;, which a label with a quote once showed."""
    spec = VariantSpec(
        name='add x = "a" < "b"', model=None,
        policy=PolicySpec(name="constant", params={"bid": 2.2}),
    )  # fmt: skip
    made = build_variant(spec, case.sealed.train, case.sealed.tune, tmp_path / "quoted")
    low = case.variants["low"]
    panel = VariantBoard(case.sealed, low, [made], ledger=tmp_path / "ledger.sqlite")
    assert list(panel.effects.layout.yaxis.ticktext) == ['add x = "a" &lt; "b"']
