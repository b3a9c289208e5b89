"""`AutoCheck`: what the whole battery says of one result, in words and in a page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kit.flow.auto_words import next_steps, reading
from kit.models.reliability import ProbabilityScore
from kit.report.verdict_words import gate_line, gates_table, verdict_headline, verdict_lines
from kit.validate.comparison import Comparison
from kit.validate.verdict import GateResult, Status, Verdict
from kit.variant.frozen import FrozenVariant

NOT_ASKED = (
    "The holdout was not asked: look=True (%kit_check --look) asks it once, which is charged."
)
_COLORS: Mapping[str, str] = {
    "pass": "#009E73", "fail": "var(--jp-error-color1, #b00020)", "needs a person": "#D55E00",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class AutoCheck:
    """What was found of one result.

    Parameters
    ----------
    seen : Verdict
        What train and tune say: gates, the comparison, and what a look could find; its ``look``
        is 0.
    verdict : Verdict or None
        The answer of a charged look; None where there was none.
    no_verdict : str
        Why there is none; empty where there is one.
    kind : {"variant", "bids", "predictions", "surplus"}
        What was brought.
    holdout : int
        Auctions of the sealed holdout.
    power : float
        What the minimum detectable effect refers to.
    scores : mapping of str to ProbabilityScore
        Of click predictions on tune, by whose they are.
    not_checked : mapping of str to str
        Gates that what was brought does not allow, and why.
    variant : FrozenVariant or None
        As it was frozen; None where it could not be.
    """

    seen: Verdict
    verdict: Verdict | None
    no_verdict: str
    kind: str
    holdout: int
    power: float
    scores: Mapping[str, ProbabilityScore] = field(default_factory=dict)
    not_checked: Mapping[str, str] = field(default_factory=dict)
    variant: FrozenVariant | None = None

    @property
    def latest(self) -> Verdict:
        """What a look said; where there was none, what is known before one."""
        return self.verdict or self.seen

    @property
    def status(self) -> Status:
        """The worst gate decides; before a look the effect waits for a person."""
        return self.latest.status

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """Every rule that was applied."""
        return self.latest.gates

    @property
    def comparison(self) -> Comparison | None:
        """The paired effect on the tune split, with its interval and its blocks."""
        return self.seen.tune

    @property
    def headline(self) -> str:
        """The answer in a sentence or two."""
        if self.verdict is not None:
            return verdict_headline(self.verdict, power=self.power)
        return f"{reading(self.seen)} No verdict. {self.no_verdict}"

    @property
    def words(self) -> list[str]:
        """What it rests on, one sentence a line."""
        lines = verdict_lines(self.latest, power=self.power, auctions=self.holdout)[:-1]
        if self.variant is None:
            lines = lines[1:-1]  # of looks nothing can be said: none can be asked for
        said = [_sentence(whose, score) for whose, score in self.scores.items()]
        if self.comparison is not None:
            said.append(f"Compared by {self.comparison.block_kind}.")
        return [*lines, *said, *self._unchecked]

    @property
    def next_steps(self) -> list[str]:
        """What to try now, by what failed; the last says what a look could find."""
        return next_steps(
            self.latest, power=self.power, holdout=self.holdout, frozen=self.variant is not None
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain types for JSON."""
        return {
            "kind": self.kind,
            "headline": self.headline,
            "status": self.status,
            "verdict": None if self.verdict is None else self.verdict.to_dict(),
            "no_verdict": self.no_verdict,
            "seen": self.seen.to_dict(),
            "not_checked": dict(self.not_checked),
            "words": self.words,
            "next_steps": self.next_steps,
        }

    def __repr__(self) -> str:
        return "\n".join(
            [self.headline, *(f"  {line}" for line in self.words),
             *(f"Next: {step}" for step in self.next_steps)]
        )  # fmt: skip

    def _repr_html_(self) -> str:
        gates = gates_table(self.latest).to_numpy().tolist()
        left = [[gate.replace("_", " "), "", "not checked", why]
                for gate, why in self.not_checked.items()]  # fmt: skip
        head = "".join(
            f'<th scope="col" style="text-align:left">{name}</th>'
            for name in ("Gate", "Measured on", "Status", "Why")
        )
        steps = "".join(f"<li>{html.escape(step)}</li>" for step in self.next_steps)
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self._figures)
        return (
            f'<div class="kit-auto-check" style="max-width:1000px;line-height:1.45">'
            f"<p><b>{html.escape(self.headline)}</b></p><ul>{lines}</ul>"
            f"<table><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(map(_html_row, (*gates, *left)))}</tbody></table>"
            f'<p style="margin-top:10px"><b>What to try next</b></p><ul>{steps}</ul></div>'
        )

    @property
    def _figures(self) -> list[str]:
        """`words` without the gates, which a table shows."""
        shown = {*map(gate_line, self.gates), *self._unchecked}
        return [line for line in self.words if line not in shown]

    @property
    def _unchecked(self) -> list[str]:
        return [f"{gate.replace('_', ' ').capitalize()}: not checked. {why}"
                for gate, why in self.not_checked.items()]  # fmt: skip


def _html_row(cells: Sequence[str]) -> str:
    """Return a gate as a row: its name, where it was measured, its status and why."""
    gate, split, status, why = map(html.escape, cells)
    color = f"color:{_COLORS[status]};font-weight:bold" if status in _COLORS else ""
    return (
        f'<tr><th scope="row" style="text-align:left">{gate}</th>'
        f'<td style="text-align:left;white-space:nowrap">{split}</td>'
        f'<td style="text-align:left;white-space:nowrap;{color}">{status}</td>'
        f'<td style="text-align:left">{why}</td></tr>'
    )


def _sentence(whose: str, score: ProbabilityScore) -> str:
    parts = [
        f"{name} {value:.4g}"
        for name, value in (("log loss", score.log_loss), ("AUC", score.auc),
                            ("predicted over seen clicks", score.calibration_ratio))
        if value is not None
    ]  # fmt: skip
    return f"Click predictions of {whose} on tune: {', '.join(parts)}, over {score.rows:,} rows."
