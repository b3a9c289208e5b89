"""The variant board in a real JupyterLab: the screen says what the ledger and the API say."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator

from kit.report.verdict_words import verdict_headline
from kit.validate.ledger import Ledger
from kit.validate.verdict import Verdict
from kit.variant.build import build_variant
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import PolicySpec, VariantSpec
from tests.browser.checks import chart_fault, number_fault, shown_table
from tests.browser.lab_page import LabPage
from tests.validate.vault_cases import CLICK_VALUE, Case, make_case

CELL = """\
import kit
sealed = kit.open_sealed("board/sealed")
names = ("low", "rash", "half way to it", "a long name for a bid at value")
low, *candidates = (kit.load_frozen(f"board/shown/{name}") for name in names)
panel = kit.VariantBoard(sealed, low, candidates)
panel
"""
FAMILY = {"low": 0.3, "rash": 30.0, "half way to it": 1.0, "a long name for a bid at value": 2.0}
"""The last changes the one before."""


@pytest.fixture(scope="module")
def case(lab: LabPage) -> Case:
    return make_case(lab.server.root / "board")


@pytest.fixture(scope="module")
def family(case: Case) -> dict[str, FrozenVariant]:
    made: dict[str, FrozenVariant] = {}
    parent = ""
    for name, bid in FAMILY.items():
        spec = VariantSpec(
            name=name, model=None, policy=PolicySpec(name="constant", params={"bid": bid}),
            parent=parent if name == "a long name for a bid at value" else "",
            hypothesis=f"An impression is worth {CLICK_VALUE / 10:g} CPM.",
        )  # fmt: skip
        folder = case.root / "shown" / name
        made[name] = build_variant(spec, case.sealed.train, case.sealed.tune, folder)
        parent = made[name].spec.key
    return made


@pytest.fixture(scope="module")
def board(lab: LabPage, family: dict[str, FrozenVariant]) -> LabPage:
    lab.write_notebook("board.ipynb", CELL)
    lab.open_notebook("board.ipynb")
    lab.run_all()
    lab.panel()
    return lab


@pytest.fixture(scope="module")
def ledger(lab: LabPage) -> Path:
    return lab.server.root / ".kit" / "ledger.sqlite"


def charges(ledger: Path, case: Case) -> int:
    return sum(entry.kind == "charge" for entry in Ledger(ledger).entries(case.sealed.source_hash))


def choose(lab: LabPage, label: str, option: str) -> None:
    lab.page.get_by_label(label, exact=True).select_option(option)
    lab.wait_idle()


def button(lab: LabPage, name: str) -> Locator:
    return lab.panel().get_by_role("button", name=name, exact=True)


def text(lab: LabPage) -> str:
    return lab.panel().inner_text()


def settled(lab: LabPage, said: str) -> None:
    """Wait until the panel says something."""
    lab.wait(lambda: said in text(lab), 30, repr(said))
    lab.page.wait_for_timeout(200)


def _reads(cells: Locator, expected: list[str]) -> bool:
    return cells.all_inner_texts() == expected


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_ranks_and_differences_are_those_of_a_count_by_hand(
    board: LabPage, family: dict[str, FrozenVariant], case: Case, shots: Path, theme: str
) -> None:
    lab = board
    lab.theme(theme)
    tune = case.sealed.tune.frame
    price = tune["market_price_cpm"].to_numpy()
    earned = tune["click"].to_numpy() * CLICK_VALUE - price
    surplus = {name: earned[price < bid].sum() / 1000 for name, bid in FAMILY.items()}
    expected = {name: value - surplus["low"] for name, value in surplus.items()}
    for name, other in (("rash", "low"), ("half way to it", "rash")):
        choose(lab, "Candidate", name)
        choose(lab, "Compare with", other)
        settled(lab, f"{name} (selected)")
        shown = {key.removesuffix(" (selected)"): value
                 for key, value in shown_table(lab.panel()).items()}  # fmt: skip
        assert number_fault(shown, expected) == ""
        assert list(shown) == sorted(shown, key=lambda key: -expected[key])
        row = lab.panel().locator("tr", has_text="policy.params.bid").locator("td")
        bids = [f"{FAMILY[name]:g}", f"{FAMILY[other]:g}"]
        lab.wait(partial(_reads, row, bids), 10, f"bids {bids}")
    choose(lab, "Order by", "lineage")
    settled(lab, "half way to it (selected)")
    lab.wait(lambda: chart_fault(lab.panel()) == "", 10, "a whole chart")
    lab.panel_shot(shots / "board.png")
    choose(lab, "Order by", "tune score")
    assert lab.failures == []


def test_a_bad_choice_keeps_the_last_state(board: LabPage) -> None:
    lab = board
    choose(lab, "Candidate", "rash")
    choose(lab, "Compare with", "low")
    settled(lab, "rash (selected)")
    before = shown_table(lab.panel())
    lab.page.get_by_label("Compare with").select_option("rash")
    alert = lab.panel().get_by_role("alert")
    alert.filter(has_text="against: got 'rash', the candidate itself").wait_for()
    assert shown_table(lab.panel()) == before
    lab.wait(lambda: lab.page.get_by_label("Compare with").input_value() == "low", 10, "the menu")


def test_a_look_is_charged_in_two_steps(
    board: LabPage, case: Case, ledger: Path, shots: Path
) -> None:
    lab, name = board, "a long name for a bid at value"
    choose(lab, "Candidate", name)
    settled(lab, f"{name} (selected)")
    button(lab, "Look at the holdout (charged)").click()
    settled(lab, f"Ask the holdout about {name}? Charged: 2.2 % chance of a false acceptance")
    assert "(80 % power)" in text(lab)
    lab.panel_shot(shots / "confirm.png")
    button(lab, "Cancel").click()
    settled(lab, "Nothing was charged.")
    assert charges(ledger, case) == 0
    button(lab, "Look at the holdout (charged)").click()
    button(lab, "Charge the look").click()
    settled(lab, "199 of 200 looks left")
    entries = Ledger(ledger).entries(case.sealed.source_hash)
    assert [(entry.kind, entry.look) for entry in entries] == [("charge", 1), ("answer", 1)]
    assert entries[0].body["proposer"] == "human, variant board"
    verdict = Verdict.from_dict(entries[1].body["verdict"])
    assert verdict.shown
    settled(lab, verdict_headline(verdict))
    assert shown_table(lab.panel(), 3)[f"{name} (selected)"] == "better: pass (look 1)"
    assert button(lab, "Look at the holdout (charged)").is_disabled()
    assert chart_fault(lab.panel()) == ""
    lab.panel_shot(shots / "looked.png")
    assert lab.failures == []


def test_every_control_has_a_name(board: LabPage) -> None:
    fields = board.panel().locator("select, button")
    assert fields.count() >= 6
    for place in range(fields.count()):
        named = fields.nth(place).evaluate(
            "node => node.labels?.[0]?.textContent || node.ariaLabel || node.textContent"
        )
        assert named.strip()


def test_an_edited_ledger_is_named_and_nothing_is_asked(board: LabPage, ledger: Path) -> None:
    lab = board
    whole = ledger.read_bytes()
    try:
        ledger.write_bytes(b"not a ledger")
        lab.page.get_by_label("Candidate").select_option("rash")
        alert = lab.panel().get_by_role("alert")
        alert.filter(has_text="the ledger of looks cannot be opened").wait_for()
        assert "better: pass (look 1)" in text(lab)
    finally:
        ledger.write_bytes(whole)
    choose(lab, "Candidate", "rash")
    lab.wait(lambda: lab.panel().get_by_role("alert").count() == 0, 10, "no alert")
