"""The notebook workspace for programmatic advertising: auction logs in, verdicts in money out.

Public names load on first use, so that ``import kit`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC: dict[str, str] = {
    "AuctionLog": "kit.data.log",
    "KitError": "kit.base.errors",
}

__all__ = [*_PUBLIC, "__version__"]

if TYPE_CHECKING:
    from kit.base.errors import KitError as KitError
    from kit.data.log import AuctionLog as AuctionLog


def __getattr__(name: str) -> Any:
    try:
        module = _PUBLIC[name]
    except KeyError:
        raise AttributeError(f"module 'kit' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
