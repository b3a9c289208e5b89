"""The write-up: one self-contained HTML file, and Markdown with its figures beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kit.base.errors import DataError
from kit.base.files import write_text
from kit.report.narrative import Narrative
from kit.report.page import TEMPLATES, html_templates
from kit.report.parts import DataFacts, ReportFigure, Reproduce, Section, Table
from kit.report.svg import inline_svg
from kit.report.tables import difference_table
from kit.report.verdict_words import gates_table, next_step, verdict_headline
from kit.report.wording import ON_TUNE, UNSEALED, headline, how_decided
from kit.validate.comparison import Comparison
from kit.validate.verdict import Verdict

MOST_BYTES = 1_000_000
_TONES = {"pass": "better", "fail": "worse", "needs a person": "open"}
_GATES_NOTE = (
    "Gates are measured on the tune split, which may be seen; on the holdout only where the claim "
    "was shown, and without a number."
)
_BANNERS = {"better": "Better", "worse": "Worse", "cannot conclude": "Cannot conclude"}


class Raw(str):
    """Markdown that this module made itself and that must not be escaped."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class Writeup:
    """A comparison, written up. Amounts are shown in the currency of the log.

    Parameters
    ----------
    title, question : str
        What the report is called and what it answers.
    policy, baseline : str
        Names of the two policies.
    comparison : Comparison
        From `kit.validate.compare.compare`.
    data : DataFacts
        Source, hash, rows, splits.
    method : tuple of str
        Paragraphs on how the policies were made; the one on the interval is added.
    results : Table
        From `kit.report.tables.results_table`; the table of differences is added.
    figures : tuple of ReportFigure
        Shown in order.
    diagnostics : tuple of Table
        Calibration, budgets, what the log could not tell.
    limits : tuple of str
        What the comparison does not show.
    reproduce : Reproduce
        Command, versions, seed.
    generated_at : str
        Time of the run, in words, UTC.
    sections : tuple of Section
        What goes beyond the main comparison; after the results.
    split : {"holdout", "tune"}
        What the comparison and the results are from.
    verdict : Verdict or None
        What the vault answered; it comes first.
    no_verdict : str
        Why it could not answer; empty where nobody asked.
    narrative : Narrative or None
        The result in words, near the top; what was struck of it is listed at the end.

    Examples
    --------
    >>> from kit.base.units import PriceUnit
    >>> from kit.validate.comparison import MetricDifference
    >>> import pandas as pd
    >>> row = MetricDifference("surplus", 9e5, 5e5, 4e5, 1e5, 7e5, 5e4, 7.5e5, 1e5, 3e5)
    >>> comparison = Comparison("better", (), 24, "24 blocks", 0.95, 1, (row,), 10_000, 50)
    >>> unit = PriceUnit("USD")
    >>> writeup = Writeup(
    ...     title="lin against mcpc", question="Does lin earn more?", policy="lin",
    ...     baseline="mcpc", comparison=comparison, method=("Both bid on the same auctions.",),
    ...     data=DataFacts("log.csv", "ab12", 50_000, "7 days", unit, {"train": 40_000}),
    ...     results=Table("Totals", pd.DataFrame({"Policy": ["lin", "mcpc"]})), figures=(),
    ...     diagnostics=(), limits=("Other weeks.",), reproduce=Reproduce("kit demo"),
    ...     generated_at="2026-01-01 00:00 UTC")
    >>> writeup.to_markdown().splitlines()[0]
    '# lin against mcpc'
    """

    title: str
    question: str
    policy: str
    baseline: str
    comparison: Comparison
    data: DataFacts
    method: tuple[str, ...]
    results: Table
    figures: tuple[ReportFigure, ...]
    diagnostics: tuple[Table, ...]
    limits: tuple[str, ...]
    reproduce: Reproduce
    generated_at: str
    sections: tuple[Section, ...] = ()
    split: str = "holdout"
    verdict: Verdict | None = None
    no_verdict: str = ""
    narrative: Narrative | None = None

    def to_html(self) -> str:
        """Return one HTML page that loads nothing from anywhere.

        Raises
        ------
        DataError
            If the page would reach 1 MB.
        """
        inlined = [
            (figure, Markup(inline_svg(figure.svg, f"f{number}")))
            for number, figure in enumerate(self.figures, start=1)
        ]
        page = (
            html_templates().get_template("report.html.j2").render(self._context(), inlined=inlined)
        )
        size = len(page.encode())
        if size >= MOST_BYTES:
            raise DataError(
                f"report: {size:,} bytes; must be below {MOST_BYTES:,}. Thin out its figures."
            )
        return page

    def to_markdown(self) -> str:
        """Return Markdown that links its figures as ``figures/<name>.svg``."""
        links = list(zip(self.figures, self._figure_names(), strict=True))
        text = _markdown().get_template("report.md.j2").render(self._context(), links=links)
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def write(self, out_dir: str | Path) -> tuple[Path, ...]:
        """Write ``report.html``, ``report.md`` and ``figures/*.svg``; return their paths.

        Each file is written whole or not at all; the two reports come last.
        """
        out = Path(out_dir)
        texts = {
            out / name: figure.svg
            for figure, name in zip(self.figures, self._figure_names(), strict=True)
        }
        texts |= {out / "report.md": self.to_markdown(), out / "report.html": self.to_html()}
        for path, text in texts.items():
            write_text(path, text)
        return tuple(reversed(texts))

    def _figure_names(self) -> list[str]:
        return [f"figures/{at}-{figure.slug}.svg" for at, figure in enumerate(self.figures, 1)]

    def _answer(self) -> dict[str, Any] | None:
        """Return what the vault said, for the box on top; None where nobody asked."""
        if self.verdict is not None:
            return {
                "tone": _TONES[self.verdict.status],
                "title": f"Verdict: {self.verdict.answer}",
                "lead": verdict_headline(self.verdict),
                "next": f"Next: {next_step(self.verdict)}",
                "gates": Table("What was checked", gates_table(self.verdict), _GATES_NOTE),
            }
        if self.no_verdict:
            return {
                "tone": "open",
                "title": "No verdict",
                "lead": self.no_verdict,
                "next": "",
                "gates": None,
            }
        return None

    def _context(self) -> dict[str, Any]:
        unit = self.data.unit
        on_tune = self.split == "tune"
        return {
            "writeup": self,
            "answer": self._answer(),
            "banner": ("Tune split: " if on_tune else "") + _BANNERS[self.comparison.decision],
            "headline": headline(self.comparison, self.policy, self.baseline, unit, self.split),
            "standing": ON_TUNE if on_tune else UNSEALED,
            "how_decided": how_decided(self.comparison),
            "fact_table": _fact_table(self.narrative),
            "differences": difference_table(self.comparison, unit, self.policy, self.baseline),
        }


def _fact_table(narrative: Narrative | None) -> Table | None:
    if narrative is None or not narrative.cited:
        return None
    rows = [(one.id, one.label, one.of, one.written()) for one in narrative.cited]
    frame = pd.DataFrame(rows, columns=["Fact", "What it is", "Of", "Value"])
    return Table("Facts behind the words", frame)


def escape_markdown(value: Any) -> str:
    r"""Return text that Markdown shows as it is: no markup, no HTML, one line.

    Examples
    --------
    >>> print(escape_markdown("a|b <script> [x](y) *z* win_rate"))
    a\|b &lt;script&gt; \[x\](y) \*z\* win_rate
    """
    if isinstance(value, Raw):
        return value
    text = " ".join(str(value).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*\[\]|~])", r"\\\1", text)
    text = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)
    text = re.sub(r"^(#+|\++|-+|=+)(?=\s|$)", r"\\\1", text)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)


def _fenced(text: str) -> Raw:
    """Return a code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return Raw(f"{fence}\n{text}\n{fence}")


def _markdown_table(table: Table) -> Raw:
    lines = [table.header, ["---:" if right else "---" for right in table.numeric], *table.body]
    cells = [
        [cell if at == 1 else escape_markdown(cell) for cell in line]
        for at, line in enumerate(lines)
    ]
    return Raw("\n".join("| " + " | ".join(line) + " |" for line in cells))


def _markdown() -> Environment:
    # Everything printed is escaped unless this module made it: safe by default.
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=escape_markdown,
    )  # fmt: skip
    environment.filters |= {"fenced": _fenced, "markdown_table": _markdown_table, "raw": Raw}
    return environment
