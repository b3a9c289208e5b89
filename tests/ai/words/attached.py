"""What a word belongs to: populations, rows of one measure or of all, percentages, directions."""

from __future__ import annotations

from tests.ai.words.concepts import CPA, ECPM
from tests.ai.words.phrasings import (
    CLICKS,
    CONVS,
    CTR,
    DAY,
    FEES,
    IMPS,
    MEDIA,
    WIN_RATE,
    by,
    of,
)

IVT = f"count(*) FILTER (WHERE won AND is_invalid_traffic) / {IMPS}"
SHARE_OF_SPEND = f"{MEDIA} / sum({MEDIA}) OVER ()"
ON_DIONE = "WHERE exchange = 'dione'"
LATE = "epoch(conversion_time - timestamp) / 3600"

ANSWERED: dict[str, str] = {
    # what stands before a colon says which rows
    "lost auctions on dione: average bid by device": by(
        "device", "avg(bid_price_cpm)", "WHERE NOT won AND exchange = 'dione'"),
    "bids over 20 CPM: how many, how many won, win rate by exchange": by(
        "exchange", f"count(*), {IMPS}, {WIN_RATE}", "WHERE bid_price_cpm > 20"),
    "auctions with floor > 2: win rate": of(WIN_RATE, "bid_floor_cpm > 2"),
    "clicked impressions on video: average recency": of(
        "avg(recency_hours)", "click AND ad_format = 'video'"),
    "low quality pages (quality < 0.3): IVT rate": of(IVT, "page_quality < 0.3"),
    "impressions: mobile vs desktop": by("device", IMPS, "WHERE device <> 'tablet'"),
    "median bid over our wins by hour": by("hour", "median(bid_price_cpm)", "WHERE won"),
    "exploration share within each campaign's auctions": by(
        "campaign_id", "avg(is_exploration::INT)"),
    # how many of what was counted before
    "how many auctions on aurora and how many did we win": of(
        f"count(*), {IMPS}", "exchange = 'aurora'"),
    "number of bids above 10 CPM by exchange": by(
        "exchange", "count(*)", "WHERE bid_price_cpm > 10"),
    "lost auctions with a bid above the floor": of(
        "count(*)", "NOT won AND bid_price_cpm > bid_floor_cpm"),
    "conversions within 24 hours of the auction by campaign": by(
        "campaign_id", f"count(*) FILTER (WHERE {LATE} < 24)"),
    # a percentage is 100 times the share; the percent of a limit is a unit
    "what percent of our auctions are exploration?": of("100 * avg(is_exploration::INT)"),
    "win rate in % and eCPM by exchange": by("exchange", f"100 * {WIN_RATE}, {ECPM}"),
    "which countries have a CTR above 3%, in percent": by(
        "country", f"100 * {CTR}", f";HAVING {CTR} > 0.03"),
    "fees in % of media spend by exchange": by("exchange", f"100 * {FEES} / ({MEDIA})"),
    "spend by exchange as % of total, highest first": by(
        "exchange", f"100 * {SHARE_OF_SPEND}", ";ORDER BY 2 DESC"),
    "what percentage of wins, as a fraction, was floor bound": of(
        "avg(floor_bound::INT)", "won"),
    "difference in CTR between mobile and desktop in percentage points": (
        f"SELECT 100 * (({CTR.replace('click)', 'click AND m)').replace('won)', 'won AND m)')}) - "
        f"({CTR.replace('click)', 'click AND d)').replace('won)', 'won AND d)')})) FROM "
        "(SELECT *, device = 'mobile' AS m, device = 'desktop' AS d FROM auctions)"),
    "daily % change in clicks": (
        "SELECT d, 100 * (m / lag(m) OVER (ORDER BY d) - 1) FROM "
        f"({by(f'{DAY} AS d', f'{CLICKS} AS m')}) ORDER BY d"),
    # over all, by each, beside
    "sum of the budgets over all demand lines": "SELECT sum(budget) FROM demand",
    "CTR across all exchanges by device": by("device", CTR),
    "campaign by campaign, CPA": by("campaign_id", CPA),
    "win rate exchange x device": by("exchange, device", WIN_RATE).replace(
        "GROUP BY 1", "GROUP BY 1, 2").replace("ORDER BY 1", "ORDER BY 1, 2"),
    "spend/day": by(DAY, MEDIA),
    "spend and share of spend by exchange": by("exchange", f"{MEDIA}, {SHARE_OF_SPEND}"),
    "imps, IVT, CTR by exchange": by("exchange", f"{IMPS}, {IVT}, {CTR}"),
    "win rate with a floor and without": by("bid_floor_cpm > 0", WIN_RATE),
    "win rate, first vs second price": by("auction_type", WIN_RATE),
    "top 3 geos by spend (country level)": by("country", MEDIA, ";ORDER BY 2 DESC LIMIT 3"),
    # directions with a noun, and numbers after them
    "IVT rate per ad unit, worst unit on top": by("unit_id", IVT, ";ORDER BY 2 DESC"),
    "impressions and CTR by campaign, best CTR first": by(
        "campaign_id", f"{IMPS}, {CTR}", ";ORDER BY 3 DESC"),
    "spend by exchange, from the largest to the smallest": by(
        "exchange", MEDIA, ";ORDER BY 2 DESC"),
    "On aurora, which hours have the best win rate? top 3": by(
        "hour", WIN_RATE, "WHERE exchange = 'aurora';ORDER BY 2 DESC LIMIT 3"),
    "which campaign spent the most on invalid traffic": by(
        "campaign_id", MEDIA, "WHERE is_invalid_traffic;ORDER BY 2 DESC LIMIT 1"),
    "which exchange has the most supply rows with viewability above 0.7": (
        "SELECT exchange, count(*) FROM supply WHERE viewability > 0.7 GROUP BY 1 "
        "ORDER BY 2 DESC LIMIT 1"),
    # what is left out, with its noun
    "avg floor per exchange, skip the auctions with a zero floor": by(
        "exchange", "avg(bid_floor_cpm)", "WHERE bid_floor_cpm > 0"),
    "CTR excluding hotel and segment unknown": of(
        CTR, "campaign_id <> 'hotel' AND user_segment <> 'unknown'"),
    "throw out the invalid imps, then clicks by device": by(
        "device", CLICKS, "WHERE NOT is_invalid_traffic"),
    "CPA by segment, but leave out segments with fewer than 40 conversions": by(
        "user_segment", CPA, f";HAVING {CONVS} >= 40"),
    "clicks from all countries except US and GB": of(CLICKS, "country NOT IN ('US', 'GB')"),
    # hours one by one, and money by its verbs
    "# auctions, hours 9 10 11": of("count(*)", "hour IN (9, 10, 11)"),
    "what CPM are we paying on dione": of(ECPM, "exchange = 'dione'"),
    "what are we paying (CPC) for video": of(f"{MEDIA} / {CLICKS}", "ad_format = 'video'"),
    "how much in fees did we pay borealis": of(FEES, "exchange = 'borealis'"),
    "hours where dione win rate dips below 82% - hour + rate": by(
        "hour", WIN_RATE, f"{ON_DIONE};HAVING {WIN_RATE} < 0.82"),
    # supply and pairs
    "average viewability by exchange, simple mean over rows": (
        "SELECT exchange, avg(viewability) FROM supply GROUP BY 1 ORDER BY 1"),
    "which unit has the lowest viewability when every row is weighted by its capacity": (
        "SELECT unit_id, sum(viewability * capacity) / sum(capacity) FROM supply GROUP BY 1 "
        "ORDER BY 2 LIMIT 1"),
    "number of profitable pairs by line": (
        "SELECT demand_id, count(*) FROM pairs WHERE value > cost GROUP BY 1 ORDER BY 1"),
}  # fmt: skip

DECLINED: dict[str, str] = {
    "clicks on mobile and spend": "of what was said before it, or of all",
    "mobile spend and total spend": "of some rows and of all",
    "number of auctions and average floor where there is a floor": "of the last, or of all",
    "lost auctions per exchange: average bid": "which rows count",
    "lost auctions by exchange: how many were under the floor": "which rows count",
    "how many, spend by exchange": "of what",
    "how many won, how many clicked, win rate by device": "of what",
    "impressions, of which clicked, by campaign": "a second number, or fewer rows",
    "how many ad units got no clicks on March 5": "none at all, or some without",
    "conversion rate from impressions": "over other rows",
    "mean clearing price over bid": "of each row, or of the sums",
    "how much do we pay over the min bid to win on average": "how much more",
    "average capacity over all ad units": "each one's total",
    "total spend across exchanges": "one total, or by each",
    "top 3 units across all exchanges by spend": "one total, or of each",
    "total of spend and fees by exchange": "added up, or each",
    "spend by exchange, share of total": "instead of the measure, or beside it",
    "share of spend by campaign on mobile": "of all in them",
    "what share of auctions won with a floor": "of which rows",
    "spend in percent": "percent: of what",
    "win percentage and CTR by exchange": "say in percent for both",
    "campaigns with the highest CTR": "how many",
    "the highest CTR by exchange": "all groups",
    "which exchange has the best win rate and which the worst": "beside another word that ranks",
    "average auctions per ad unit per day": "per two things",
    "conversions by day for hotel, cumulative": "instead of what was said",
    "CTR not on mobile and in Germany": "left out too, or kept",
    "good pages: CTR": "what is that",
    "how many impressions did we win on aurora, in total and per day": "two answers",
    "average bid, wins": "of which rows",
    "CTR for Monday through Friday separately": "what with what",
    "which countries cost us more than 4 bucks a conversion": "per one of them",
    "average recency by segment, clicked impressions": "of which rows",
    "CTR by device, exploration auctions": "of which rows",
    "recency under 24h vs over: CTR": "over",
}  # fmt: skip
