"""How a sentence calls the two ends of an interval."""

from __future__ import annotations

import re

_END = r"(?:ends?|bounds?|limits?|edges?|readings?|cases?|scenarios?)"
_LOWER = (
    r"low|lower|lowest|bottom|left|pessimistic|unfavou?rable|adverse|bad|worse|worst|cautious|"
    r"conservative|bleak(?:er|est)?|lower confidence"
)
_HIGHER = (
    r"high|higher|highest|upper|top|right|optimistic|favou?rable|good|better|best|rosy|rosi(?:er|"
    r"est)|generous|upper confidence"
)
LOW = rf"(?:most )?(?:{_LOWER})[- ]{_END}|floor(?= (?:of|is|at)\b| *[:(]|$)|(?<=in the )worst"
HIGH = rf"(?:most )?(?:{_HIGHER})[- ]{_END}|ceiling|(?<=in the )best"
NAMED = re.compile(rf"(?<![\w-])(?:(?P<low>{LOW})|(?P<high>{HIGH}))(?![\w-])")


def ends_named(plain: str) -> list[tuple[str, int, int]]:
    """Return which ends of an interval a sentence names, each with where.

    Examples
    --------
    >>> ends_named("in the worst case 3, at the better end 9")
    [('low', 7, 17), ('high', 28, 38)]
    """
    return [(str(found.lastgroup), *found.span()) for found in NAMED.finditer(plain)]
