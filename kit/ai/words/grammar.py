"""The words that are not about ads: what asks, joins, compares and ranks."""

from __future__ import annotations

GRAMMAR: dict[tuple[str, str], tuple[str, ...]] = {
    ("by", ""): (
        "by", "for each", "in each", "on each", "each", "every", "for every", "of each",
        "at each", "from each", "to each", "split by", "broken down by", "broken out by",
        "breakdown by", "grouped by", "group by", "by each", "within each", "separately for each",
        "split across", "per each", "separately by", "broken down per", "split per",
        "for all different", "for different", "across different", "one row per", "segmented by",
        "with each", "did each", "does each", "on every", "in every", "as function of",
        "split out by", "detailed by",
    ),
    ("across", ""): (
        "across", "across all", "over all", "between all",
    ),
    ("per", ""): (
        "per", "for one",
    ),
    ("which", ""): (
        "which", "on which", "in which", "at which", "for which", "what", "on what",
    ),
    ("rank", "desc"): (
        "top", "most", "highest", "largest", "biggest", "greatest", "leading",
        "maximum number of", "highest number of", "largest number of", "most number of",
        "highest share of most",
    ),
    ("rank", "asc"): (
        "bottom", "least", "lowest", "smallest", "fewest", "lowest number of",
        "smallest number of",
    ),
    ("rank", "best"): (
        "best", "strongest",
    ),
    ("rank", "worst"): (
        "worst", "weakest", "poorest",
    ),
    ("order", ""): (
        "sorted by", "ordered by", "order by", "sort by", "ranked by", "rank by", "in order of",
        "sorted on", "ordered on",
    ),
    ("list", ""): (
        "rank", "list", "rank all", "list all",
    ),
    ("direction", "desc"): (
        "descending", "desc", "highest first", "largest first", "best first", "biggest first",
        "most first", "from highest to lowest", "from high to low", "high to low",
        "highest to lowest", "in descending order", "largest to smallest",
        "from largest to smallest", "from most to least", "most to least", "greatest first",
        "decreasing", "in decreasing order", "from biggest to smallest", "from best to worst",
        "from top to bottom", "top first", "descending order", "from top down",
    ),
    ("direction", "asc"): (
        "ascending", "asc", "lowest first", "smallest first", "from lowest to highest",
        "from low to high", "low to high", "lowest to highest", "in ascending order",
        "worst first", "smallest to largest", "from smallest to largest", "increasing",
        "in increasing order", "from worst to best", "least first", "from least to most",
        "fewest first", "cheapest first", "ascending order",
    ),
    ("by_time", ""): (
        "in date order", "chronological", "chronologically", "sorted by date", "ordered by date",
        "ordered by day", "sorted by day", "in order of date", "in time order", "by date order",
        "in chronological order", "sorted by hour", "ordered by hour", "in hour order",
        "oldest first", "earliest first", "sorted chronologically", "ordered chronologically",
        "sorted by time", "ordered by time", "in order of day", "in day order", "in order",
        "sorted by week", "in order of hour", "starting with first", "sorted by weekday",
        "ordered by weekday", "from monday to sunday", "monday first", "sorted by day of week",
        "date order",
    ),
    ("and", ""): (
        "and", "&", "plus also", "as well as", "along with", "together with", "with its",
    ),
    ("or", ""): (
        "or",
    ),
    ("versus", ""): (
        "versus", "vs", "against", "compared to", "compared with", "next to", "side by side with",
        "in comparison to", "as opposed to", "alongside", "beside",
    ),
    ("compare", ""): (
        "compare", "compares", "comparison of", "comparing", "comparison", "differ between",
        "how do", "how does differ", "differ", "side by side", "respectively", "separately",
        "individually", "one row each", "row each", "comparison between", "compare between",
    ),
    ("not", ""): (
        "not", "with no", "have no", "had no", "has no", "except", "excluding", "outside",
        "outside of", "other than", "leaving out", "without", "apart from", "excepting",
        "but not", "non", "exclude", "leave out", "ignoring", "ignore", "aside from",
        "not counting", "minus traffic from", "everything but", "everywhere but", "all but",
        "everywhere except", "everything except", "leaving aside", "not on", "not in", "not from",
        "setting aside", "with exception of", "omitting", "skipping", "dropping", "removing",
        "that are not", "that is not", "is not", "are not", "were not", "was not",
    ),
    ("share", ""): (
        "share of", "fraction of", "percentage of", "percent of", "proportion of", "part of",
        "portion of", "% of", "pct of", "shares of", "percentages of",
    ),
    ("often", ""): (
        "how often", "how frequently", "in how many cases",
    ),
    ("share_noun", ""): (
        "share", "percentage", "percent share", "share of total", "split", "distribution",
        "fraction", "proportion", "as share of total", "as percentage of total", "breakdown",
    ),
    ("as_share", ""): (
        "as share of", "as fraction of", "as percentage of", "as percent of", "as proportion of",
        "as % of", "relative to number of", "out of",
    ),
    ("how_many", ""): (
        "how many", "number of", "count of", "total number of", "how many of", "volume of",
        "total count of", "overall number of", "count", "amount of", "numbers of", "sum of",
        "counts of", "how much", "combined number of", "total of",
    ),
    ("distinct", ""): (
        "distinct", "unique", "different", "how many different", "how many distinct",
        "number of distinct", "number of different", "how many unique", "number of unique",
        "count of distinct",
    ),
    ("agg", "avg"): (
        "average", "avg", "mean", "averages", "average of", "mean of", "averaged", "on average",
        "avg of", "typical",
    ),
    ("agg", "median"): (
        "median", "median of", "p50", "p50 of", "50th percentile of", "medians",
    ),
    ("agg", "max"): (
        "maximum", "max", "maximum of", "max of",
    ),
    ("agg", "min"): (
        "minimum", "min", "min of", "minimum of",
    ),
    ("agg", "stddev"): (
        "standard deviation of", "standard deviation", "stddev of", "stddev", "std of",
        "std dev of",
    ),
    ("running", ""): (
        "cumulative", "running total of", "cumulated", "running", "running total", "accumulated",
        "cumulatively", "running sum of", "cumulative total of", "cumulative sum of",
        "cumulative total",
    ),
    ("change", ""): (
        "day over day change in", "day over day change of", "day over day", "daily change in",
        "day on day change in", "change from day before", "change from previous day",
        "change versus previous day", "day to day change in", "change over previous day", "dod",
        "dod change in", "change from one day to next", "day over day change",
        "change against day before", "change on day before", "difference to previous day",
        "change vs previous day", "change vs day before", "change versus day before",
        "compared with previous day", "compared to previous day", "day on day",
        "from one day to next", "change compared with day before", "change day over day",
        "changed from day to day", "change from day to day", "daily change of",
        "day over day difference in", "difference from day before", "daily difference in",
        "increase over previous day", "increase over day before", "change to previous day",
    ),
    ("growth", ""): (
        "day over day growth in", "day over day growth of", "day over day growth",
        "day over day percentage change in", "day over day % change in",
        "day over day % change of", "day over day percent change in",
        "percent change day over day in", "relative day over day change in",
        "daily growth rate of", "daily growth of", "growth rate of",
        "day over day relative change in", "relative change from previous day",
        "day over day growth rate of", "percent change from previous day",
        "percentage change from previous day", "daily growth in",
    ),
    ("minus", ""): (
        "minus", "less", "net of subtracting", "after subtracting", "after deducting",
        "subtracting",
    ),
    ("plus", ""): (
        "plus", "+", "added to",
    ),
    ("divide", ""): (
        "divided by", "/", "over",
    ),
    ("times", ""): (
        "*", "multiplied by",
    ),
    ("multiple", ""): (
        "as multiple of", "relative to", "divided by that on", "divided by that of",
        "in relation to", "as ratio to", "times that of",
    ),
    ("ratio_of", ""): (
        "ratio of", "ratio between",
    ),
    ("ratio", ""): (
        "ratio",
    ),
    ("difference", ""): (
        "difference between", "difference in", "gap between", "gap in", "difference of",
        "spread between", "differences between", "differ in",
    ),
    ("between", ""): (
        "between",
    ),
    ("weighted", ""): (
        "weighted by", "weighted with", "weighting by",
    ),
    ("simple", ""): (
        "simple", "unweighted", "plain", "not weighted",
    ),
    ("fees", "in"): (
        "fees included", "with fees", "including fees", "all in", "fees and all", "incl fees",
        "fee included", "inclusive of fees", "including exchange fees", "with exchange fees",
        "plus fees", "including fee", "fees counted as spend", "exchange fees counted as spend",
        "counting fees", "counting fees as spend", "with fees included", "fees counted",
        "fees counted in", "plus exchange fees", "plus fee", "exchange fees included", "with fee",
        "incl exchange fees", "after fees", "fees on top", "including all fees", "fees in",
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
        "with and without fees", "after and before fees", "including and excluding fees",
        "with fees and without fees", "with fees and without", "with and without exchange fees",
    ),
    ("fees", "out in"): (
        "without and with fees", "before and after fees", "excluding and including fees",
        "before fees and after fees", "without fees and with fees", "before fees and with fees",
    ),
    ("gloss", ""): (
        "i mean", "that is", "ie", "meaning", "defined as", "in other words", "so", "namely",
        "as in", "where surplus is", "taken as", "computed as", "calculated as", "measured as",
        "that is to say",
    ),
    ("copula", ""): (
        "is", "are", "was", "were", "that is", "that are", "that were", "that was", "which are",
        "which is", "goes to", "go to", "went to", "came from", "come from", "comes from",
        "falls on", "fall on", "fell on", "come on", "that come from", "that came from",
        "that go to", "that went to", "that", "made up of", "happen on", "happened on",
        "spent on", "wasted on", "ran on", "do we spend on", "is spent on", "was spent on",
        "did we spend on", "goes into", "go into", "carry", "have", "has", "had", "ended up",
        "end up", "turned out", "turned out to be", "turn out to be", "being", "do we", "did we",
        "we", "comes on", "came on", "is from", "are from", "were from", "was from", "are on",
        "is on", "happens on", "happens in", "ends up on", "falls in", "falls into", "lands on",
        "led to", "lead to", "which were", "which was", "is in",
    ),
    ("with", ""): (
        "with", "whose", "where", "having", "when", "that have", "that had", "if",
        "for which there is", "but with", "with price", "with score",
    ),
    ("prep", ""): (
        "on", "in", "of", "for", "from", "at", "within", "among", "inside", "to", "over",
        "during", "out of", "of all", "under", "considering", "only on", "only in", "only for",
        "through", "coming from", "restricted to", "limited to", "just for", "just on", "just in",
        "counting", "counting only", "served on", "served in", "looking at", "looking only at",
        "taking", "bought on", "using", "via", "sold on", "sold at", "shown on", "shown in",
        "seen on", "sold in",
    ),
    ("together", ""): (
        "together", "both together", "combined", "in total", "taken together", "pooled",
        "altogether", "all together", "overall", "jointly", "both combined",
    ),
    ("all", ""): (
        "all", "whole", "entire",
    ),
    ("combination", ""): (
        "combination of", "combinations of", "pair of", "combination", "each combination of",
        "every combination of", "mix of",
    ),
    ("exceed", ">"): (
        "exceeds", "exceed", "exceeded", "exceeding", "tops", "beats",
    ),
    ("cmp", ">"): (
        "above", "over", "more than", "greater than", ">", "higher than", "larger than",
        "is more than", "bigger than", "upwards of", "better than", "after", "past",
        "longer than", "in excess of", "strictly above", "older than",
    ),
    ("cmp", ">="): (
        "at least", ">=", "no less than", "not less than", "not under", "not below", "minimum of",
        "of at least", "no fewer than", "not fewer than", "above or equal to",
        "greater than or equal to", "at or above", "starting at", "no lower than",
        "not lower than", "or above from",
    ),
    ("cmp", "<"): (
        "below", "under", "less than", "fewer than", "<", "lower than", "smaller than", "before",
        "short of", "worse than", "shorter than", "strictly below", "within last", "within",
        "younger than", "beneath",
    ),
    ("cmp", "<="): (
        "at most", "<=", "no more than", "not more than", "up to", "not above", "not over",
        "of at most", "below or equal to", "less than or equal to", "at or below",
        "no higher than", "not higher than", "maximum of",
    ),
    ("cmp", "="): (
        "=", "equal to", "equals", "exactly", "equal", "of exactly", "same as",
    ),
    ("cmp", "!="): (
        "!=", "not equal to", "different from", "unequal to",
    ),
    ("tail", ">="): (
        "or more", "or higher", "or above", "and above", "and up", "or greater", "and more",
        "or better", "and higher", "or over",
    ),
    ("tail", "<="): (
        "or less", "or fewer", "or lower", "or below", "and below", "or under",
    ),
    ("zero", "<"): (
        "negative",
    ),
    ("zero", ">"): (
        "positive",
    ),
    ("unit", "cpm"): (
        "cpm", "usd cpm", "dollars cpm", "dollar cpm", "$ cpm", "usd per thousand",
    ),
    ("unit", "money"): (
        "usd", "dollars", "dollar", "$", "bucks", "eur", "euros",
    ),
    ("unit", "hours"): (
        "hours", "hour", "h", "hrs",
    ),
    ("unit", "percent"): (
        "%", "percent", "pct", "per cent",
    ),
}  # fmt: skip
"""Kind and value to the phrases that say it."""

SEPARATORS = frozenset({",", ";", ":", "(", ")", ".", "?", "!", "\u2013", "\u2014", "-"})
