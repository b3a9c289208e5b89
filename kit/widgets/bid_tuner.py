"""The bid tuner: multipliers by exchange, shading and a budget, answered while the slider moves."""

# ruff: noqa: RUF001 - the multiplication sign is what is shown
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as widgets
from numpy.typing import ArrayLike

from kit.base.checks import number
from kit.base.errors import DataError, KitError
from kit.base.files import write_text
from kit.bid.policy import BidPolicy
from kit.bid.scaled import ScaledPolicy
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.flow.tuning import BidTuning, TuningView
from kit.models.response import Response
from kit.replay.tuning import (
    EXCHANGE_STEPS,
    FIRST_PRICE_STEPS,
    OVERALL_STEPS,
    Setting,
    factor,
    step_of,
)
from kit.variant.frozen import FrozenVariant
from kit.widgets.panel import Panel, one_at_a_time
from kit.widgets.tuner_figures import ROWS, Pin, TunerFigures, curves_figure

_MOST_PINS = 4
_WIDE = {"description_width": "112px"}


class BidTuner(Panel):
    """A panel that tunes bids on the tune split.

    Parameters
    ----------
    tune : SealedSplit, Split or AuctionLog
        A split, of which only the tune part is used, or the tune part itself.
    policies : mapping of str to BidPolicy, optional
        Whose bids may be scaled; see `kit.flow.tuning.BidTuning`.
    setting : Setting
        Where to begin.
    value, click_value_cpm, market
        See `kit.flow.tuning.BidTuning`.

    Raises
    ------
    KitError
        Naming what cannot be read.

    Notes
    -----
    `setting`, `policy_name` and `view` are the state; `set` changes it from Python as the sliders
    do. It works on the tune split only: what is found here is a claim for a vault, to which
    `variant` takes it.

    Examples
    --------
    >>> import kit
    >>> log = kit.load_log(kit.asset_dir("data_samples") / "auctions.parquet")
    >>> tuner = BidTuner(kit.time_split(log), {"flat": kit.make_policy("constant", {"bid": 3})})
    >>> tuner.set(multiplier=2.0).summary["spend"] > tuner.set(multiplier=1.0).summary["spend"]
    True
    """

    title: ClassVar[str] = "Bid tuner"

    def __init__(
        self,
        tune: SealedSplit | Split | AuctionLog,
        policies: Mapping[str, BidPolicy] | None = None,
        *,
        setting: Setting | None = None,
        value: ArrayLike | None = None,
        click_value_cpm: float | None = None,
        market: ArrayLike | None = None,
    ) -> None:
        log = tune if isinstance(tune, AuctionLog) else tune.tune
        # First of all: the browser loads plotly while the log is counted.
        curves = curves_figure(log.meta.unit)
        self.tuning = BidTuning(
            tune, policies, value=value, click_value_cpm=click_value_cpm, market=market,
            say=self._progress,
        )  # fmt: skip
        self.unit = self.tuning.log.meta.unit
        super().__init__(
            f"Tune split only: {len(self.tuning.log):,} auctions, in {self.unit.currency}. "
            f"Value is {self.tuning.value_name}. The holdout is never read here."
        )
        self.pins: list[Pin] = []
        self._pinned = 0
        first = next(iter(self.tuning.policies))
        self.view = self.tuning.view(first, setting or Setting())
        self.figures = TunerFigures(self.tuning, self.css_class, curves)
        self._make_controls()
        self._assemble()
        self._show_setting()
        self._draw()

    @property
    def policy_name(self) -> str:
        """The policy that is shown."""
        return self.view.policy

    @property
    def setting(self) -> Setting:
        """The setting that is shown."""
        return self.view.setting

    @one_at_a_time
    def set(self, /, policy: str | None = None, **changes: Any) -> TuningView:
        """Change the setting as the sliders do, and return what it does.

        Parameters
        ----------
        policy : str, optional
            One of the policies by name.
        **changes
            Fields of `kit.replay.tuning.Setting`; what is not named stays.

        Raises
        ------
        KitError
            If a value is out of range; what was shown stays.
        """
        self._apply(policy or self.policy_name, replace(self.setting, **changes))
        self._show_setting()
        return self.view

    @one_at_a_time
    def pin(self, name: str | None = None) -> Pin:
        """Keep the present setting to compare with; the oldest of four makes room."""
        self._pinned += 1
        made = Pin(name or f"Pin {self._pinned}", self.view)
        self.pins = [*self.pins, made][-_MOST_PINS:]
        self._draw()
        return made

    @one_at_a_time
    def clear_pins(self) -> None:
        """Forget the pinned settings."""
        self.pins, self._pinned = [], 0
        self._draw()

    def policy(self) -> ScaledPolicy:
        """Return the policy that is shown, for a replay or a comparison."""
        return self.tuning.policy(self.policy_name, self.setting)

    def variant(self, name: str, click: Response | None = None) -> FrozenVariant:
        """Return what is shown as a frozen variant, to take to a vault or a board.

        Parameters
        ----------
        name : str
            What a board and a report call it.
        click : Response or None
            The model that predicted ``pctr`` on the tune split; None takes the log's own.

        Raises
        ------
        PolicyError
            If the policy is not one that ships.
        """
        return self.tuning.variant(name, self.policy_name, self.setting, click)

    @property
    def budget_per_1000(self) -> float | None:
        """The budget that is shown, as a price sum for every 1,000 auctions; None: no limit."""
        return self.tuning.budget_per_1000(self.policy_name, self.setting)

    def to_code(self) -> str:
        """Return Python that makes the same policy and replays it."""
        return self.tuning.code(self.policy_name, self.setting)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the setting, its multipliers and totals as JSON; write it to `path` if given."""
        table = self.tuning.table(self.policy_name)
        text = json.dumps(
            {
                "policy": self.policy_name,
                "setting": table.to_dict(self.setting),
                "unit": self.unit.label,
                "split": "tune",
                "auctions": len(self.tuning.log),
                "totals": dict(self.view.summary),
            },
            indent=1,
        )
        if path is not None:
            write_text(Path(path), text + "\n")
        return text

    def _progress(self, text: str) -> None:
        if hasattr(self, "message"):
            self.say(text)

    def _make_controls(self) -> None:
        table = self.tuning.table(self.policy_name)
        self.policy_choice = widgets.Dropdown(
            options=list(self.tuning.policies), description="Policy", style=_WIDE
        )
        self.multiplier = _slider("Multiplier", -OVERALL_STEPS, OVERALL_STEPS)
        self.first_price = _slider("First price", -FIRST_PRICE_STEPS, 0)
        self.first_price.layout.display = "" if table.has_first_price else "none"
        self.exchange = {
            name: _slider(name, -EXCHANGE_STEPS, EXCHANGE_STEPS) for name in table.exchanges
        }
        self.budget = widgets.Text(
            description=f"Budget ({self.unit.currency})", placeholder="no limit", style=_WIDE,
            continuous_update=False,
        )  # fmt: skip
        self.measure = widgets.Dropdown(
            options=[(label, name) for name, label in ROWS.items() if name != "win_rate"],
            description="Map shows", style=_WIDE,
        )  # fmt: skip
        for control in (self.multiplier, self.first_price, *self.exchange.values(), self.budget):
            control.observe(self._changed, "value")
        self.policy_choice.observe(self._changed, "value")
        self.measure.observe(lambda change: self._draw(), "value")
        self.code = widgets.Textarea(layout={"width": "100%", "height": "150px", "display": "none"})
        self.code.add_class("kit-code")
        self.buttons = {
            "Pin": self.pin,
            "Clear pins": self.clear_pins,
            "Copy as code": self._copy,
            "Export JSON": self._export,
        }

    def _assemble(self) -> None:
        buttons = []
        for label, action in self.buttons.items():
            button = widgets.Button(description=label, tooltip=label)
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        controls = widgets.VBox(
            [self.policy_choice, self.multiplier, self.first_price, self.budget,
             *self.exchange.values()],
            layout={"width": "430px"},
        )  # fmt: skip
        shown = widgets.VBox(
            [self.figures.numbers, self.measure, self.figures.heat],
            layout={"width": "600px", "overflow": "auto"},
        )
        self.lay_out(
            widgets.HBox([controls, shown], layout={"flex_flow": "row wrap"}),
            self.figures.curves,
            widgets.HBox(buttons),
            self.code,
            self.figures.glue,
        )

    def _read(self) -> Setting:
        """Return the setting that the controls say."""
        return Setting(
            factor(self.multiplier.value),
            {name: factor(slider.value) for name, slider in self.exchange.items()},
            factor(self.first_price.value),
            self._read_budget(),
        )

    def _read_budget(self) -> float | None:
        text = self.budget.value.strip().replace(",", "")
        if not text:
            return None
        try:
            amount = float(text)
        except ValueError:
            raise DataError(
                f"budget: got {self.budget.value!r}; must be a number of {self.unit.currency} "
                ">= 0, or empty for no limit. Type one."
            ) from None
        return number("budget", amount, 0) * self._per_money

    @property
    def _per_money(self) -> float:
        return 1 / self.unit.money(1.0)

    @one_at_a_time
    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        try:
            self._apply(self.policy_choice.value, self._read())
        except KitError as error:
            self.complain(error)

    def _apply(self, policy: str, setting: Setting) -> None:
        view = self.tuning.view(policy, setting)
        self.view = view
        self.say()
        self._draw()

    def _show_setting(self) -> None:
        """Move the controls to the setting, without reading them again."""
        with self._unobserved():
            self.policy_choice.value = self.policy_name
            self.multiplier.value = _step("multiplier", self.setting.multiplier, OVERALL_STEPS)
            self.first_price.value = step_of(
                "first_price", self.setting.first_price, -FIRST_PRICE_STEPS, 0
            )
            for name, slider in self.exchange.items():
                slider.value = _step(name, self.setting.exchange[name], EXCHANGE_STEPS)
            budget = self.setting.budget
            self.budget.value = "" if budget is None else f"{self.unit.money(budget):.10g}"

    def _draw(self) -> None:
        self.figures.draw(self.view, self.pins, self.measure.value)

    @one_at_a_time
    def _copy(self) -> None:
        self.code.layout.display = ""
        self.code.value = self.to_code()
        self.figures.glue.copy_text(self.code.value)
        self.say("The code is below, and on the clipboard where the browser allows it.")

    @one_at_a_time
    def _export(self) -> None:
        path = Path("bid_tuner.json")
        self.to_json(path)
        self.say(f"Written to {path.resolve()}.")

    @one_at_a_time
    def twin(self) -> tuple[str, str]:
        """Return the curves as SVG, and settings and totals as Markdown."""
        return self.figures.twin(self.view, self.pins)


def _step(name: str, multiplier: float, most: int) -> int:
    return step_of(name, multiplier, -most, most)


def _slider(label: str, low: int, high: int) -> widgets.SelectionSlider:
    options = [(f"×{factor(step):.3g}", step) for step in range(low, high + 1)]
    return widgets.SelectionSlider(
        options=options, value=0, description=label, style=_WIDE, layout={"width": "420px"}
    )
