"""The words that compare with a number, and the units it may have."""

from __future__ import annotations

_FALLS = (
    "dips", "dip", "dipped", "drops", "drop", "dropped", "sinks", "sink", "sank", "slips", "slip",
    "slipped", "goes", "go", "went", "sits", "sit", "sat", "lies", "lie", "lay", "remains",
    "remain", "remained", "comes in", "came in", "come in", "ends up", "ended up", "gets", "got",
    "runs", "ran", "run", "stands", "stood", "climbs", "climbed", "rises", "rose", "jumps",
    "jumped", "stays", "stay", "stayed", "came out", "comes out", "came", "comes", "hovers", "be",
)  # fmt: skip


def _verbs(*sides: str) -> tuple[str, ...]:
    return tuple(f"{verb} {side}" for verb in _FALLS for side in sides)


LIMITS: dict[tuple[str, str], tuple[str, ...]] = {
    ("exceed", ">"): (
        "exceeds", "exceed", "exceeded", "exceeding", "beats", "surpasses", "surpassed",
        "surpassing", "surpass", "topped", "is greater than", "was above", "is above",
        "are above", "were above", "rises above", "goes over", "go over", "went over",
        "goes above", "go above", "went above", "beat", "outdo", "outbid", "outbids",
        "lies above", "stays above", "topping", "beating",
    ),
    ("cmp", ">"): (
        "above", "over", "more than", "greater than", ">", "higher than", "larger than",
        "is more than", "bigger than", "upwards of", "after", "past", "longer than",
        "in excess of", "strictly above", "older than", "was more than", "were more than",
        "were higher than", "is higher than", "was higher than", "is over", "was over",
        "are over", "are more than", "are higher than", "bigger", "strictly greater than",
        "strictly more than", "strictly over", "north of", "more expensive than", "dearer than",
        "upward of", "beyond", "greater", "higher", "of more than", *_verbs("above", "over"),
    ),
    ("cmp", ">="): (
        "at least", ">=", "no less than", "not less than", "not under", "not below", "minimum of",
        "of at least", "no fewer than", "not fewer than", "above or equal to",
        "greater than or equal to", "at or above", "starting at", "no lower than",
        "not lower than", "or above from", "min", "minimum", "is at least", "was at least",
        "are at least", "not fewer", "no smaller than", "not smaller than", "or more than",
        "no lower", "equal or above", "equal to or above", "equal to or greater than",
        "equal or greater than", "at minimum", *_verbs("at or above"),
    ),
    ("cmp", "<"): (
        "below", "under", "less than", "fewer than", "<", "lower than", "smaller than", "before",
        "short of", "shorter than", "strictly below", "within last", "within", "younger than",
        "beneath", "is below", "is under", "was below", "was under", "were below", "were under",
        "are below", "are under", "is less than", "was less than", "were less than",
        "are less than", "is lower than", "was lower than", "are lower than", "falls below",
        "fell below", "drops below", "dropped below", "stays below", "stay below", "stayed below",
        "fall below", "falls short of", "undercut", "undercuts", "cheaper than", "in last",
        "during last", "south of", "strictly less than", "strictly under", "strictly lower than",
        "of less than", "fewer", "smaller", "lies below", "is smaller than", "within previous",
        "within past", "no later than", *_verbs("below", "under"),
    ),
    ("cmp", "<="): (
        "at most", "<=", "no more than", "not more than", "up to", "not above", "not over",
        "of at most", "below or equal to", "less than or equal to", "at or below",
        "no higher than", "not higher than", "maximum of", "max", "maximum", "capped at",
        "no greater than", "not greater than", "no bigger than", "no larger than",
        "not larger than", "is at most", "was at most", "are at most", "equal or below",
        "equal to or below", "equal to or less than", "equal or less than", "or less than",
        "at maximum", "no longer than", *_verbs("at or below"),
    ),
    ("cmp", "="): (
        "was at", "is at", "were at", "are at", "right at", "exactly at", "was exactly at", "=",
        "equal to", "equals", "exactly", "equal", "of exactly", "same as", "is equal to",
        "is exactly", "was equal to", "was exactly", "are equal to", "matches", "matched",
        "matching", "identical to", "is same as", "was same as", "coincides with", "at exactly",
    ),
    ("cmp", "!="): (
        "!=", "not equal to", "different from", "unequal to", "is not equal to",
        "was not equal to", "other than equal to", "not same as", "differs from", "differ from",
        "unlike",
    ),
    ("tail", ">="): (
        "or more", "or higher", "or above", "and above", "and up", "or greater", "and more",
        "and higher", "or over", "+", "or longer", "and over", "upwards", "and greater",
        "or beyond", "at minimum", "minimum", "at least",
    ),
    ("tail", "<="): (
        "or less", "or fewer", "or lower", "or below", "and below", "or under", "or shorter",
        "and under", "and lower", "and less", "and fewer", "or earlier", "maximum", "at most",
    ),
    ("zero", "<"): (
        "negative", "below zero", "in red",
    ),
    ("zero", ">"): (
        "positive", "above zero",
    ),
    ("unit", "cpm"): (
        "cpm", "usd cpm", "dollars cpm", "dollar cpm", "$ cpm", "usd per thousand", "$cpm",
        "usd per mille", "dollars per thousand", "usd per thousand impressions",
        "dollars per thousand impressions", "cpm usd",
    ),
    ("unit", "money"): (
        "usd", "dollars", "dollar", "$", "bucks", "usd per impression", "usd impression",
        "us dollars",
    ),
    ("unit", "hours"): (
        "hours", "hour", "h", "hrs", "hr",
    ),
    ("mille", ""): (
        "thousand", "mille",
    ),
    ("unit", "percent"): (
        "%", "percent", "pct", "per cent",
    ),
    ("cmp", "better"): (
        "better than", "beating", "superior to",
    ),
    ("cmp", "worse"): (
        "worse than", "poorer than", "inferior to",
    ),
    ("tail", "better="): (
        "or better", "and better",
    ),
    ("tail", "worse="): (
        "or worse", "and worse",
    ),
}  # fmt: skip
"""Kind and value to the phrases that say it."""
