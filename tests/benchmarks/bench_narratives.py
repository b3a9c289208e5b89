"""Planted faults and true sentences of narratives that are struck, by the set's author."""

from __future__ import annotations

from tests.ai.narratives import TRUE, score
from tests.benchmarks.table import Row, Table

SETS = {
    "prompted_seventh": "written from the product's own prompt; not developed with",
    "prompted_sixth": "written from the prompt; developed with",
    "prompted_fifth": "written from the prompt; developed with",
    "prompted_fourth": "written from the prompt; developed with",
    "prompted_third": "written from the prompt; developed with",
    "prompted_second": "written from the prompt; developed with",
    "prompted_frozen": "written from the prompt; developed with",
    "fifth_frozen": "written freely; developed with",
    "prompted_open": "written from the prompt; developed with",
    "fifth_open": "written freely; developed with",
    "fourth_frozen": "written freely; developed with",
}
"""Who wrote them saw no checker."""
MOST_MISSED, MOST_LOST = 0.02, 0.02


def tables(quick: bool) -> list[Table]:
    """Return the shares of each set; the bars are for sets that the checker was not shown."""
    rows: list[Row] = []
    for name, about in list(SETS.items())[: 1 if quick else None]:
        scores = score(name)
        lost, true = scores.pop(TRUE)
        hit, known = (sum(column) for column in zip(*scores.values(), strict=True))
        barred = "not developed" in about
        rows.append(Row(
            f"{name}: planted faults that are struck", f"{hit} of {known} ({hit / known:.1%})",
            about, hit / known, f">= {1 - MOST_MISSED:g}" if barred else "",
        ))  # fmt: skip
        rows.append(Row(
            f"{name}: true sentences that are struck", f"{lost} of {true} ({lost / true:.1%})",
            about, lost / true, f"<= {MOST_LOST:g}" if barred else "",
        ))  # fmt: skip
    return [Table("Narratives held against their facts and verdict", rows)]
