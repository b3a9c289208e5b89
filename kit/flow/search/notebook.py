"""`kit.search_variants`: a search as a notebook asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from kit.base.specs import read_spec
from kit.data.sealed import SealedSplit
from kit.flow.perform import recorded
from kit.flow.runs import Outcome
from kit.flow.search import propose
from kit.flow.search.outcome import Found
from kit.flow.search.settings import ProposeSpec

OUT = Path("out/search")


def search_variants(
    log: SealedSplit | str | Path,
    proposer: Literal["rules", "tpe", "llm", "hybrid", "random"] = "hybrid",
    budget: int = 12,
    *,
    seed: int = 0,
    out: str | Path = OUT,
    client: Any = None,
    say: Callable[[str], None] = print,
    **settings: Any,
) -> Found:
    """Propose variants of a log's default, rank them on tune, and put the best few to the vault.

    The run is recorded like one of ``kit propose``.

    Parameters
    ----------
    log : SealedSplit, str or Path
        A sealed log, its folder, or a log in Parquet, which is sealed into the workspace.
    proposer : {"rules", "tpe", "llm", "hybrid", "random"}
        Who proposes: a rule book, Optuna's TPE over numbers, a model (OPENAI_BASE_URL, KIT_MODEL),
        structure of either with numbers by TPE, or chance.
    budget : int
        Trials in all, the default among them.
    seed : int
        Of every draw.
    out : str or Path
        Folder for the record and the result. The same call goes on where it was cut off; another
        search needs another folder.
    client : distributed.Client, optional
        A Dask client whose workers evaluate; they must see the log's folder and the workspace.
    say : callable of str
        Told how far it has come.
    **settings
        The other fields of `kit.flow.search.settings.ProposeSpec`: ``finalists`` (looks that the
        vault may be asked for; 0 asks none), ``constraints`` (of `kit.Constraint`),
        ``click_value``, ``spend``, ``workers``, ``side_by_side``, ``halving``, ``seconds``,
        ``money``, ``calls``.

    Returns
    -------
    Found
        Its trials, costs and verdicts; `kit.open_search` puts it on a board.

    Raises
    ------
    LeakageError
        If a feature of the default leaks: nothing is trained then.
    KitError
        If the log or a setting is not allowed, or the default cannot be built.

    Examples
    --------
    >>> search_variants("nowhere", budget=0)
    Traceback (most recent call last):
    kit.base.errors.DataError: budget: got 0; Input should be greater than or equal to 1.
    """
    folder = log.folder if isinstance(log, SealedSplit) else Path(log)
    named = {"proposer": proposer, "budget": budget, "seed": seed, "out": Path(out)}
    source = {"path": folder, "format": "parquet"}
    spec = read_spec(ProposeSpec, settings | named | {"source": source})
    found: list[Found] = []

    def search() -> Outcome:
        found.append(propose.search_variants(spec, say, client))
        return propose.written(found[0], spec)

    recorded("propose", spec, search)
    return found[0]
