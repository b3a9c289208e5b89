"""Open a search on a variant board: its default, and the best of what it scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kit.base.checks import number
from kit.base.errors import DataError, ModelError
from kit.base.workspace import candidates_path
from kit.data.sealed import SealedSplit
from kit.flow.board import Board
from kit.flow.search.evaluate import Bench
from kit.flow.search.outcome import Found
from kit.flow.search.record import SearchRecord, record_of
from kit.variant.frozen import FrozenVariant, load_frozen
from kit.variant.trial import Trial


def open_search(
    search: SearchRecord | Found | str | Path,
    sealed: SealedSplit | str | Path | None = None,
    *,
    most: int = 3,
    ledger: Path | None = None,
    rules: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Board:
    """Put a search's default and its best variants on a board.

    Parameters
    ----------
    search : Found, SearchRecord, str or Path
        What `kit.search_variants` returned, or the folder that it or ``kit propose`` wrote.
    sealed : SealedSplit, str or Path, optional
        The log, where the folder that it lay in has moved.
    most : int
        Candidates on the board, the best on the tune split first; each is previewed there once.
    ledger, rules : Path, optional
        As in `kit.validate.vault.Vault`.
    say : callable of str, optional
        Told what is going on.

    Returns
    -------
    Board
        Every trial is in `Board.trials`; ``kit.VariantBoard.of(board)`` shows it. A variant whose
        folder is gone or damaged is built again.

    Raises
    ------
    DataError
        If the folder holds no search, its log is gone or another, or no trial can be chosen.
    KitError
        If a variant cannot be built again or scored.

    Examples
    --------
    >>> open_search("nowhere")
    Traceback (most recent call last):
    kit.base.errors.DataError: search: nowhere holds no search.sqlite; must be a folder that ...
    """
    number("most", most, 1)
    record = record_of(search, sealed)
    chosen = record.ranked[:most]
    if not chosen:
        raise DataError(
            "search: no trial but the default was scored within its constraints; must be at least "
            "one to compare. Go on with a larger budget; the record's table says how each ended."
        )
    default, *candidates = (_named(record, trial, say) for trial in (record.trials[0], *chosen))
    return Board(
        record.sealed, default, candidates, ledger=ledger, rules=rules, say=say,
        record=record, **record.claim,
    )  # fmt: skip


def _named(record: SearchRecord, trial: Trial, say: Callable[[str], None]) -> FrozenVariant:
    """Return a trial's variant under the name that the record has for it."""
    variant = _loaded(record, trial, say)
    spec = variant.spec.model_copy(update={"name": record.names[trial.number]})
    return replace(variant, spec=spec)


def _loaded(record: SearchRecord, trial: Trial, say: Callable[[str], None]) -> FrozenVariant:
    """Load what was frozen, or build it again, beside what is left of it."""
    folder = Path(record.folders[trial.number])
    try:
        return load_frozen(folder)
    except ModelError:
        say(f"Building trial {trial.number} again: its folder is gone or has changed …")
    root = candidates_path() / "built again" if folder.exists() else candidates_path()
    worth, budget = (record.claim[name] for name in ("click_value_cpm", "budget_per_1000"))
    return Bench.of(record.sealed.folder, root, worth, budget).built(trial.spec)
