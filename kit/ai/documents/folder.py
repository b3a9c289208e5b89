"""A folder that the user names, and write-ups of runs: text that nobody vouches for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.ai.documents.cut import cut_text
from kit.ai.documents.passage import Origin, Passage, passages_of, plain_text
from kit.base.errors import DataError, LeakageError

KINDS = (".md", ".txt", ".rst", ".ipynb", ".py", ".sql")
MAX_BYTES, MAX_FILES, MAX_TOTAL_BYTES = 1_000_000, 1000, 30_000_000
"""Of one file; files of a folder, and their bytes together."""

_PASSED_BY = ("__pycache__", "node_modules")
_SEALED = ".sealed"


@dataclass(frozen=True)
class Skipped:
    """A file that was not read.

    Parameters
    ----------
    name : str
        As it would be cited.
    why : str
    """

    name: str
    why: str


@dataclass(frozen=True)
class Documents:
    """What was read.

    Parameters
    ----------
    passages : tuple of Passage
    skipped : tuple of Skipped
    """

    passages: tuple[Passage, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_folder(folder: Path) -> Documents:
    """Read the texts of a folder and of those inside it.

    Hidden folders and sealed logs are passed by, links that lead out of the folder are not
    followed, and what is too large, binary or broken is skipped and listed.

    Raises
    ------
    DataError
        If it is no folder.
    LeakageError
        If it is a sealed log's.
    """
    if not folder.is_dir():
        raise DataError(f"folder: {folder} is no folder; must be one with texts. Name another.")
    if _sealed_folder(folder):
        raise LeakageError(
            f"folder: {folder} is a sealed log; must be a folder of texts. Name another."
        )
    passages: list[Passage] = []
    skipped: list[Skipped] = []
    files, room = 0, MAX_TOTAL_BYTES
    for path in _files(folder, skipped):
        name = f"{folder.name or folder.resolve().name}/{path.relative_to(folder).as_posix()}"
        if files == MAX_FILES or room < 0:
            skipped.append(Skipped(name, "there are too many files; name a smaller folder"))
            break
        read = _read(name, path, "folder")
        if isinstance(read, Skipped):
            skipped.append(read)
            continue
        files += 1
        room -= sum(len(each.part.text) for each in read)
        passages += read
    return Documents(tuple(passages), tuple(skipped))


def read_write_ups(paths: Mapping[str, Path]) -> Documents:
    """Read write-ups, by the name that each is cited by; what is gone is passed by."""
    there = {name: path for name, path in paths.items() if path.is_file() and not path.is_symlink()}
    read = [_read(name, path, "write-up") for name, path in there.items()]
    return Documents(
        tuple(each for found in read if not isinstance(found, Skipped) for each in found),
        tuple(found for found in read if isinstance(found, Skipped)),
    )


def _files(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Yield what may be read, in the order of names; links of folders are not followed."""
    inside = folder.resolve()
    for here, folders, names in os.walk(folder):
        place = Path(here)
        folders[:] = sorted(
            name for name in folders
            if not name.startswith(".") and name not in _PASSED_BY
            and not _sealed_folder(place / name)
        )  # fmt: skip
        for path in (place / name for name in sorted(names)):
            if path.suffix.lower() not in KINDS or path.name.startswith("."):
                continue
            if _SEALED in path.name or _SEALED in path.resolve().name:
                continue
            if not path.resolve().is_relative_to(inside):
                skipped.append(Skipped(path.name, "it is a link that leads out of the folder"))
            else:
                yield path


def _sealed_folder(folder: Path) -> bool:
    from kit.data.seal import SPLIT_FILE  # these import pandas, which no other text needs
    from kit.data.sealed import HOLDOUT_FILE

    return any((folder / name).exists() for name in (HOLDOUT_FILE, SPLIT_FILE))


def _read(name: str, path: Path, origin: Origin) -> list[Passage] | Skipped:
    shown = " ".join(plain_text(name).split())
    try:
        if not path.is_file():
            return Skipped(shown, "it is no file")
        if path.stat().st_size > MAX_BYTES:
            return Skipped(shown, f"it is larger than {MAX_BYTES:,} bytes")
        text = path.read_bytes().decode("utf-8-sig")
        if "\0" in text:
            return Skipped(shown, "it is no text")
        return passages_of(shown, path, origin, cut_text(path.name, plain_text(text)))
    except OSError as error:
        return Skipped(shown, f"it cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return Skipped(shown, "it is no text in UTF-8")
    except (ValueError, RecursionError):
        return Skipped(shown, "it is no notebook")


def together(documents: Iterable[Documents]) -> Documents:
    """Return several as one."""
    several = tuple(documents)
    return Documents(
        tuple(each for one in several for each in one.passages),
        tuple(each for one in several for each in one.skipped),
    )
