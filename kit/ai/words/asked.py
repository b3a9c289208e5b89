"""What a question asks for, once its words are read: the types between reading and SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from kit.ai.words.clock import Hours
from kit.ai.words.times import Days


@dataclass(frozen=True)
class Metric:
    """A metric of the layer, by name."""

    name: str


@dataclass(frozen=True)
class Aggregate:
    """A column, less another where `minus` says so, averaged or otherwise summed up.

    `point` is the share of rows below a quantile.
    """

    function: str
    column: str
    weight: str | None = None
    point: float | None = None
    minus: str | None = None


@dataclass(frozen=True)
class Distinct:
    """How many values of a dimension there are."""

    dimension: str


@dataclass(frozen=True)
class Quotient:
    """One measure over another, or for so many of it."""

    top: Measure
    bottom: Measure
    scale: float = 1


@dataclass(frozen=True)
class Signed:
    """Measures added up, each with its sign."""

    parts: tuple[tuple[Literal["+", "-"], Measure], ...]


@dataclass(frozen=True)
class Scoped:
    """A measure of the rows that hold some conditions as well."""

    measure: Measure
    only: tuple[Condition, ...]


@dataclass(frozen=True)
class OfTotal:
    """A group's share of all groups, or of those that some other groups are alike in."""

    measure: Measure
    within: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Over:
    """A running total, or the change from one row to the next, in the order of the dimension."""

    measure: Measure
    how: Literal["running", "change", "growth", "growth_percent"]
    skip_first: bool = False


@dataclass(frozen=True)
class Percent:
    """A share times 100."""

    measure: Measure


@dataclass(frozen=True)
class PerGroup:
    """An additive metric summed by an inner dimension, then averaged over it."""

    function: str
    measure: Metric
    inner: str = ""


Measure: TypeAlias = (
    Metric | Aggregate | Distinct | Quotient | Signed | Scoped | OfTotal | Over | Percent | PerGroup
)


@dataclass(frozen=True)
class OneOf:
    """Labels of a dimension, or all but them."""

    dimension: str
    labels: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class Holds:
    """A named filter, or its contrary."""

    name: str
    positive: bool = True


@dataclass(frozen=True)
class RowsOf:
    """The rows that a count metric counts."""

    metric: str


@dataclass(frozen=True)
class Overall:
    """A measure of all rows, to compare a group with."""

    measure: Metric


@dataclass(frozen=True)
class Compares:
    """A column, or in a group a measure, against a number or another column."""

    left: str | Measure
    sign: str
    right: float | str | Overall


@dataclass(frozen=True)
class When:
    """Days, of any of some spans, or hours of the day; or all but them."""

    time: tuple[Days, ...] | Hours
    negated: bool = False


Condition: TypeAlias = OneOf | Holds | RowsOf | Compares | When


@dataclass(frozen=True)
class Group:
    """A dimension, or a named filter by which rows are told apart."""

    name: str
    is_filter: bool = False


@dataclass(frozen=True)
class Order:
    """Rows by a measure, how many of them after how many, and in each of which groups if any."""

    by: Measure | None
    descending: bool
    limit: int | None = None
    within: tuple[Group, ...] = ()
    skip: int = 0


@dataclass(frozen=True)
class Asked:
    """One question, read.

    Parameters
    ----------
    measures : tuple of Measure
        Columns after those of the groups.
    groups : tuple of Group
        What to group by.
    where, having : tuple of Condition
        Which rows count, and which groups.
    order : Order or None
        A ranking; else rows come in the order of their groups.
    count_groups : bool
        Whether only the number of groups is asked for.
    """

    measures: tuple[Measure, ...]
    groups: tuple[Group, ...] = ()
    where: tuple[Condition, ...] = ()
    having: tuple[Compares, ...] = ()
    order: Order | None = None
    count_groups: bool = False
