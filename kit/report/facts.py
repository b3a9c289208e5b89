"""`Fact`: one computed number that a text may cite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kit.base.checks import number, one_of
from kit.base.errors import DataError
from kit.report.numbers import count, money, percent

Of = Literal["candidate", "baseline", "difference", "data", "look"]
SIDES = ("candidate", "baseline", "difference", "data", "look")

TUNE = "tune split"
"""Last part of a name whose number was measured where the candidate was chosen."""

_ID = re.compile(r"F[1-9]\d*")
_OF_TUNE = re.compile(r"\btun(?:e|ing)\b", re.IGNORECASE)
_OF_HOLDOUT = re.compile(r"\bhold-?out\b", re.IGNORECASE)


@dataclass(frozen=True)
class Fact:
    """One number with a name that tells what it is.

    Parameters
    ----------
    id : str
        ``F1``, ``F2``, ...; a text cites it as ``[F1]``.
    name : str
        What was measured, then what narrows it, after commas: ``difference in surplus, banner,
        low end, tune split``, in any order: ``tune split CPC of the baseline``. Without ``tune``, a
        figure of a side or of a difference is the holdout's.
    value : float
        Unrounded.
    unit : str
        A currency (``USD``), its price for a thousand impressions (``USD CPM``), ``count``,
        ``share`` (0 to 1), ``percent``, ``ratio``, ``days`` or ``hours``.
    of : {"candidate", "baseline", "difference", "data", "look"}
        Whose number it is; a difference is candidate less baseline.

    Raises
    ------
    DataError
        If the id is none, or the value is not a finite number.

    Examples
    --------
    >>> Fact("F1", "surplus, tune split", 1234.5, "USD", "candidate").is_tune
    True
    """

    id: str
    name: str
    value: float
    unit: str
    of: Of

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise DataError(f"id: got {self.id!r}; must be F and a number. Pass 'F1' and so on.")
        one_of("of", self.of, SIDES)
        number(f"value of {self.id}", self.value)

    @property
    def label(self) -> str:
        """Return the name with the split that it is of, where it is of one.

        Examples
        --------
        >>> Fact("F1", "difference in surplus", 5.0, "USD", "difference").label
        'difference in surplus, holdout'
        """
        is_plain = self.of in ("data", "look") or _OF_TUNE.search(self.name)
        return self.name if is_plain or _OF_HOLDOUT.search(self.name) else f"{self.name}, holdout"

    def written(self, sign: bool = False) -> str:
        """Return the value as a text writes it, with its unit.

        Parameters
        ----------
        sign : bool, default False
            Whether a plus is written, too.

        Examples
        --------
        >>> Fact("F1", "win rate", 0.2541, "share", "candidate").written()
        '25.4 %'
        """
        if self.unit == "share":
            if self.of == "difference":
                return f"{100 * self.value:.3g} percentage points"
            return f"{100 * self.value:.3g} %"
        if self.unit == "percent":
            return percent(self.value / 100, sign=sign)
        if self.unit == "ratio":
            return f"{self.value:.2f}"
        if self.unit in ("count", "days", "hours"):
            return " ".join([count(self.value), *([] if self.unit == "count" else [self.unit])])
        return money(self.value, self.unit, sign=sign)

    @property
    def is_tune(self) -> bool:
        """Return whether it is of the tune split: its name says so, and not the holdout."""
        return bool(_OF_TUNE.search(self.name)) and not _OF_HOLDOUT.search(self.name)
