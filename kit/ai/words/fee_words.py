"""The words that say whether fees count as spend."""

from __future__ import annotations

FEES: dict[tuple[str, str], tuple[str, ...]] = {
    ("fees", "in"): (
        "fees included", "with fees", "including fees", "all in", "fees and all", "incl fees",
        "fee included", "inclusive of fees", "including exchange fees", "with exchange fees",
        "plus fees", "including fee", "fees counted as spend", "exchange fees counted as spend",
        "counting fees", "counting fees as spend", "with fees included", "fees counted",
        "fees counted in", "plus exchange fees", "plus fee", "exchange fees included", "with fee",
        "incl exchange fees", "after fees", "fees on top", "including all fees",
        "clearing price plus fee", "clearing prices plus fees", "clearing price plus fees",
        "clearing price and fee", "clearing price and fees", "clearing prices and fees",
        "price plus fee", "price plus fees", "inc fees", "and fees included", "fees added",
        "media plus fees", "media and fees", "price and fees", "price paid plus fees",
        "price paid plus fee", "clearing price with fees", "fully loaded", "fees counted too",
        "counting exchange fees", "including exchange fee", "with fees counted", "fees too",
        "with exchange fees counted as spend", "with fees counted as spend", "counted as spend",
        "counted as cost", "all fees included", "with all fees", "with fees added",
        "where spend includes fees", "prices plus fees", "fees taken into account",
        "where spend is clearing price plus fees", "spend being price plus fees",
        "where cost includes fees", "cost with fees", "total paid with fees",
        "once fees are counted", "with fees on top", "fees are included", "count fees",
        "include fees", "include fee",
    ),
    ("fees", "out"): (
        "fees excluded", "without fees", "excluding fees", "before fees", "ex fees", "no fees",
        "fees aside", "not counting fees", "excl fees", "exclusive of fees", "fee excluded",
        "ignoring fees", "leaving out fees", "without fee", "net of fees",
        "without exchange fees", "excluding exchange fees", "before exchange fees",
        "not including fees", "w o fees", "fees not included", "fees not counted",
        "leaving fees out", "leaving out exchange fees", "apart from fees", "less fees",
        "minus fees", "clearing price only", "media only", "clearing prices only", "pre fees",
        "pre fee", "before any fees", "fees left out", "fees apart", "setting fees aside",
        "without counting fees", "leaving fees aside", "without any fees", "before fee",
        "excluding fee", "no fee", "not counting exchange fees", "exchange fees aside",
        "exchange fees excluded", "fees off", "do not count fees", "fees ignored",
        "disregarding fees", "free of fees", "no fees included", "no exchange fees",
        "ignoring exchange fees", "media cost only", "fee free", "sans fees", "and no fees",
        "net of exchange fees", "except fees", "with no fees", "with fees excluded",
        "with fees left out", "but not fees", "not fees", "clearing prices alone",
        "clearing price alone", "less exchange fees",
    ),
    ("fees", "in out"): (
        "with and without fees", "incl and excl fees", "including and excluding exchange fees",
        "including fees and excluding fees", "fees included and excluded",
        "both with and without fees", "incl and excl exchange fees", "including fees and without",
        "after and before fees", "including and excluding fees", "with fees and without fees",
        "with fees and without", "with and without exchange fees",
    ),
    ("fees", "out in"): (
        "without and with fees", "excl and incl fees", "fees excluded and included",
        "both before and after fees", "before fees and after", "before and with fees",
        "before and after fees", "excluding and including fees", "before fees and after fees",
        "without fees and with fees", "before fees and with fees",
    ),
}  # fmt: skip
"""Kind and value to the phrases that say it."""
