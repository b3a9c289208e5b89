"""Compile with numba, cached on disk so that only the first process pays.

numba's own cache key is one source file: a kernel that inlines a helper from another file would
stay stale when that helper changes. So the cache folder is named by the package version and a
hash of every kernel source, here and nowhere else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from kit.base.version import __version__

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources_hash() -> str:
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("kernels*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def cache_dir() -> Path:
    """Return the folder of compiled kernels: ``$KIT_CACHE_DIR`` or the user's cache folder."""
    root = os.environ.get("KIT_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    base = Path(root) if root else Path.home() / ".cache"
    return base / "programmatic-kit" / f"{__version__}-{_sources_hash()}"


os.environ["NUMBA_CACHE_DIR"] = str(cache_dir())
import numba  # noqa: E402  (must see the folder above)


def kernel(**options: Any) -> Callable[[Function], Function]:
    """Compile a function in no-Python mode, cached on disk; `options` go to ``numba.njit``."""

    def decorate(function: Function) -> Function:
        return cast(Function, numba.njit(cache=True, nogil=True, **options)(function))

    return decorate
