"""Read a text file, plain or gzip, as blocks of complete lines."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from tqdm import tqdm

from kit.base.errors import DataError

BLOCK_BYTES = 8 << 20
"""Bytes parsed at a time: large enough for speed, small enough for any machine."""

LONGEST_LINE = 16 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_MARKED = re.compile(rb"(?m)^(?:\xef\xbb\xbf)+")  # joined files hold several
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_GZIP_WINDOW = 31
_READ_BYTES = 1 << 20


@dataclass(frozen=True)
class LineBlock:
    """Complete lines of a file.

    Parameters
    ----------
    data : bytes
        The lines; only the last one of a file may lack its line end.
    first_line : int
        Line number of the first of them, counted from 1.
    cut_short : bool
        The gzip stream broke off inside or after the last line.
    """

    data: bytes
    first_line: int
    cut_short: bool = False

    @property
    def ends_mid_line(self) -> bool:
        """Whether the last line lacks its line end."""
        return not self.data.endswith(b"\n")

    @property
    def line_count(self) -> int:
        """Number of lines, an unfinished one included."""
        return self.data.count(b"\n") + (1 if self.data and self.ends_mid_line else 0)

    def rows(self) -> list[bytes]:
        """Return the lines without their line ends."""
        rows = self.data.split(b"\n")
        return rows if self.ends_mid_line else rows[:-1]


class LineFile:
    """A text file, read in blocks.

    Parameters
    ----------
    path : Path
        The file; gzip is recognised by its first bytes.
    block_bytes : int
        About how many (uncompressed) bytes one block holds.
    progress : bool
        Show a bar over the file's bytes on stderr.

    Raises
    ------
    DataError
        If there is no such file, it is empty, or it is no text.
    """

    def __init__(self, path: Path, block_bytes: int = BLOCK_BYTES, progress: bool = False) -> None:
        self.path = path
        self.block_bytes = block_bytes
        self.progress = progress
        self.cut_short = False
        if not path.is_file():
            raise DataError(f"{path}: no such file. Pass the path of an auction log.")
        if path.stat().st_size == 0:
            raise empty_file(path)

    def blocks(self) -> Iterator[LineBlock]:
        """Yield the file's lines in order, without a byte-order mark; nothing is kept."""
        line, rest = 1, b""
        for chunk in self._chunks():
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            if not end and len(data) > max(LONGEST_LINE, self.block_bytes):
                raise DataError(
                    f"{self.path.name}: line {line} is longer than {LONGEST_LINE >> 20} MB; "
                    "this is no text log. Decompress it, or pass the right --format."
                )
            if end:
                block = LineBlock(self._unmarked(data[:end], line), line)
                yield block
                line += block.line_count
            rest = data[end:]
        rest = self._unmarked(rest, line)
        if rest or self.cut_short:
            yield LineBlock(rest, line, self.cut_short)
        elif line == 1:
            raise empty_file(self.path)

    def _unmarked(self, data: bytes, line: int) -> bytes:
        if line == 1 and data.startswith(_UTF16_MARKS):
            raise DataError(f"{self.path.name}: UTF-16 text; must be UTF-8. Export it as UTF-8.")
        return _MARKED.sub(b"", data) if _UTF8_MARK in data else data

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file, self._bar() as bar:
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            for chunk in self._unzipped(file) if zipped else _plain(file, self.block_bytes):
                raw, text = chunk
                bar.update(len(raw))
                if text:
                    yield text

    def _unzipped(self, file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
        inflate = zlib.decompressobj(_GZIP_WINDOW)
        pending = raw = b""
        while pending or (raw := file.read(_READ_BYTES)):
            source, fresh = (pending, b"") if pending else (raw, raw)
            if inflate.eof:  # gzip files may be several streams, one after the other
                inflate = zlib.decompressobj(_GZIP_WINDOW)
            try:
                text = inflate.decompress(source, self.block_bytes)
            except zlib.error as error:
                raise DataError(
                    f"{self.path.name}: broken gzip data ({error}). Fetch the file again."
                ) from None
            pending = inflate.unused_data.lstrip(b"\0") if inflate.eof else inflate.unconsumed_tail
            yield fresh, text
        # Output may still wait inside after the last input byte was taken.
        while not inflate.eof and (text := inflate.decompress(b"", self.block_bytes)):
            yield b"", text
        self.cut_short = not inflate.eof

    def _bar(self) -> tqdm[NoReturn]:
        return tqdm(
            total=self.path.stat().st_size, unit="B", unit_scale=True, desc=self.path.name,
            disable=not self.progress, delay=1.0,
        )  # fmt: skip


def _plain(file: BinaryIO, block_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    while chunk := file.read(block_bytes):
        yield chunk, chunk


def empty_file(path: Path) -> DataError:
    """Return the error of a file without rows."""
    return DataError(
        f"{path.name}: the file is empty; a log needs at least one row. "
        "Fetch or export the file again."
    )
