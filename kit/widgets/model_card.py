"""The model card: calibration, win-rate curves, feature importance, drift between splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from kit.base.errors import DataError, KitError
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.models.drift import MOVED, STABLE, drift
from kit.models.landscape import LandscapeModel
from kit.models.response_base import Response
from kit.report.figures import reliability_curves, win_rate_curves
from kit.report.numbers import ABSENT, count, percent
from kit.widgets.panel import (
    BLUE,
    ORANGE,
    SERIES,
    Panel,
    figure,
    figure_layout,
    html_table,
    markdown_table,
    one_at_a_time,
)

Model = Response | LandscapeModel
_MOST_FEATURES = 15
_COLORS = {"stable": "#6b7280", "shifting": "#E69F00", "moved": ORANGE}


class ModelCardPanel(Panel):
    """A panel that shows whether models can be trusted, on the train and tune splits.

    Parameters
    ----------
    models : mapping of str to Response or LandscapeModel
        By the name shown.
    split : SealedSplit or Split
        Where they were fitted; the holdout part is not used.
    bins : int
        Bins of the calibration curve, in [2, 50].

    Raises
    ------
    KitError
        Naming what cannot be read.

    Notes
    -----
    `model_name`, `split_name` and `bins` are the state; `set` changes them from Python.
    """

    title: ClassVar[str] = "Model card"

    def __init__(
        self, models: Mapping[str, Model], split: SealedSplit | Split, *, bins: int = 10
    ) -> None:
        if not models:
            raise DataError("models: got none; must be at least one. Pass {'click': model}.")
        self.models = dict(models)
        self.parts = {"tune": split.tune, "train": split.train}
        self.unit = split.tune.meta.unit
        super().__init__(
            f"Train ({len(split.train):,} auctions) and tune ({len(split.tune):,}) only. "
            "The holdout is never read here."
        )
        self.drift = drift(split.train, split.tune)
        self.model_name, self.split_name, self.bins = next(iter(self.models)), "tune", bins
        self.checked = self._check(self.model_name, self.split_name, self.bins)
        self._make_controls()
        self._make_figures()
        self.scores = widgets.HTML()
        self.lay_out(
            widgets.HBox([self.model, self.part, self.bin_count], layout={"flex_flow": "row wrap"}),
            self.scores,
            widgets.HBox([self.fit, self.importance], layout={"flex_flow": "row wrap"}),
            self.drifts,
        )
        self._draw()

    @one_at_a_time
    def set(
        self, model: str | None = None, split: str | None = None, bins: int | None = None
    ) -> pd.DataFrame:
        """Change what is shown as the menus do; return the calibration or win-rate table.

        Raises
        ------
        KitError
            If a name is unknown or `bins` out of range; what was shown stays.
        """
        self._apply(model or self.model_name, split or self.split_name, bins or self.bins)
        with self._unobserved():
            self.model.value, self.part.value = self.model_name, self.split_name
            self.bin_count.value = self.bins
        return self.checked

    def _check(self, model: str, split: str, bins: int) -> pd.DataFrame:
        for what, name, known in (("model", model, self.models), ("split", split, self.parts)):
            if name not in known:
                raise DataError(
                    f"{what}: got {name!r}; must be one of: {', '.join(known)}. Choose one."
                )
        if not 2 <= bins <= 50:
            raise DataError(f"bins: got {bins}; must be a whole number in [2, 50]. Type one.")
        chosen, log = self.models[model], self.parts[split]
        if isinstance(chosen, LandscapeModel):
            return chosen.check(log, bins)
        return chosen.reliability(log, bins)

    def _make_controls(self) -> None:
        style = {"description_width": "70px"}
        self.model = widgets.Dropdown(options=list(self.models), description="Model", style=style)
        self.part = widgets.Dropdown(options=list(self.parts), description="Split", style=style)
        self.bin_count = widgets.IntText(
            value=self.bins, description="Bins", style=style, layout={"width": "160px"},
            continuous_update=False,
        )  # fmt: skip
        for control in (self.model, self.part, self.bin_count):
            control.observe(self._changed, "value")

    def _make_figures(self) -> None:
        self.fit = figure("fit", figure_layout("", "", "", showlegend=True))
        self.importance = figure(
            "importance",
            figure_layout("Feature importance", "share of the gain (%)", "", showlegend=False),
        )
        self.drifts = figure(
            "drift",
            figure_layout(
                "Drift from train to tune", "population stability index", "", showlegend=False
            ),
        )
        self._draw_drift()

    @one_at_a_time
    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        try:
            self._apply(self.model.value, self.part.value, self.bin_count.value)
        except KitError as error:
            self.complain(error)

    def _apply(self, model: str, split: str, bins: int) -> None:
        self.say(f"Checking {model} on {split} …")
        self.checked = self._check(model, split, bins)
        self.model_name, self.split_name, self.bins = model, split, bins
        self.say()
        self._draw()

    def _draw(self) -> None:
        model = self.models[self.model_name]
        self.scores.value = html_table(*self._facts())
        with self.fit.batch_update():
            self.fit.data = ()
            if isinstance(model, LandscapeModel):
                self._draw_win_rates()
            else:
                self._draw_reliability(model)
        self._draw_importance()

    def _draw_reliability(self, model: Response) -> None:
        table = 100 * self.checked[["predicted", "observed", "low", "high"]]
        top = float(table[["predicted", "high"]].max().max())
        line = {"color": "#6b7280", "dash": "dash", "width": 1}
        self.fit.add_trace(
            go.Scatter(x=[0, top], y=[0, top], mode="lines", line=line, name="predicted = observed")
        )
        self.fit.add_trace(
            go.Scatter(
                x=table["predicted"], y=table["observed"], mode="markers", name=self.split_name,
                marker={"color": BLUE, "size": 8},
                error_y={
                    "type": "data", "symmetric": False, "array": table["high"] - table["observed"],
                    "arrayminus": table["observed"] - table["low"],
                },
                hovertemplate="predicted %{x:.4g} %, observed %{y:.4g} %<extra></extra>",
            )
        )  # fmt: skip
        self.fit.update_layout(
            title_text=f"Calibration on {self.split_name}",
            xaxis_title_text=f"predicted {model.target} rate (%)",
            yaxis_title_text=f"observed {model.target} rate (%)",
        )

    def _draw_win_rates(self) -> None:
        for place, (name, rows) in enumerate(self.checked.groupby("exchange", observed=True)):
            color = SERIES[place % len(SERIES)]
            rows = rows.sort_values("bid_cpm")
            for kind, mode in (("predicted", "lines"), ("observed", "markers")):
                self.fit.add_trace(
                    go.Scatter(
                        x=rows["bid_cpm"], y=100 * rows[kind], mode=mode, name=str(name),
                        line={"color": color}, marker={"color": color, "size": 7},
                        legendgroup=str(name), showlegend=kind == "predicted",
                        hovertemplate=f"{name}, {kind}: %{{y:.2f}} %<extra></extra>",
                    )
                )  # fmt: skip
        self.fit.update_layout(
            title_text=f"Win rate on {self.split_name}: lines the model, points the log",
            xaxis_title_text=f"bid ({self.unit.label})", yaxis_title_text="win rate (%)",
        )  # fmt: skip

    def _draw_importance(self) -> None:
        frame = self._importance().iloc[:_MOST_FEATURES].iloc[::-1]
        with self.importance.batch_update():
            self.importance.data = ()
            self.importance.add_trace(
                go.Bar(
                    x=100 * frame["gain"], y=frame["feature"], orientation="h",
                    marker={"color": BLUE},
                    hovertemplate="%{y}: %{x:.2f} % of the gain<extra></extra>",
                )
            )  # fmt: skip
            self.importance.update_layout(margin_l=120, yaxis_nticks=20)

    def _draw_drift(self) -> None:
        frame = self.drift.iloc[:_MOST_FEATURES].iloc[::-1]
        self.drifts.add_trace(
            go.Bar(
                x=frame["psi"].clip(upper=2 * MOVED), y=frame["feature"], orientation="h",
                marker={"color": [_COLORS[name] for name in frame["reading"]]},
                text=[f"{value:.3f}" for value in frame["psi"]], textposition="auto",
                hovertemplate="%{y}: %{text}<extra></extra>",
            )
        )  # fmt: skip
        for edge in (STABLE, MOVED):
            self.drifts.add_vline(edge, line={"color": "#6b7280", "dash": "dot", "width": 1})
        self.drifts.update_layout(
            width=820, height=120 + 20 * len(frame), margin_l=120, yaxis_nticks=20,
            xaxis_range=[0, 2 * MOVED],
            title_text="Drift from train to tune: below 0.1 stable, above 0.25 moved",
        )  # fmt: skip

    def _importance(self) -> pd.DataFrame:
        """Return feature and share of the gain; a model without features has none."""
        importance: Callable[[], pd.DataFrame] | None = getattr(
            self.models[self.model_name], "importance", None
        )
        return importance() if importance else pd.DataFrame({"feature": [], "gain": []})

    def _facts(self) -> tuple[list[str], list[list[str]]]:
        model = self.models[self.model_name]
        header = ["Model", "Split", "Auctions"]
        row = [self.model_name, self.split_name, count(len(self.parts[self.split_name]))]
        if isinstance(model, LandscapeModel):
            gap = (self.checked["predicted"] - self.checked["observed"]).abs()
            header += ["Largest gap to the log"]
            return header, [[*row, _points(float(gap.max()))]]
        score = model.score(self.parts[self.split_name])
        header += ["Events", "Log loss", "AUC", "Predicted / observed"]
        numbers = (score.log_loss, score.auc, score.calibration_ratio)
        shown = [ABSENT if number is None else f"{number:.4f}" for number in numbers]
        return header, [[*row, count(score.positives), *shown]]

    @one_at_a_time
    def twin(self) -> tuple[str, str]:
        """Return the calibration or win-rate curves as SVG, and the tables as Markdown."""
        model = self.models[self.model_name]
        if isinstance(model, LandscapeModel):
            curves = self.checked.rename(columns={"predicted": "model"})
            svg = win_rate_curves(curves, unit=self.unit)
        else:
            svg = reliability_curves({self.split_name: self.checked}, event=model.target)
        gains = self._importance().iloc[:_MOST_FEATURES]
        names, gain = gains["feature"].astype(str), gains["gain"].tolist()
        shares = [[name, percent(share)] for name, share in zip(names, gain, strict=True)]
        moved = [
            [row["feature"], f"{row['psi']:.3f}", row["reading"]]
            for row in self.drift.iloc[:_MOST_FEATURES].to_dict("records")
        ]
        tables = [
            markdown_table(*self._facts()),
            markdown_table(["Feature", "Share of the gain"], shares),
            markdown_table(["Feature", "Stability index, train to tune", "Reading"], moved),
        ]
        return svg, "\n\n".join(tables) + "\n"


def _points(share: float) -> str:
    return ABSENT if np.isnan(share) else f"{100 * share:.2f} percentage points"
