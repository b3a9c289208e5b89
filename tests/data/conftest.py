"""Small logs on disk, and a reader of what a load left out."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes to a file, plain or gzip."""

    def _write(content: str | bytes, name: str = "log.txt", zipped: bool = False) -> Path:
        raw = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(raw) if zipped else raw)
        return path

    return _write
