"""What a model would be sent for the next proposal of a search."""

from __future__ import annotations

from pathlib import Path

from kit.ai.prompts import Message
from kit.ai.propose.brief import Brief
from kit.ai.propose.model import proposal_messages
from kit.base.errors import DataError
from kit.flow.search.store import SEARCH_FILE, SearchStore


def next_messages(folder: Path) -> list[Message]:
    """Return all that would leave this machine for the next proposal.

    Parameters
    ----------
    folder : Path
        Of ``kit propose --out``; whoever proposed there.

    Raises
    ------
    DataError
        If it holds no search, or none whose default was scored.

    Examples
    --------
    >>> next_messages(Path("nowhere"))
    Traceback (most recent call last):
    kit.base.errors.DataError: search: nowhere holds no search.sqlite; must be a folder of kit ...
    """
    if not (folder / SEARCH_FILE).is_file():
        raise DataError(
            f"search: {folder} holds no {SEARCH_FILE}; must be a folder of kit propose. Pass its "
            "--out."
        )
    store = SearchStore(folder, {})
    try:
        trials, brief = store.trials(), store.noted("brief")
    finally:
        store.close()
    if brief is None:
        raise DataError(
            f"search: {folder} has no scored default yet; a proposal comes after it. Go on with "
            "the search: the same command on the same folder."
        )
    return proposal_messages(Brief.model_validate_json(brief), trials)
