"""`Shareable`: one value of a prompt, fenced, and how one is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from typing import Final, final

from kit.ai.hostile import encoded
from kit.base.errors import PromptError

MAX_TOTAL, MAX_QUESTION, MAX_SQL, MAX_TEXT, MAX_NEAREST = 12_000, 1000, 3000, 300, 5
"""Characters of one value, of a question, of one SQL text, of any other; names near a wrong one."""

MAX_PASSAGE = 2000
"""Characters of a passage of a document."""

_MOST = {"sql": MAX_SQL, "passage": MAX_PASSAGE}
_SEAL: Final = object()


@final
@dataclass(frozen=True)
class Shareable:
    """One value of a prompt, fenced and ready; made by `fenced` alone.

    Parameters
    ----------
    kind : str
        What it is: schema, metrics, question and so on.
    text : str
        A line that opens the fence, lines that are either plain identifiers or JSON, a line that
        closes it; of a dialect, its name.
    left_out : int
        Items that were not allowed or not short enough.
    seal : object
        Known to this module only. It keeps a mistake from leaving, not a caller who means it.

    Raises
    ------
    PromptError
        If it is made anywhere else.
    """

    kind: str
    text: str
    left_out: int
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise PromptError(
                "prompt: a value was not made by kit.ai.disclosure; must be, so that no row and "
                "no id leaves. Use one of its functions."
            )


def one_line(pairs: Iterable[tuple[str, str]]) -> str:
    """Return one JSON object on one line; its keys are our own words."""
    fields = (f'"{key}": {encoded(text, _MOST.get(key, MAX_TEXT))}' for key, text in pairs)
    return "{" + ", ".join(fields) + "}"


def fenced(kind: str, lines: Iterable[str], left_out: int = 0) -> Shareable:
    """Fence the lines that fit, in order, and say how many did not.

    Parameters
    ----------
    kind : str
        What the value is.
    lines : iterable of str
        From `one_line`, or plain identifiers.
    left_out : int
        Items that were left out before.

    Examples
    --------
    >>> print(fenced("note", [one_line([("said", "so")])]).text)
    <data note>
    {"said": "so"}
    </data>
    """
    kept: list[str] = []
    room = MAX_TOTAL
    for line in lines:
        if len(line) > room:
            left_out += 1
            continue
        kept.append(line)
        room -= len(line) + 1
    said = [f"(left out: {left_out})"] if left_out else []
    body = kept + said or ["(none)"]
    return Shareable(kind, "\n".join([f"<data {kind}>", *body, "</data>"]), left_out, _SEAL)


def plain_word(kind: str, word: str) -> Shareable:
    """Share a word of ours, which needs no fence."""
    return Shareable(kind, word, 0, _SEAL)
