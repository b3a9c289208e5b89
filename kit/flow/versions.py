"""Versions of what computes a result."""

from __future__ import annotations

import platform
from importlib.metadata import version

PACKAGES = ("numpy", "pandas", "pyarrow", "duckdb", "lightgbm", "numba", "scipy")


def versions() -> dict[str, str]:
    """Return the versions of this package, Python, and what they compute with.

    Examples
    --------
    >>> list(versions())[:2]
    ['programmatic-kit', 'python']
    """
    found = {"programmatic-kit": version("programmatic-kit"), "python": platform.python_version()}
    return found | {name: version(name) for name in PACKAGES}
