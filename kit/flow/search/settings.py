"""What ``kit propose`` is told, and what of it a search must be gone on with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kit.base.specs import Spec
from kit.flow.search.run import Pace
from kit.flow.specs import Source
from kit.variant.constraint import Constraint
from kit.variant.spec import VariantSpec

HALVING_ROWS = 200_000
"""From so many training rows on, rounds are compared on a share of them first."""


class ProposeSpec(Spec):
    """Settings of ``kit propose``.

    Parameters
    ----------
    source : Source
        A folder that ``kit load --seal`` wrote, or a log, which is sealed into the workspace.
    proposer : {"rules", "tpe", "llm", "hybrid", "random"}
        Who proposes.
    budget : int
        Trials in all, the default among them.
    seed : int
        Seed of every draw.
    out : Path
        Folder for the record, the result and the best spec; a search that was cut off there goes
        on.
    default : VariantSpec, Path or None
        What to begin with, or its JSON file; None takes the log's own default.
    click_value : float or None
        Value of a click in the log's currency; None takes each row's own, else what a click cost.
    spend : float or None
        What a variant may spend for every 1,000 auctions, in the log's currency.
    constraints : tuple of Constraint
        What a finalist must keep to on the tune split.
    finalists : int
        Looks that the vault may be asked for; 0 asks none.
    side_by_side : int
        Proposals of a round, which do not know of each other.
    workers : int
        Evaluations at a time, in threads.
    halving : bool or None
        Whether rounds are compared on a share of the training rows first; None: from 200,000 rows
        on, where a round has several proposals.
    seconds : float or None
        No round is begun after so long.
    money, calls : Decimal, int or None
        What calls to a model may cost.
    mode : {"record", "live", "replay"}
        Of the journal of calls: by default a question that was answered before is not asked again.
    """

    source: Source
    proposer: Literal["rules", "tpe", "llm", "hybrid", "random"] = "hybrid"
    budget: Annotated[int, Field(ge=1, le=10_000)] = 12
    seed: Annotated[int, Field(ge=0)] = 0
    out: Path
    default: VariantSpec | Path | None = None
    click_value: Annotated[float, Field(gt=0)] | None = None
    spend: Annotated[float, Field(gt=0)] | None = None
    constraints: tuple[Constraint, ...] = ()
    finalists: Annotated[int, Field(ge=0, le=20)] = 2
    side_by_side: Annotated[int, Field(ge=1, le=64)] = 1
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    halving: bool | None = None
    seconds: Annotated[float, Field(gt=0)] | None = None
    money: Decimal | None = None
    calls: int | None = None
    mode: Literal["record", "live", "replay"] = "record"


def pace_of(spec: ProposeSpec, rows: int) -> Pace:
    """Return how far and how fast a search of so many training rows goes."""
    halving = spec.halving
    if halving is None:
        halving = spec.side_by_side > 1 and rows >= HALVING_ROWS
    return Pace(spec.budget, spec.side_by_side, halving, spec.seconds)


def lasting(spec: ProposeSpec, source_hash: str, default: VariantSpec) -> dict[str, str]:
    """Return what a search must be gone on with; a larger budget only makes it longer."""
    return {
        "log": source_hash,
        "proposer": spec.proposer,
        "seed": str(spec.seed),
        "default": default.key,
        "constraints": ", ".join(map(str, default.constraints)),
        "click value": str(spec.click_value),
        "spend": str(spec.spend),
        "proposals side by side": str(spec.side_by_side),
        "halving": str(spec.halving),
    }
