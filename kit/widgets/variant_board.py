"""The variant board: candidates ranked on the tune split, and one charged look at a time."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as widgets
import pandas as pd

from kit.base.checks import one_of
from kit.base.errors import DataError, KitError
from kit.data.sealed import SealedSplit
from kit.flow.board import Board
from kit.flow.standing import ORDERS, Order, Standing
from kit.report.verdict_words import verdict_headline, verdict_lines
from kit.validate.verdict import Question, Verdict
from kit.variant.frozen import FrozenVariant
from kit.widgets.board_figures import (
    ask_words,
    board_rows,
    board_twin,
    diff_rows,
    draw_effects,
    effects_figure,
    gate_rows,
    look_rows,
    wide_table,
)
from kit.widgets.board_trials import trials_html
from kit.widgets.panel import Panel, html_table, one_at_a_time

LOOK = "Look at the holdout (charged)"
CHARGE = "Charge the look"
_STYLE = {"description_width": "92px"}


class VariantBoard(Panel):
    """A panel that ranks candidates on the tune split, and asks the holdout about one of them.

    Parameters
    ----------
    sealed : SealedSplit, str or Path
        The sealed log, or its folder.
    baseline : FrozenVariant
        What every candidate is compared with.
    candidates : iterable of FrozenVariant
        At least one; names and bids differ.
    question, click_value_cpm, budget_per_1000, margin_per_1000, seed
        As in `kit.validate.vault.Vault.look`.
    ledger, rules : Path, optional
        As in `kit.validate.vault.Vault`.

    Raises
    ------
    KitError
        Naming what cannot be read or scored.

    Notes
    -----
    `candidate`, `against` and `order` are the state; `set` changes it from Python as the menus do,
    `add` puts another candidate on it. Of the holdout it shows what a charged look released, and
    nothing else; what was chosen on the tune split looks better there than it is.

    Examples
    --------
    >>> import tempfile, kit
    >>> folder = tempfile.TemporaryDirectory()
    >>> root = Path(folder.name)
    >>> log = kit.simulate(kit.SimulationConfig(auctions=6000, days=10), 1).log
    >>> sealed = kit.seal_log(log.save(root / "log.parquet"), out=root / "sealed")
    >>> low, middle, high = (
    ...     kit.build_variant(
    ...         kit.VariantSpec(name=name, model=None,
    ...                         policy=kit.PolicySpec(name="constant", params={"bid": bid})),
    ...         sealed.train, sealed.tune, root / name)
    ...     for name, bid in {"low": 0.5, "middle": 0.8, "high": 1.0}.items())
    >>> panel = VariantBoard(sealed, low, [middle, high], ledger=root / "ledger.sqlite")
    >>> panel.set(candidate="high").answer
    'not asked'
    >>> panel.board.looks_left
    200
    >>> folder.cleanup()
    """

    title: ClassVar[str] = "Variant board"

    def __init__(
        self,
        sealed: SealedSplit | str | Path,
        baseline: FrozenVariant,
        candidates: Iterable[FrozenVariant],
        *,
        question: Question = "better",
        click_value_cpm: float | None = None,
        budget_per_1000: float | None = None,
        margin_per_1000: float = 0.0,
        seed: int = 0,
        ledger: Path | None = None,
        rules: Path | None = None,
    ) -> None:
        board = Board(
            sealed, baseline, candidates, question=question, click_value_cpm=click_value_cpm,
            budget_per_1000=budget_per_1000, margin_per_1000=margin_per_1000, seed=seed,
            ledger=ledger, rules=rules,
        )  # fmt: skip
        self._open(board)

    @classmethod
    def of(cls, board: Board) -> VariantBoard:
        """Show a board that was made before, such as `kit.open_search` makes of a search."""
        made = cls.__new__(cls)
        made._open(board)
        return made

    def _open(self, board: Board) -> None:
        self.board, rows = board, board.sealed.rows
        super().__init__(
            f"Baseline: {board.baseline.spec.name}. Scored on tune only "
            f"({rows['tune']:,} auctions), where the best of several looks better than it "
            f"is. The holdout ({rows['holdout']:,}) stays sealed; each look at it is charged."
        )
        self.order: Order = "tune score"
        self.candidate = self.board.rows()[0].name
        self.against = self.board.beside(self.candidate)
        board.say = self.say
        self._asking = False
        self._make_controls()
        self._assemble()
        self._draw()

    @one_at_a_time
    def set(
        self, candidate: str | None = None, against: str | None = None, order: Order | None = None
    ) -> Standing:
        """Change what is shown as the menus do; return what is known of the candidate.

        Parameters
        ----------
        candidate : str, optional
            One of the candidates.
        against : str, optional
            Whose spec it is compared with: another candidate, the baseline, or a trial of the
            search; another candidate is first compared with what it changes.
        order : {"tune score", "lineage"}, optional
            Of table and chart.

        Raises
        ------
        KitError
            If a name is unknown; what was shown stays.
        """
        chosen = candidate or self.candidate
        self._apply(chosen, against or self._beside(chosen), order or self.order)
        self._show_state()
        return self.board.standing(self.candidate)

    @one_at_a_time
    def add(self, variant: FrozenVariant) -> Standing:
        """Put a candidate on the board: one more row, and one more choice in the menus.

        Raises
        ------
        KitError
            If it is on the board already or cannot be scored; what was shown stays.
        """
        try:
            made = self.board.add(variant)
        finally:
            self.say()
        self._show_state()
        self._draw()
        return made

    @one_at_a_time
    def look(self, candidate: str | None = None) -> Verdict:
        """Ask the holdout about a candidate, charged in the ledger as the button does.

        Raises
        ------
        KitError
            As `kit.validate.vault.Vault.look`; what was shown stays.
        """
        self.set(candidate=candidate)
        return self._look()

    @property
    def diff(self) -> pd.DataFrame:
        """How the candidate's spec differs from that of `against`: field, left, right."""
        return self.board.diff(self.candidate, self.against)

    @property
    def words(self) -> list[str]:
        """The candidate's verdict in sentences, or what is known before one."""
        latest, auctions = self.board.standing(self.candidate).latest, self.board.sealed.rows
        return verdict_lines(latest, power=self.board.power, auctions=auctions["holdout"])

    def _beside(self, candidate: str) -> str:
        """Return what a candidate is compared with, where nothing is said: what it changes."""
        if candidate == self.candidate or candidate not in self.board.names:
            return self.against
        return self.board.beside(candidate)

    def _make_controls(self) -> None:
        def menu(
            label: str, options: Iterable[str], value: str, width: str = "400px"
        ) -> widgets.Dropdown:
            made = widgets.Dropdown(
                options=list(options), value=value, description=label, style=_STYLE,
                layout={"width": width},
            )  # fmt: skip
            made.observe(self._changed, "value")
            return made

        self.choice = menu("Candidate", self.board.names, self.candidate)
        self.other = menu("Compare with", self._others, self.against)
        self.ordered = menu("Order by", ORDERS, self.order, "210px")
        self.ask = widgets.Button(description=LOOK, tooltip=LOOK, layout={"width": "240px"})
        self.charge = widgets.Button(
            description=CHARGE, tooltip=CHARGE, button_style="warning", layout={"width": "160px"}
        )
        self.cancel = widgets.Button(description="Cancel", tooltip="Cancel")
        self.ask.on_click(lambda _: self._ask())
        self.charge.on_click(lambda _: self._confirmed())
        self.cancel.on_click(lambda _: self._cancelled())
        self.cost = widgets.HTML()
        self.confirm = widgets.VBox([self.cost, widgets.HBox([self.charge, self.cancel])])
        self.budget, self.table, self.said = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.trials = widgets.HTML()
        self.facts, self.gates, self.differences = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.effects = effects_figure(self.board)

    @property
    def _others(self) -> list[str]:
        board, record = self.board, self.board.record
        others = () if record is None else record.names.values()
        return list(dict.fromkeys([board.baseline.spec.name, *board.names, *others]))

    def _assemble(self) -> None:
        wrapped = {"flex_flow": "row wrap", "align_items": "flex-start", "margin": "6px 2px"}
        self.said.layout.margin = self.gates.layout.margin = "6px 2px"
        self.budget.layout.margin = "2px 12px"
        self.lay_out(
            widgets.HBox([self.choice, self.other, self.ordered], layout=wrapped),
            self.said,
            widgets.HBox([self.ask, self.budget]),
            self.confirm,
            self.table,
            self.effects,
            widgets.HBox([self.facts, self.differences], layout=wrapped),
            self.gates,
            self.trials,
        )

    @one_at_a_time
    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        candidate, against = self.choice.value, self.other.value
        if candidate == against != self.candidate:
            against = self.candidate  # it was compared with what is chosen now: they change places
        elif candidate != self.candidate:
            against = self.board.beside(candidate)
        try:
            self._apply(candidate, against, self.ordered.value)
        except KitError as error:
            self.complain(error)
        self._show_state()  # a look asks about what the menus show

    def _apply(self, candidate: str, against: str, order: Order) -> None:
        one_of("candidate", candidate, self.board.names)
        one_of("against", against, self._others)
        one_of("order", order, ORDERS)
        if against == candidate:
            raise DataError(
                f"against: got {against!r}, the candidate itself; must be another. Choose one."
            )
        self.board.refresh()
        self.candidate, self.against, self.order = candidate, against, order
        self._asking = False
        self.say()
        self._draw()

    def _show_state(self) -> None:
        """Move the menus to the state, without reading them again."""
        with self._unobserved():
            self.choice.options, self.other.options = self.board.names, self._others
            self.choice.value, self.other.value = self.candidate, self.against
            self.ordered.value = self.order

    @one_at_a_time
    def _ask(self) -> None:
        """First step: say what the look costs and could find."""
        try:
            self.board.refresh()
            self.board.share(self.candidate)
        except KitError as error:
            self.complain(error)
            return
        self._asking = True
        asked = ask_words(self.board.standing(self.candidate), self.board)
        self.cost.value = f"<b>{html.escape(asked)}</b>"
        self.say()
        self._draw()

    @one_at_a_time
    def _cancelled(self) -> None:
        self._asking = False
        self.say("Nothing was charged.")
        self._draw()

    @one_at_a_time
    def _confirmed(self) -> None:
        """Second step: the look itself. A second press that came meanwhile asks nothing."""
        if not self._asking:
            return
        try:
            self._look()
        except KitError as error:
            self.complain(error)

    def _look(self) -> Verdict:
        self._asking = False
        self._busy(True)
        self._tell(f"Looking at the holdout for {self.candidate}: its process scores it …")
        try:
            verdict = self.board.look(self.candidate)
        finally:
            self._busy(False)
            self.say()
            self._draw()
        if not verdict.look:
            self.say(verdict_headline(verdict, power=self.board.power))
        return verdict

    def _tell(self, text: str) -> None:
        """Say how the selected candidate stands, beside the button."""
        self.said.value = f'<span role="status"><b>{html.escape(text)}</b></span>'

    def _busy(self, is_busy: bool) -> None:
        for control in (self.ask, self.charge, self.cancel, self.choice, self.other, self.ordered):
            control.disabled = is_busy

    def _draw(self) -> None:
        rows = self.board.rows(self.order)
        row = self.board.standing(self.candidate)
        names = [each.name for each in rows]
        looks = self.board.vault.ledger.schedule.looks
        self.budget.value = f"<b>{self.board.looks_left} of {looks} looks left</b>"
        header, cells = board_rows(rows, self.order == "lineage")
        wrapped = {*range(5, len(header))}
        if self.board.record is not None:  # which names a candidate by what it changes, at length
            wrapped = {0, *range(3, len(header))}
        self.table.value = wide_table(
            header, cells, words={3, 4, *wrapped}, wrapped=wrapped,
            marked=names.index(self.candidate),
        )  # fmt: skip
        draw_effects(self.effects, rows, self.candidate)
        self.facts.value = wide_table(
            ["Selected", self.candidate], look_rows(row, self.board), words=(1,), wrapped=(1,)
        )
        self.differences.value = html_table(*diff_rows(self.board, self.candidate, self.against))
        self.gates.value = wide_table(*gate_rows(row.latest), words=(1, 2, 3), wrapped=(3,))
        self.trials.value = trials_html(self.board, self.order)
        self._draw_look(row)

    def _draw_look(self, row: Standing) -> None:
        """Show what a look said, or the two steps to one."""
        self._tell(verdict_headline(row.latest, power=self.board.power))
        self.ask.disabled = not row.may_ask
        self.ask.layout.display = "none" if self._asking else ""
        self.confirm.layout.display = "" if self._asking else "none"

    def twin(self) -> tuple[str, str]:
        """Return the tune effects as SVG, and the tables as Markdown."""
        row = self.board.standing(self.candidate)
        return board_twin(self.board, self.board.rows(self.order), row, self.against)
