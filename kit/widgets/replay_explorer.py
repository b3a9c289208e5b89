"""The replay explorer: two policies side by side, and their difference by segment."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from kit.base.errors import DataError, KitError
from kit.bid.policy import BidPolicy
from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.data.split import Split
from kit.flow.explore import METRICS, Exploration, Explorer
from kit.report.difference_figures import segment_differences
from kit.report.numbers import ABSENT, count, money, percent
from kit.widgets.panel import (
    BLUE,
    ORANGE,
    Panel,
    figure,
    figure_layout,
    html_table,
    markdown_table,
    one_at_a_time,
)

_WIDE = {"description_width": "90px"}
_ROWS = {
    "surplus": "Surplus", "value": "Value", "spend": "Spend", "impressions": "Wins",
    "clicks": "Clicks", "win_rate": "Win rate",
}  # fmt: skip


class ReplayExplorer(Panel):
    """A panel that compares two policies on the tune split, segment by segment.

    Parameters
    ----------
    tune : SealedSplit, Split or AuctionLog
        A split, of which only the tune part is used, or the tune part itself.
    policies : mapping of str to BidPolicy
        By the name shown; ``logged bids`` is added where the log has them.
    value, click_value_cpm, market
        See `kit.flow.explore.Explorer`.

    Raises
    ------
    KitError
        Naming what cannot be read.

    Notes
    -----
    `result` is the state; `set` changes it from Python as the menus do.

    Examples
    --------
    >>> import kit
    >>> log = kit.load_log(kit.asset_dir("data_samples") / "auctions.parquet")
    >>> low, high = (kit.make_policy("constant", {"bid": bid}) for bid in (2, 4))
    >>> explorer = ReplayExplorer(kit.time_split(log), {"low": low, "high": high})
    >>> found = explorer.set(policy="high", baseline="low", metric="spend")
    >>> bool(found.segments["difference"][0] > 0)
    True
    """

    title: ClassVar[str] = "Replay explorer"

    def __init__(
        self,
        tune: SealedSplit | Split | AuctionLog,
        policies: Mapping[str, BidPolicy],
        *,
        value: ArrayLike | None = None,
        click_value_cpm: float | None = None,
        market: ArrayLike | None = None,
    ) -> None:
        self.explorer = Explorer(
            tune, policies, value=value, click_value_cpm=click_value_cpm, market=market
        )
        self.unit = self.explorer.log.meta.unit
        super().__init__(
            f"Tune split only: {len(self.explorer.log):,} auctions, in {self.unit.currency}. Value "
            f"is {self.explorer.value_name}. The holdout is never read here."
        )
        if not self.explorer.segments:
            raise DataError("segment: the log has no label column and no clock to cut it by.")
        names = list(self.explorer.policies)
        segment = self.explorer.segments[0]
        self.result = self.explorer.explore(names[0], names[-1], segment)
        self._make_controls(names)
        self.differences = figure("differences", figure_layout("", "", "", showlegend=False))
        self.differences.add_trace(
            go.Scatter(
                mode="markers", marker={"size": 8},
                hovertemplate="%{y}: %{x:,.2f} " + self.unit.currency + "<extra></extra>",
            )
        )  # fmt: skip
        self.totals, self.table = widgets.HTML(), widgets.HTML()
        self.lay_out(
            widgets.HBox([self.policy, self.baseline], layout={"flex_flow": "row wrap"}),
            widgets.HBox([self.segment, self.metric], layout={"flex_flow": "row wrap"}),
            self.totals,
            self.differences,
            self.table,
        )
        self._draw()

    @one_at_a_time
    def set(
        self,
        policy: str | None = None,
        baseline: str | None = None,
        segment: str | None = None,
        metric: str | None = None,
    ) -> Exploration:
        """Change what is compared as the menus do, and return it.

        Raises
        ------
        KitError
            If a name is unknown, or both policies are the same; what was shown stays.
        """
        now = self.result
        self._apply(
            policy or now.policy, baseline or now.baseline, segment or now.segment,
            metric or now.metric,
        )  # fmt: skip
        with self._unobserved():
            for menu, name in (
                (self.policy, self.result.policy),
                (self.baseline, self.result.baseline),
                (self.segment, self.result.segment),
                (self.metric, self.result.metric),
            ):
                menu.value = name
        return self.result

    def _make_controls(self, names: list[str]) -> None:
        shown = [(_ROWS[name], name) for name in METRICS]
        self.policy = _menu("Policy", names, self.result.policy)
        self.baseline = _menu("Against", names, self.result.baseline)
        self.segment = _menu("By", self.explorer.segments, self.result.segment)
        self.metric = _menu("Measure", shown, self.result.metric)
        for menu in (self.policy, self.baseline, self.segment, self.metric):
            menu.observe(self._changed, "value")

    @one_at_a_time
    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        try:
            self._apply(
                self.policy.value, self.baseline.value, self.segment.value, self.metric.value
            )
        except KitError as error:
            self.complain(error)

    def _apply(self, policy: str, baseline: str, segment: str, metric: str) -> None:
        self.say(f"Replaying {policy} and {baseline} on {len(self.explorer.log):,} auctions …")
        self.result = self.explorer.explore(policy, baseline, segment, metric)
        self.say()
        self._draw()

    def _draw(self) -> None:
        result, frame = self.result, self.result.segments
        self.totals.value = html_table(*self._totals())
        self.table.value = html_table(*self._segments()) + "".join(
            f'<div class="kit-caption">{html.escape(reason)}</div>' for reason in self._reasons()
        )
        center, low, high = (
            self.unit.money(1.0) * frame[name].to_numpy(dtype=np.float64)[::-1]
            for name in ("difference", "low", "high")
        )
        title = f"{self._label()}, by {result.segment}"
        with self.differences.batch_update():
            self.differences.data[0].update(
                x=center, y=[str(name) for name in frame["segment"]][::-1],
                marker={"color": [_color(*pair) for pair in zip(low, high, strict=True)]},
                error_x={
                    "type": "data", "symmetric": False, "thickness": 1.6, "color": "#8a919c",
                    "array": np.nan_to_num(high - center),
                    "arrayminus": np.nan_to_num(center - low),
                },
            )  # fmt: skip
            self.differences.update_layout(
                title_text=title, height=130 + 24 * len(frame), width=820,
                xaxis_title_text=f"difference ({self.unit.currency}), with its interval",
                yaxis_title_text="", margin_l=130, yaxis_type="category", yaxis_nticks=40,
                xaxis_zeroline=True,
            )  # fmt: skip

    def _totals(self) -> tuple[list[str], list[list[str]]]:
        frame = self.result.totals
        rows = [
            [label, *(self._shown(name, value) for value in frame[name])]
            for name, label in _ROWS.items()
        ]
        return ["Tune split", *map(str, frame.index)], rows

    def _segments(self) -> tuple[list[str], list[list[str]]]:
        result = self.result
        header = [result.segment, "Auctions", result.policy, result.baseline, "Difference",
                  f"{self.explorer.level:.0%} interval, all rows together"]  # fmt: skip
        rows = [
            [
                row["segment"], count(row["auctions"]), self._money(row["policy"]),
                self._money(row["baseline"]), self._money(row["difference"], sign=True),
                self._interval(row["low"], row["high"]),
            ]
            for row in result.segments.to_dict("records")
        ]  # fmt: skip
        return header, rows

    def _label(self) -> str:
        result = self.result
        return f"{_ROWS[result.metric]}, {result.policy} minus {result.baseline}"

    def _reasons(self) -> list[str]:
        """Say why a row has no interval."""
        rows = self.result.segments
        return [
            f"{row['segment']}: {row['why']}" for row in rows[rows["why"] != ""].to_dict("records")
        ]

    def _interval(self, low: float, high: float) -> str:
        if np.isnan(low):
            return ABSENT
        return f"{self._money(low, sign=True)} to {self._money(high, sign=True)}"

    def _shown(self, name: str, value: float) -> str:
        if name in METRICS:
            return self._money(value)
        return percent(value, 2) if name == "win_rate" else count(value)

    def _money(self, price_sum: float, sign: bool = False) -> str:
        return money(self.unit.money(price_sum), self.unit.currency, sign)

    @one_at_a_time
    def twin(self) -> tuple[str, str]:
        """Return the differences as SVG, and both tables as Markdown."""
        result = self.result
        label = self._label()
        svg = segment_differences(result.segments, label=label, unit=self.unit)
        said = (
            f"As it was when the cell ran: {label}, by {result.segment}, on {result.blocks} time "
            "blocks."
        )
        tables = [markdown_table(*self._totals()), markdown_table(*self._segments())]
        return svg, "\n\n".join([said, *tables, *self._reasons()]) + "\n"


def _color(low: float, high: float) -> str:
    """Blue above zero, orange below, grey where zero is inside or there is no interval."""
    if low > 0:
        return BLUE
    return ORANGE if high < 0 else "#6b7280"


def _menu(label: str, options: list[Any], value: str) -> widgets.Dropdown:
    return widgets.Dropdown(options=options, value=value, description=label, style=_WIDE)
