"""The words that are not about ads: what asks, joins, compares and ranks."""

from __future__ import annotations

from kit.ai.words.fee_words import FEES
from kit.ai.words.limits import LIMITS
from kit.ai.words.ranks import RANKS
from kit.ai.words.windows import WINDOWS

_OF_TOTAL = tuple(
    f"{how} of {what}"
    for how in ("as %", "as pct", "as percentage", "as percent", "as share", "as fraction", "in %",
                "as proportion")
    for what in ("total", "whole", "overall total", "grand total", "overall")
)  # fmt: skip

GRAMMAR: dict[tuple[str, str], tuple[str, ...]] = {
    **RANKS, **LIMITS, **WINDOWS, **FEES,
    ("by", ""): (
        "by", "for each", "in each", "on each", "each", "every", "for every", "of each",
        "at each", "from each", "to each", "split by", "broken down by", "broken out by",
        "breakdown by", "grouped by", "group by", "by each", "within each", "separately for each",
        "split across", "per each", "separately by", "broken down per", "split per",
        "for all different", "for different", "across different", "one row per", "segmented by",
        "with each", "did each", "does each", "on every", "in every", "as function of",
        "split out by", "detailed by", "sliced by", "cut by", "divided by group", "bucketed by",
        "keyed by", "aggregated by", "aggregated per", "rolled up by", "listed by",
        "separated by", "for each of", "by every", "per every", "for each single", "on each of",
        "one line per", "one number per", "one value per", "one figure per", "row per",
        "within every", "inside each", "of every", "at every", "to every", "between each",
        "disaggregated by", "depending on", "differs by", "vary by", "varies by", "vary across",
        "varies across", "differ by", "differ across", "differs across", "differ per",
        "tabulated by", "at level of", "on level of", "by level of", "arranged by", "pivoted by",
        "faceted by", "per single",
    ),
    ("across", ""): (
        "across", "across all", "over all", "between all", "across different",
    ),
    ("per", ""): (
        "per", "for one", "per any", "per unit of",
    ),
    ("which", ""): (
        "which", "on which", "in which", "at which", "for which", "what", "on what", "whichever",
        "out of which", "from which", "to which", "of which", "with which",
    ),
    ("order", ""): (
        "sorted by", "ordered by", "order by", "sort by", "ranked by", "rank by", "in order of",
        "sorted on", "ordered on",
    ),
    ("list", ""): (
        "rank", "list", "rank all", "list all", "order", "sort", "rank order",
    ),
    ("and", ""): (
        "and", "&", "plus also", "as well as", "along with", "together with", "with its",
        "and also", "as also", "in addition to", "and then", "and additionally", "and separately",
        "and likewise",
    ),
    ("or", ""): (
        "or",
    ),
    ("versus", ""): (
        "versus", "vs", "against", "compared to", "compared with", "next to", "side by side with",
        "in comparison to", "as opposed to", "alongside", "beside", "than", "compared against",
        "v", "rather than", "measured against", "set against", "relative to that of", "up against",
    ),
    ("compare", ""): (
        "compare", "compares", "comparison of", "comparing", "comparison", "differ between",
        "how do", "how does differ", "differ", "side by side", "respectively", "separately",
        "individually", "one row each", "row each", "comparison between", "compare between",
        "differently", "behave differently", "perform differently", "click differently",
        "convert differently", "do differently", "behave", "more or less often",
        "more or less frequently", "more or less", "contrast", "contrasted", "contrasting",
        "stack up", "fare", "fares", "line by line", "each separately", "each on its own",
        "each on their own", "one by one", "apart from each other", "set side by side",
        "for comparison", "in comparison", "how much difference is there",
    ),
    ("not", ""): (
        "not", "with no", "have no", "had no", "has no", "except", "excluding", "outside",
        "outside of", "other than", "leaving out", "without", "apart from", "excepting",
        "but not", "non", "exclude", "leave out", "ignoring", "ignore", "aside from",
        "not counting", "minus traffic from", "everything but", "everywhere but", "all but",
        "everywhere except", "everything except", "leaving aside", "not on", "not in", "not from",
        "setting aside", "with exception of", "omitting", "skipping", "dropping", "removing",
        "that are not", "that is not", "is not", "are not", "were not", "was not", "excludes",
        "minus any", "besides", "barring", "save for", "less any", "filter out", "filtering out",
        "filtered out", "leaving away", "take out", "taking out", "discarding", "disregarding",
        "not including", "not considering", "exclusive of", "never", "do not count",
        "do not include", "with exclusion of", "discounting", "dropping out", "cutting out",
        "net of any", "free of", "which are not", "which is not", "which were not", "skip",
        "drop", "remove", "omit", "ignores", "leave aside", "excl", "ex", "sans", "throw out",
        "throwing out", "strip out", "stripping out", "kick out", "toss out", "weed out",
        "throw away", "cut out", "keep out", "keeping out", "leave off", "discard",
    ),
    ("share", ""): (
        "share of", "fraction of", "percentage of", "percent of", "proportion of", "part of",
        "portion of", "% of", "pct of", "shares of", "percentages of", "share of total",
        "share of all", "share of overall", "fraction of total", "fraction of all",
        "percentage of total", "percentage of all", "percent of total", "percent of all",
        "% of total", "% of all", "proportion of all", "proportion of total", "part of total",
        "part of all", "what part of", "how much of", "how large share of", "how big share of",
        "how large part of", "ratio of all", "shares of total", "shares of all", "pct of total",
        "pct of all", "fraction of overall", "percentage of overall", "how many percent of",
        "what percent of", "what percentage of", "what share of", "what fraction of",
        "what proportion of", "relative share of",
    ),
    ("often", ""): (
        "how often", "how frequently", "in how many cases",
    ),
    ("share_noun", ""): (
        "share", "percentage", "percent share", "share of total", "split", "distribution",
        "fraction", "proportion", "as share of total", "as percentage of total", "breakdown",
        "mix", "pct", "percent", "shares", "percentages", "share of whole", "share of all",
        "as share of whole", "as percentage of whole", "percentage split", "percentage breakdown",
        *_OF_TOTAL, "share breakdown", "proportions", "fractions", "relative share", "contribution",
        "contributions", "share of overall",
    ),
    ("as_share", ""): (
        "as share of", "as fraction of", "as percentage of", "as percent of", "as proportion of",
        "as % of", "relative to number of", "out of", "as part of", "as proportion of all",
        "relative to all", "as ratio of", "as ratio over", "as portion of",
        "expressed as share of", "expressed as fraction of", "expressed as percentage of",
        "taken as share of", "as share of all", "as fraction of all", "as percentage of all",
        "as % of all", "as percent of all", "as share of total", "as fraction of total",
        "as percentage of total", "per total", "in % of", "in percent of",
        "in pct of", "as pct of",
    ),
    ("how_many", ""): (
        "how many", "how long", "no of", "nr of", "num of", "#", "number of", "count of",
        "total number of", "how many of", "volume of", "total count of", "overall number of",
        "count", "amount of", "numbers of", "sum of", "counts of", "how much",
        "combined number of", "total of", "quantity of", "total number", "overall count of",
        "total volume of", "overall volume of", "how big number of", "tally of", "sum total of",
        "aggregate", "sum up", "add up", "what number of", "what is number of", "whole number of",
        "what volume of", "grand total of", "sums of",
    ),
    ("distinct", ""): (
        "distinct", "unique", "different", "how many different", "how many distinct",
        "number of distinct", "number of different", "how many unique", "number of unique",
        "count of distinct", "different kinds of", "separate", "individual",
    ),
    ("agg", "avg"): (
        "average", "avg", "mean", "averages", "average of", "mean of", "averaged", "on average",
        "avg of", "typical", "arithmetic mean", "arithmetic mean of", "typically", "avgs",
        "on avg", "in average", "mean of all", "average of all",
    ),
    ("agg", "median"): (
        "median", "median of", "p50", "p50 of", "50th percentile of", "medians", "middle",
        "median of all", "50th percentile", "p 50",
    ),
    ("agg", "max"): (
        "maximum", "max", "maximum of", "max of", "highest single", "largest single",
        "biggest single", "single highest", "single largest", "all time high",
    ),
    ("agg", "min"): (
        "minimum", "min", "min of", "minimum of", "lowest single", "smallest single",
        "single lowest", "single smallest",
    ),
    ("agg", "stddev"): (
        "standard deviation of", "standard deviation", "stddev of", "stddev", "std of",
        "std dev of", "sd of", "std", "std deviation of", "standard deviations of",
        "std deviation", "spread of", "stdev of", "stdev", "volatility of",
    ),
    ("minus", ""): (
        "minus", "less", "net of subtracting", "after subtracting", "after deducting",
        "subtracting", "take away", "deducting", "with deduction of", "reduced by",
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
        "in relation to", "as ratio to", "times that of", "times that on", "divided by one on",
        "as ratio of that on", "compared to that on as ratio",
    ),
    ("ratio_of", ""): (
        "ratio of", "ratio between",
    ),
    ("ratio", ""): (
        "ratio",
    ),
    ("difference", ""): (
        "diff between", "diff in", "delta between", "difference between", "difference in",
        "gap between", "gap in", "difference of",
        "spread between", "differences between", "differ in",
    ),
    ("between", ""): (
        "between",
    ),
    ("weighted", ""): (
        "weighted by", "weighted with", "weighting by", "when weighted by", "if weighted by",
        *(f"{when} {row} {verb} weighted by" for when in ("when", "if", "where", "with")
          for row in ("every row", "each row", "rows") for verb in ("is", "being", "are")),
        "weighting rows by", "weighting each row by", "weighting every row by",
    ),
    ("simple", ""): (
        "simple", "unweighted", "plain", "not weighted", "simple average over", "straight",
        "regular", "plain old", "raw", "ordinary", "unweighted plain",
    ),
    ("gloss", ""): (
        "i mean", "that is", "ie", "meaning", "defined as", "in other words", "so", "namely",
        "as in", "where surplus is", "taken as", "computed as", "calculated as", "measured as",
        "that is to say", "defined here as", "by which i mean", "by that i mean", "in sense of",
        "understood as", "read as", "where it is", "in short", "specifically", "more precisely",
        "to be precise", "to be exact", "precisely",
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
        "for which there is", "but with", "with price", "with score", "for which", "that show",
        "that show up with", "that reach", "that reached", "that got", "that get", "that see",
        "that saw", "showing", "reaching", "scoring", "achieving", "getting", "seeing",
        "recording", "recorded", "that recorded", "posting", "hitting", "provided they have",
        "as long as they have", "only ones with", "ones with", "on which", "that achieved",
        "that achieve", "that made", "that make", "that brought", "that bring", "that delivered",
        "that generated", "who have", "who had", "which had", "which have", "that has",
        "which has", "while having",
    ),
    ("prep", ""): (
        "on", "in", "of", "for", "from", "at", "within", "among", "inside", "to", "over",
        "during", "out of", "of all", "under", "considering", "only on", "only in", "only for",
        "through", "coming from", "restricted to", "limited to", "just for", "just on", "just in",
        "counting", "counting only", "served on", "served in", "looking at", "looking only at",
        "taking", "bought on", "using", "via", "sold on", "sold at", "shown on", "shown in",
        "seen on", "sold in", "regarding", "concerning", "about", "against", "around",
        "between all", "but only on", "but only in", "but only for", "but only", "only from",
        "only at", "only with", "only over", "only during", "strictly on", "strictly in",
        "solely on", "solely in", "filtered to", "filtered on", "narrowed to", "restricting to",
        "limiting to", "limit to", "restrict to", "confined to", "based on", "focusing on",
        "focus on", "specifically on", "specifically for", "specifically in", "throughout",
        "amongst", "won on", "won in", "won from", "won at", "bought in", "bought from",
        "bought at", "delivered on", "delivered in", "delivered to", "served to", "served at",
        "shown to", "shown at", "from all", "for all", "on all", "in all", "at all",
        "limited only to", "aimed at", "targeting", "placed on", "made on", "made in",
        "made from", "made at", "coming in from", "coming in on", "run on", "run in", "runs on",
        "bid on in", "as for", "when it comes to", "in case of", "inside of", "looking just at",
        "looking solely at", "only considering", "only counting", "only including",
        "including only", "including just", "with just", "keep only", "keeping only", "keep just",
        "taking only", "only taking", "use only", "using only", "exclusively on",
        "exclusively in", "exclusively for", "per only", "only when on",
    ),
    ("together", ""): (
        "together", "both together", "combined", "in total", "taken together", "pooled",
        "altogether", "all together", "overall", "jointly", "both combined", "one total",
        "single total", "one number", "one single number", "single number", "one figure",
        "single figure", "as one number", "as one figure", "as one total", "as single number",
        "as single figure", "just one number", "just one total", "in one number", "in one figure",
        "in one total", "one overall number", "one overall figure", "one combined number",
        "one combined figure", "in one", "as one", "all in one", "one value", "single value",
        "one combined total", "added together", "added up", "summed up together", "in aggregate",
        "put together", "lumped together", "merged", "grouped together", "combined together",
        "in sum", "in combination", "taken as one", "seen together", "as whole", "as group",
        "collectively", "pooled into one number", "into one number", "into one figure",
        "pooled into one", "rolled into one", "lumped into one", "into single number",
        "merged into one", "pooled together", "combined into one", "combined into one number",
    ),
    ("all", ""): (
        "all", "whole", "entire",
    ),
    ("combination", ""): (
        "combination of", "combinations of", "pair of", "combination", "each combination of",
        "every combination of", "combos", "combo", "combo of", "combos of", "combinations",
        "pairing of", "pairings of", "cross of", "cell of", "cells of", "cell", "cells",
        "tuple of",
    ),
    ("as", ""): (
        "as", "counting as", "counted as", "count as", "treated as", "taken as", "taken to be",
        "considered as", "treating as", "counts as",
    ),
    ("columns", ""): (
        "two columns", "in two columns", "as two columns", "three columns", "in three columns",
        "in second column", "in separate columns", "in separate column", "as separate columns",
        "in own columns", "in columns", "as columns", "one column each", "column each",
        "each in own column", "each in its own column", "each in their own column",
        "in its own column", "in their own columns", "side by side in columns",
        "in different columns", "in one row", "as two numbers", "two numbers",
        "in another column", "as second column", "in third column", "in columns side by side",
        "columns side by side", "one column per period", "in adjacent columns",
    ),
    ("same", ""): (
        "same", "same for", "same in", "same on", "same thing", "same thing for", "same number",
        "same number for", "same figure", "same figure for", "same again for", "same again",
        "that for", "that of", "that in", "that on", "it for", "likewise", "likewise for",
        "likewise in",
    ),
    ("rest", ""): (
        "rest", "everything else", "others", "all others", "other traffic", "other auctions",
        "remaining traffic", "all other traffic", "remainder", "remaining", "all else",
        "anything else", "all rest", "remaining ones", "rest of traffic", "rest of auctions",
        "rest of them", "non such traffic",
    ),
    ("yes_no", ""): (
        "yes or no", "or not", "true or false", "and not", "yes and no", "or otherwise",
    ),
    ("often_rank", "desc"): (
        "most often", "most frequently", "more often than anywhere else", "most of time",
    ),
    ("often_rank", "asc"): (
        "least often", "least frequently", "most rarely", "rarely most", "most seldom",
    ),
    ("overall", ""): (
        "overall", "overall average", "global", "account wide", "whole log", "log wide",
        "general", "total", "global average", "grand average", "combined",
    ),
    ("ago", ""): (
        "ago", "earlier", "previously", "beforehand", "prior", "back",
    ),
    ("earns", "<"): (
        "unprofitable", "cost more than they are worth",
        "loss making", "losing money", "lose money", "lost money", "in red",
        "make loss", "made loss", "not profitable", "are not profitable", "is not profitable",
        "that lose money", "that lost money", "underwater", "with loss", "at loss", "make losses",
        "that are unprofitable", "run at loss", "ran at loss", "were unprofitable",
    ),
    ("earns", ">"): (
        "profitable", "worth more than they cost", "worth their cost",
        "make money", "made money", "in black", "that make money",
        "that are profitable", "are profitable", "is profitable", "make profit", "made profit",
        "with profit", "that made profit", "that make profit", "were profitable", "earn money",
    ),
    ("nth", "2"): (
        "second", "2nd",
    ),
    ("nth", "3"): (
        "third", "3rd",
    ),
    ("echo", "rate"): ("rate", "that rate", "rates"),
    ("vague", ""): (
        *(f"{how} {what}".strip()
          for how in ("junk", "low quality", "high quality", "bad", "good", "poor", "decent",
                      "fresh", "stale", "cheap", "pricey", "high", "low", "big", "small", "recent",
                      "expensive", "premium", "crappy", "quality", "large", "tiny")
          for what in ("pages", "page", "users", "user", "bids", "inventory", "traffic", "auctions",
                       "impressions", "imps", "sites", "floors", "rows", "units", "lines")),
        "junk", "under water",
    ),
    ("on_top", ""): (
        "first", "on top", "at top", "up top", "come first", "comes first", "to start with",
        "at head",
    ),
    ("daypart", ""): (
        "morning", "mornings", "afternoon", "afternoons", "evening", "evenings", "night",
        "nights", "overnight", "night time", "daytime", "business hours", "office hours",
        "business hrs", "office hrs", "working hrs",
        "working hours", "prime time", "off peak", "early morning", "late evening", "lunch time",
        "rush hour", "small hours", "daytime hours", "night hours", "evening hours",
        "morning hours", "afternoon hours",
    ),
    ("percent", ""): (
        "in percent", "in %", "as percent", "in pct", "in percentage terms", "as %",
        "in percentages", "in per cent", "in percentage points", "percentage points", "as pct",
        "in pp", "as percents",
    ),
    ("basis_points", ""): ("in basis points", "in bps", "basis points", "bps"),
    ("total_row", ""): ("with total row", "with grand total", "and grand total"),
}  # fmt: skip
"""Kind and value to the phrases that say it."""

SEPARATORS = frozenset({",", ";", ":", "(", ")", ".", "?", "!", "\u2013", "\u2014", "-"})
