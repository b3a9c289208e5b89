"""``import kit`` over a bare Python."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.table import Row, Table, milliseconds
from tests.benchmarks.timing import medians


def tables(quick: bool) -> list[Table]:
    """Time both as processes of their own."""
    seconds = medians(
        {
            "bare": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
            "kit": lambda: subprocess.run([sys.executable, "-c", "import kit"], check=True),
        },
        3 if quick else 21,
    )
    extra = seconds["kit"] - seconds["bare"]
    row = Row(
        "import kit, seconds over bare Python",
        milliseconds(seconds["kit"]),
        f"bare Python {milliseconds(seconds['bare'])}",
        extra,
        "<= 0.15",
    )
    return [Table("Import", [row])]
