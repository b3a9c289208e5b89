"""One Markdown table of figures, each with its rival and its target."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One comparison.

    Parameters
    ----------
    name : str
        What was done.
    kit, rival : str
        The two figures, with their units; `rival` also says who.
    ratio : float
        What the target is about.
    target : str
        ``<= 3.5`` or ``>= 10``; empty for a figure reported beside the others.
    """

    name: str
    kit: str
    rival: str
    ratio: float
    target: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether the target is met; None without one."""
        if not self.target:
            return None
        sign, bound = self.target.split()[:2]
        return self.ratio <= float(bound) if sign == "<=" else self.ratio >= float(bound)

    def cells(self) -> list[str]:
        """Return the row as text."""
        verdict = {True: "yes", False: "NO", None: ""}[self.ok]
        return [self.name, self.kit, self.rival, f"{self.ratio:.3g}", self.target, verdict]


@dataclass(frozen=True)
class Table:
    """The rows of one topic."""

    title: str
    rows: list[Row]

    def markdown(self) -> str:
        """Return a Markdown table under its title."""
        head = ["name", "kit", "rival", "ratio", "target", "ok"]
        lines = [head, ["---"] * len(head), *(row.cells() for row in self.rows)]
        return f"### {self.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def milliseconds(seconds: float) -> str:
    """Print a time."""
    return f"{seconds * 1000:.4g} ms"


def machine() -> str:
    """Return one line about the machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    return f"{model}, {os.cpu_count()} cores, one thread used; Python {platform.python_version()}"
