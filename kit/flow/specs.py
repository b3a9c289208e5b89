"""What each verb is told: settings that are checked once and stored with the run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kit.base.specs import Spec

Share = Annotated[float, Field(ge=0.05, le=0.8)]
Errors = Literal["raise", "skip"]
Censored = Literal["pessimistic", "optimistic"]


class Source(Spec):
    """Where a log comes from and how it is read.

    Parameters
    ----------
    path : Path
        The file.
    format : str
        A key of `kit.data.formats.FORMATS`.
    columns : dict of str to str
        Canonical name to the file's own, for ``csv`` and ``parquet``.
    features : tuple of str
        The file's columns that models may use, for ``csv`` and ``parquet``.
    currency : str
        ISO 4217 code of the prices, for ``csv`` and ``parquet``.
    ties_win : bool
        Whether a bid equal to the market price wins, for ``csv`` and ``parquet``.
    timezone : str
        Where days and hours are counted, for ``csv`` and ``parquet``.
    errors : {"raise", "skip"}
        Refuse the file for its bad rows, or set them aside.
    """

    path: Path
    format: str
    columns: dict[str, str] = Field(default_factory=dict)
    features: tuple[str, ...] = ()
    currency: str = "USD"
    ties_win: bool = False
    timezone: str = "UTC"
    errors: Errors = "raise"


class DemoSpec(Spec):
    """Settings of ``kit demo``.

    Parameters
    ----------
    source : Source or None
        The log; None takes the shipped sample.
    out : Path
        Folder for the report and its parts.
    baseline : {"auto", "logged", "constant"}
        What to compare with: the bids that were logged, or the best constant bid; "auto" takes
        the first where the log has them.
    click_value : float or None
        Value of a click in the log's currency; None takes the log's own, else what a click cost.
    tune, holdout : float
        Shares of the auctions in the tune split and the holdout.
    budget_share : float
        Budget that is divided across exchanges, as a share of what the policy spends without one.
    proposals : int
        Variants of the chosen policy that are proposed and ranked; the best is put to the vault.
    seed : int
        Seed of every random draw.
    """

    source: Source | None = None
    out: Path = Path("out")
    baseline: Literal["auto", "logged", "constant"] = "auto"
    click_value: Annotated[float, Field(gt=0)] | None = None
    tune: Share = 0.2
    holdout: Share = 0.2
    budget_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    proposals: Annotated[int, Field(ge=0, le=1000)] = 5
    seed: Annotated[int, Field(ge=0)] = 0


class LoadSpec(Spec):
    """Settings of ``kit load``; `seal` splits while it streams, into a folder."""

    source: Source
    out: Path
    seal: bool = False
    tune: Share = 0.2
    holdout: Share = 0.2


class SimulateSpec(Spec):
    """Settings of ``kit simulate``."""

    out: Path
    auctions: Annotated[int, Field(ge=1)] = 1_000_000
    days: Annotated[int, Field(ge=1, le=366)] = 10
    drift: Annotated[float, Field(ge=0, le=5)] = 1.0
    world_seed: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 0


class TrainSpec(Spec):
    """Settings of ``kit train``: which models are fitted on a log, or on a sealed folder."""

    source: Source
    out: Path
    targets: tuple[Literal["click", "conversion", "market"], ...] = (
        "click",
        "conversion",
        "market",
    )
    features: tuple[str, ...] = ()
    tune: Share = 0.2
    holdout: Share = 0.2
    seed: Annotated[int, Field(ge=0)] = 0


class ReplaySpec(Spec):
    """Settings of ``kit replay``.

    Parameters
    ----------
    source : Source
        The log.
    policy : str
        A key of `kit.bid.registry.POLICIES`.
    params : dict of str to str
        Its parameters, as text; fractions such as ``1/32`` are understood.
    info : Path or None
        An iPinYou ``info.json`` with what is known of the training period.
    train : Source or None
        A training log to take the same from.
    model : Path or None
        Folder of a click model that ``kit train`` wrote; it predicts ``pctr``.
    click_value : float or None
        Value of a click in the log's currency.
    budget : float or None
        Budget of the whole replay, in the log's currency.
    budget_share : str or None
        Budget as a share of the training period's mean price times the auctions.
    episode : int or None
        Auctions an episode; the budget is then each episode's own.
    censored : {"pessimistic", "optimistic"}
        How rows with a bound instead of a market price are read.
    out : Path or None
        JSON file for the totals and the table by exchange and hour.
    seed : int
        For policies that draw.
    """

    source: Source
    policy: str
    params: dict[str, str] = Field(default_factory=dict)
    info: Path | None = None
    train: Source | None = None
    model: Path | None = None
    click_value: Annotated[float, Field(gt=0)] | None = None
    budget: Annotated[float, Field(ge=0)] | None = None
    budget_share: str | None = None
    episode: Annotated[int, Field(ge=1)] | None = None
    censored: Censored = "pessimistic"
    out: Path | None = None
    seed: Annotated[int, Field(ge=0)] = 0


class ReportSpec(Spec):
    """Settings of ``kit report``: write a finished comparison up again."""

    result: Path
    out: Path
    title: str | None = None
    question: str | None = None
