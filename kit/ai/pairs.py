"""Questions that were answered before, with the SQL that the user confirmed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from kit.base.errors import DataError
from kit.base.files import write_text
from kit.base.workspace import workspace_root

PAIRS_FILE = "sql_pairs.jsonl"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Pair:
    """One confirmed pair.

    Parameters
    ----------
    question, sql : str
    """

    question: str
    sql: str


def read_pairs(root: Path | None = None) -> tuple[Pair, ...]:
    """Return the pairs of a workspace, the oldest first: one JSON object a line of its file.

    Raises
    ------
    DataError
        Naming the line, if one is no pair.
    """
    path = (root or workspace_root()) / PAIRS_FILE
    if not path.is_file():
        return ()
    pairs = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            found = json.loads(line) if line.strip() else None
            pairs += [] if found is None else [Pair(str(found["question"]), str(found["sql"]))]
        except (ValueError, TypeError, KeyError):
            raise DataError(
                f"{path}: line {number}: must be a JSON object with question and sql. Repair or "
                "delete the line."
            ) from None
    return tuple(pairs)


def confirm_pair(question: str, sql: str, root: Path | None = None) -> Path:
    """Keep a pair that the user found right; a question's older SQL gives way to it.

    Returns
    -------
    Path
        The file, which is made to be read and put under version control.
    """
    path = (root or workspace_root()) / PAIRS_FILE
    kept = [pair for pair in read_pairs(root) if _key(pair.question) != _key(question)]
    lines = [json.dumps(asdict(pair), ensure_ascii=False) for pair in [*kept, Pair(question, sql)]]
    write_text(path, "\n".join(lines) + "\n")
    return path


def near_pairs(question: str, pairs: Sequence[Pair], most: int = 3) -> tuple[Pair, ...]:
    """Return the pairs whose questions share most words with this one, the nearest first.

    Examples
    --------
    >>> kept = [Pair("CTR by device", "..."), Pair("spend by day", "...")]
    >>> [pair.question for pair in near_pairs("ctr on each device", kept)]
    ['CTR by device']
    """
    wanted = _words(question)
    shared = [(len(wanted & _words(pair.question)) / len(wanted | _words(pair.question)), pair)
              for pair in pairs]  # fmt: skip
    ranked = sorted((entry for entry in shared if entry[0] > 0.2), key=lambda entry: -entry[0])
    return tuple(pair for _, pair in ranked[:most])


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)} or {""}


def _key(question: str) -> str:
    return " ".join(_WORD.findall(question.lower()))
