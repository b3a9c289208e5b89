"""Money: one unit a log, exact integers in a ledger."""

from __future__ import annotations

from dataclasses import dataclass

from kit.base.checks import number
from kit.base.errors import DataError

MICROS = 1_000_000


@dataclass(frozen=True)
class PriceUnit:
    """The unit of every ``*_cpm`` column of one log.

    Parameters
    ----------
    currency : str
        ISO 4217 code, three capital letters.
    minor_per_major : int
        How many of the log's units make one unit of currency (100 for CNY fen).
    label : str
        How the unit is printed.

    Examples
    --------
    >>> FEN_CPM.money(203_610)  # a sum of prices per mille, in fen -> CNY
    2.0361
    >>> FEN_CPM.micros(203_610)
    2036100
    """

    currency: str = "USD"
    minor_per_major: int = 1
    label: str = "USD CPM"

    def __post_init__(self) -> None:
        if not (len(self.currency) == 3 and self.currency.isalpha() and self.currency.isupper()):
            raise DataError(
                f"currency: got {self.currency!r}; must be an ISO 4217 code such as 'USD'. "
                "Pass three capital letters."
            )
        number("minor_per_major", self.minor_per_major, 1)

    def money(self, price_sum: float) -> float:
        """Convert a sum of per-mille prices, one an impression, to units of currency."""
        return price_sum / (1000 * self.minor_per_major)

    def micros(self, price_sum: float) -> int:
        """Convert a sum of per-mille prices to integer micros of the currency."""
        return round(price_sum * MICROS / (1000 * self.minor_per_major))


USD_CPM = PriceUnit()
FEN_CPM = PriceUnit("CNY", 100, "CNY fen CPM")
