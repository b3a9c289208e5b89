"""A log whose last rows are a sealed holdout: figures of all of it would tell of those."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from kit.base.errors import LeakageError
from kit.base.files import file_hash
from kit.base.workspace import ledger_path

_PARTS = ("train.parquet", "tune.parquet")


def open_parts(root: Path, source: Path, files: Iterable[Path]) -> Path | None:
    """Return the folder to read in place of a log that was sealed; None where it was not.

    Sealed logs are known from the workspace's ledger, its ``.kit/sealed``, and its own folders with
    a ``split.json``. A copy that was written anew has other bytes, and is not known.

    Parameters
    ----------
    root : Path
        The workspace.
    source : Path
        What is asked about: a file, or a folder of them.
    files : iterable of Path
        What would be read.

    Raises
    ------
    LeakageError
        If the other parts are not found, or the log is one of several files.
    """
    read = [file for file in files if not _is_part(file)]
    known = dict(_sealed_sources(root)) if read else {}
    for file in read if known else ():
        parts = [known[digest] for digest in _sources(file) if digest in known]
        if not parts:
            continue
        if source.is_dir() or parts[0] is None:
            instead = "Name another file of it" if source.is_dir() else "Name another"
            raise LeakageError(
                f"{file.name}: its last rows are a sealed holdout, of which no figure leaves; must "
                f"be a log without one. {instead}."
            )
        return parts[0]
    return None


def _is_part(file: Path) -> bool:
    from kit.data.seal import SPLIT_FILE

    return file.name in _PARTS and (file.parent / SPLIT_FILE).is_file()


def _sealed_sources(root: Path) -> Iterator[tuple[str, Path | None]]:
    """Yield hashes of logs that were sealed, each with the folder of its parts, if one is known."""
    from kit.data.seal import SPLIT_FILE
    from kit.validate.ledger import Ledger

    for entry in Ledger(ledger_path(root)).entries():
        yield entry.source_hash, None
    for pattern in ("*", "*/*", ".kit/sealed/*"):
        for split in root.glob(f"{pattern}/{SPLIT_FILE}"):
            try:
                source = json.loads(split.read_text(encoding="utf-8"))["source_hash"]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            yield str(source), split.parent


def _sources(file: Path) -> tuple[str, ...]:
    stat = file.stat()
    return _hashes(file, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _hashes(file: Path, size: int, changed: int) -> tuple[str, ...]:
    """Return the hash of a file, and of the text that it was loaded from."""
    import pyarrow.parquet as pq

    from kit.data.log import META_KEY, open_meta

    own = file_hash(file)
    if file.suffix.lower() not in (".parquet", ".pq"):
        return (own,)
    loaded = META_KEY in (pq.read_schema(file).metadata or {})
    return (own, open_meta(file).source_hash) if loaded else (own,)
