"""Messages between an engine and its child: two lengths, a JSON header, raw bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

LENGTHS = struct.Struct(">IQ")
"""Bytes of the header, and of what follows it."""


def pack(header: Mapping[str, Any]) -> bytes:
    """Return the start of a message: its lengths and its header.

    Examples
    --------
    >>> pack({"size": 0})[LENGTHS.size:]
    b'{"size": 0}'
    """
    text = json.dumps(dict(header)).encode()
    return LENGTHS.pack(len(text), int(header.get("size", 0))) + text


def unpack(text: bytes) -> dict[str, Any]:
    """Return the header of a message.

    Examples
    --------
    >>> unpack(b'{"size": 0}')
    {'size': 0}
    """
    header: dict[str, Any] = json.loads(text)
    return header


def read_header(file: BinaryIO) -> dict[str, Any] | None:
    """Return the header of a message without bytes; None at the end of the pipe."""
    lengths = file.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    size, _ = LENGTHS.unpack(lengths)
    text = file.read(size)
    return unpack(text) if len(text) == size else None
