"""What is wrong with what a panel shows: nothing, or one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Locator

_CHARTS = """panel => [...panel.querySelectorAll('.js-plotly-plot')].map(host => ({
  title: host.layout?.title?.text ?? host.layout?.annotations?.[0]?.text ?? '',
  marks: [...host.querySelectorAll('.scatterlayer path, .barlayer path, .kit-marks path')]
    .map(node => node.getBoundingClientRect()).filter(box => box.width + box.height > 3)
    .length,
  axes: host._fullLayout ? ['xaxis', 'yaxis'].map(name => host._fullLayout[name].title.text) : [],
  cut: [...host.querySelectorAll('.xtick text, .ytick text, .xtitle, .ytitle, .gtitle')]
    .filter(node => {
      const box = node.getBoundingClientRect(), frame = host.getBoundingClientRect();
      return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
    }).map(node => node.textContent),
}))"""


def shown_table(panel: Locator, column: int = 0) -> dict[str, str]:
    """Return a column of the panel's first table by row name, as it stands on the screen."""
    rows: list[list[str]] = panel.locator("table.kit-table").first.evaluate(
        "table => [...table.querySelectorAll('tbody tr')]"
        ".map(row => [...row.children].map(cell => cell.innerText.trim()))"
    )
    return {row[0]: row[1 + column] for row in rows}


def number_of(text: str) -> float:
    """Read ``1,234.50 USD`` or ``12.3 %``."""
    word = text.split()[0].replace(",", "").replace("\N{MINUS SIGN}", "-").lstrip("+")
    return float(word)


def number_fault(shown: Mapping[str, str], expected: Mapping[str, float]) -> str:
    """Say which number on the screen differs from the API's by more than its rounding."""
    for name, text in shown.items():
        if name not in expected:
            continue
        value = number_of(text)
        digits = len(text.split()[0].partition(".")[2])
        if abs(value - expected[name]) > 0.5000001 * 10.0**-digits:
            return f"{name}: the screen says {text}, the API {expected[name]}"
    return "" if set(shown) & set(expected) else "no number to compare"


def chart_fault(panel: Locator) -> str:
    """Say which figure is empty, lacks a title, or has a label that is cut."""
    charts = panel.evaluate(_CHARTS)
    if not charts:
        return "no chart"
    for chart in charts:
        if not chart["marks"]:
            return f"{chart['title']!r} is empty"
        if not chart["title"] or any("Click to enter" in (axis or "") for axis in chart["axes"]):
            return f"{chart['title']!r} lacks a title"
        if chart["cut"]:
            return f"{chart['title']!r}: {chart['cut']} is cut"
    return ""
