"""More ways to ask, by concept, each with SQL that was written by hand; and traps to decline."""

from __future__ import annotations

from tests.ai.words.phrasings import (
    CLICKS,
    CONVS,
    COST,
    CTR,
    DAY,
    FEES,
    IMPS,
    MEDIA,
    VALUE,
    WIN_RATE,
    by,
    of,
)

CPA = f"{MEDIA} / {CONVS}"
ECPM = f"1000 * {MEDIA} / {IMPS}"
DELAY = "epoch(conversion_time - timestamp) / 3600"


def top_of_each(group: str, inner: str, measure: str) -> str:
    return (
        f"SELECT {group}, {inner}, {measure} AS m FROM auctions GROUP BY 1, 2 QUALIFY "
        f"row_number() OVER (PARTITION BY {group} ORDER BY {measure} DESC) = 1 ORDER BY 1"
    )


def daily(function: str, measure: str, where: str = "") -> str:
    return f"SELECT {function}(m) FROM ({by(DAY, f'{measure} AS m', where)})"


ON_AURORA = "WHERE exchange = 'aurora'"
ABOVE_ALL = f";HAVING {CTR} > (SELECT {CTR} FROM auctions)"
SHARE_OF_CLICKS = f"{CLICKS} / sum({CLICKS}) OVER ()"

ANSWERED: dict[str, str] = {
    # which comes first, and what is cheap
    "CPC by country, cheapest first": by("country", f"{MEDIA} / {CLICKS}", ";ORDER BY 2"),
    "rank exchanges by eCPM, best first": by("exchange", ECPM, ";ORDER BY 2"),
    "rank the exchnages by eCPM before fees, dearest first": by(
        "exchange", ECPM, ";ORDER BY 2 DESC"),
    "bottom 3 user segments on CTR, worst one first": by(
        "user_segment", CTR, ";ORDER BY 2 LIMIT 3"),
    "cheapest conversions by country": by("country", CPA, ";ORDER BY 2"),
    "what's the most expensive exchange by eCPM": by(
        "exchange", ECPM, ";ORDER BY 2 DESC LIMIT 1"),
    "second highest exchange by spend": by(
        "exchange", MEDIA, ";ORDER BY 2 DESC LIMIT 1 OFFSET 1"),
    "clicks per ad unit, top 3": by("unit_id", CLICKS, ";ORDER BY 2 DESC LIMIT 3"),
    "top ad unit per exchange by spend": top_of_each("exchange", "unit_id", MEDIA),
    "peak hour of each exchange by spend (sum over its units)": top_of_each(
        "exchange", "hour", MEDIA),
    "In which country do we win most often, and how often?": by(
        "country", WIN_RATE, ";ORDER BY 2 DESC LIMIT 1"),
    "top 5 country-device combinations by conversions": (
        f"SELECT country, device, {CONVS} FROM auctions GROUP BY 1, 2 "
        "ORDER BY 3 DESC, 1, 2 LIMIT 5"),
    "weekday with the highest CTR": by("weekday", CTR, ";ORDER BY 2 DESC LIMIT 1"),
    # without a word on fees money is before them
    "which exchanges lose money": by(
        "exchange", f"{VALUE} - {COST}", f";HAVING {VALUE} - {COST} < 0"),
    "exchanges that are profitable": by(
        "exchange", f"{VALUE} - {COST}", f";HAVING {VALUE} - {COST} > 0"),
    "share of our spend that went to fees per exchange": by("exchange", f"{FEES} / ({COST})"),
    "spend with fees, click value and ROAS on that spend, for each exchange": by(
        "exchange", f"{COST}, {VALUE}, {VALUE} / ({COST})"),
    "RPM by exchange": by("exchange", f"1000 * {VALUE} / {IMPS}"),
    "conversions per thousand impressions by campaign": by(
        "campaign_id", f"1000 * {CONVS} / {IMPS}"),
    # a limit against all, and "better"
    "exchanges with an above-average CTR": by(
        "exchange", CTR, ABOVE_ALL),
    "countries with a CPA better than our overall CPA": by(
        "country", CPA, f";HAVING {CPA} < (SELECT {CPA} FROM auctions)"),
    "how many countries have a CTR above the overall CTR": (
        f"SELECT count(*) FROM ({by('country', CTR, ABOVE_ALL)})"),
    "campaigns with CPA over 1 and more than 100 conversions": by(
        "campaign_id", f"{CPA}, {CONVS}", f";HAVING {CPA} > 1 AND {CONVS} > 100"),
    "units w/ 15k+ wins - unit, wins, ecpm": by(
        "unit_id", f"{IMPS}, {ECPM}", f";HAVING {IMPS} >= 15000"),
    "countries with 5000 impressions or more": by(
        "country", IMPS, f";HAVING {IMPS} >= 5000"),
    # columns, and both sides of a filter
    "per campaign: spend in March 2-8, and the same for March 9-11 in a second column": by(
        "campaign_id", ", ".join(
            f"sum(clearing_price_cpm) FILTER (WHERE won AND {DAY} {sign} DATE '2026-03-09') / 1000"
            for sign in ("<", ">="))),
    "avg daily clicks on weekdays (Mon-Fri) and on the weekend, two columns": (
        "SELECT avg(m) FILTER (WHERE w < 5), avg(m) FILTER (WHERE w >= 5) FROM "
        f"(SELECT {DAY} AS d, weekday AS w, {CLICKS} AS m FROM auctions GROUP BY 1, 2)"),
    "win rate with and without a floor": by("bid_floor_cpm > 0", WIN_RATE),
    "Do we win more or less often on exploration traffic than on the rest?": by(
        "is_exploration", WIN_RATE),
    "Does exploration traffic click differently? CTR by exploration yes/no.": by(
        "is_exploration", CTR),
    "How many impressions did hotel win on Saturdays and Sundays?": of(
        IMPS, "campaign_id = 'hotel' AND weekday >= 5"),
    "clicks from Monday to Wednesday": of(CLICKS, "weekday <= 2"),
    # shares within a group
    "what share of each campaign's impressions went to each device": (
        f"SELECT campaign_id, device, {IMPS} / sum({IMPS}) OVER (PARTITION BY campaign_id) "
        "FROM auctions GROUP BY 1, 2 ORDER BY 1, 2"),
    "device mix of clicks per exchange": (
        f"SELECT exchange, device, {CLICKS} / sum({CLICKS}) OVER (PARTITION BY exchange) "
        "FROM auctions GROUP BY 1, 2 ORDER BY 1, 2"),
    "share of total clicks by exchange": by("exchange", SHARE_OF_CLICKS),
    "device share of clicks in the US": by(
        "device", SHARE_OF_CLICKS, "WHERE country = 'US'"),
    # averages over days and groups
    "spend per day on average": daily("avg", MEDIA),
    "median daily clicks": daily("median", CLICKS),
    "highest daily spend": daily("max", MEDIA),
    "average number of conversions per ad unit": (
        f"SELECT avg(m) FROM ({by('unit_id', f'{CONVS} AS m')})"),
    # days and hours
    "Conversions by the date on which they happened (conversion time, not auction time)": (
        "SELECT CAST(conversion_time AT TIME ZONE 'UTC' AS DATE), count(*) FROM auctions "
        "WHERE conversion GROUP BY 1 ORDER BY 1"),
    "best 4 days for conversions, counted on the day of the auction": by(
        DAY, CONVS, ";ORDER BY 2 DESC LIMIT 4"),
    "day over day change in aurora eCPM (today minus yesterday), skip the first day": (
        "SELECT d, c FROM (SELECT d, m - lag(m) OVER (ORDER BY d) AS c FROM "
        f"({by(f'{DAY} AS d', f'{ECPM} AS m', ON_AURORA)})) WHERE c IS NOT NULL ORDER BY d"),
    "change in win rate from day to day": (
        "SELECT d, m - lag(m) OVER (ORDER BY d) FROM "
        f"({by(f'{DAY} AS d', f'{WIN_RATE} AS m')}) ORDER BY d"),
    "cumulative clicks by day for each campaign": (
        "SELECT c, d, sum(m) OVER (PARTITION BY c ORDER BY d) FROM (SELECT campaign_id AS c, "
        f"{DAY} AS d, {CLICKS} AS m FROM auctions GROUP BY 1, 2) ORDER BY 1, 2"),
    "trend of cassini: auctions, win rate": by(
        DAY, f"count(*), {WIN_RATE}", "WHERE exchange = 'cassini'"),
    "auction volume by hour of day (UTC), from 0 to 23": by("hour", "count(*)"),
    "win rate overnight (0 to 6 UTC)": of(WIN_RATE, "hour < 6"),
    "clicks from 10 pm to 6 am": of(CLICKS, "hour >= 22 OR hour < 6"),
    "how many clicks did we get on March 5, 6 and 8 together": of(
        CLICKS, f"{DAY} IN (DATE '2026-03-05', DATE '2026-03-06', DATE '2026-03-08')"),
    # columns of numbers
    "10th, 50th and 90th percentile of bids by exchange": by(
        "exchange", "quantile_cont(bid_price_cpm, 0.1), median(bid_price_cpm), "
        "quantile_cont(bid_price_cpm, 0.9)"),
    "median and 90th percentile (interpolated) of the clearing price per exchange": by(
        "exchange", "median(clearing_price_cpm), quantile_cont(clearing_price_cpm, 0.9)"),
    "CTR for users who visited the advertiser less than 24 hours ago": of(
        CTR, "recency_hours < 24"),
    "average delay from auction to conversion in hours, per campaign": by(
        "campaign_id", f"avg({DELAY})", "WHERE conversion"),
    "how much do we overpay on aurora? mean gap between clearing price and min bid to win": of(
        "avg(clearing_price_cpm - min_bid_to_win_cpm)", "won AND exchange = 'aurora'"),
    "average bid minus min bid to win on wins": of(
        "avg(bid_price_cpm - min_bid_to_win_cpm)", "won"),
    "mean floor on dione, only where a floor is set": of(
        "avg(bid_floor_cpm)", "exchange = 'dione' AND bid_floor_cpm > 0"),
    "avg floor by ad unit, auctions without a floor counting as 0": by(
        "unit_id", "avg(bid_floor_cpm)"),
    "avg price paid per country": by("country", "avg(clearing_price_cpm)"),
    "bids from 5 to 10 CPM: win rate": of(WIN_RATE, "bid_price_cpm BETWEEN 5 AND 10"),
    # asides that define
    "profit by country (click value earned minus media spend, USD), worst first": by(
        "country", f"{VALUE} - {MEDIA}", ";ORDER BY 2"),
    "ROAS per campaign, counting the value of the clicks we got as return": by(
        "campaign_id", f"{VALUE} / ({MEDIA})"),
    "revenue from clicks (their value in USD) broken down by segment": by("user_segment", VALUE),
    "eCPM (spend / impressions * 1000) per device": by("device", ECPM),
    # none, each, and what follows "of the"
    "which ad units have zero conversions in hour 3 on March 3": (
        f"SELECT unit_id, {CONVS} FROM auctions WHERE hour = 3 AND day(timestamp) = 3 "
        f"GROUP BY 1 HAVING {CONVS} = 0 ORDER BY 1"),
    "hotel and broker, CTR each": by(
        "campaign_id", CTR, "WHERE campaign_id IN ('hotel', 'broker')"),
    "of the auctions we lost on dione, what share was under the floor?": of(
        "avg((bid_price_cpm < bid_floor_cpm)::INT)", "NOT won AND exchange = 'dione'"),
    "wins where the clearing price was at the floor, by exchange": by(
        "exchange", IMPS, "WHERE clearing_price_cpm = bid_floor_cpm"),
    "conversion delay: median and p90 by campaign": by(
        "campaign_id", f"median({DELAY}), quantile_cont({DELAY}, 0.9)", "WHERE conversion"),
    "share of wins by exchange, hotel only": by(
        "exchange", f"{IMPS} / sum({IMPS}) OVER ()", "WHERE campaign_id = 'hotel'"),
    "Daily number of auctions, with a running total": (
        f"SELECT d, m, sum(m) OVER (ORDER BY d) FROM ({by(f'{DAY} AS d', 'count(*) AS m')})"),
    "How much was spent on exploration traffic?": of(MEDIA, "is_exploration"),
    "highest and lowest bid by exchange": by(
        "exchange", "max(bid_price_cpm), min(bid_price_cpm)"),
    "IVT share by exchange, worst first": by(
        "exchange", f"count(*) FILTER (WHERE won AND is_invalid_traffic) / {IMPS}",
        ";ORDER BY 2 DESC"),
    "profit by campaign (value of clicks minus clearing price, no fees)": by(
        "campaign_id", f"{VALUE} - {MEDIA}"),
    "clicks by exchange and hour, sorted by clicks desc, top 10": (
        f"SELECT exchange, hour, {CLICKS} FROM auctions GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 "
        "LIMIT 10"),
    "clicks on days 1-3": of(CLICKS, f"{DAY} <= DATE '2026-03-04'"),
    "spend between March 3 and March 5 inclusive": of(
        MEDIA, f"{DAY} BETWEEN DATE '2026-03-03' AND DATE '2026-03-05'"),
    # politeness, and lists of columns
    "hi team, could you show me exchange, country, CPA for broker please": (
        f"SELECT exchange, country, {CPA} FROM auctions WHERE campaign_id = 'broker' "
        "GROUP BY 1, 2 ORDER BY 1, 2"),
    "spend by exchange and how many wins": by("exchange", f"{MEDIA}, {IMPS}"),
    "clicks and value by campaign": by("campaign_id", f"{CLICKS}, {VALUE}"),
    "whats our overal clik-through rate": of(CTR),
    # supply and pairs
    "For each demand line, its budget and the number of supply rows it is eligible for": (
        "SELECT demand_id, budget, count(supply_id) FROM demand LEFT JOIN pairs USING (demand_id) "
        "GROUP BY 1, 2 ORDER BY 1"),
    "number of eligible pairs and budget per line": (
        "SELECT demand_id, count(supply_id), max(budget) FROM demand LEFT JOIN pairs "
        "USING (demand_id) GROUP BY 1 ORDER BY 1"),
    "budget divided by average cost per line": (
        "SELECT demand_id, max(budget) / avg(cost) FROM demand LEFT JOIN pairs "
        "USING (demand_id) GROUP BY 1 ORDER BY 1"),
    "budget share of each line": (
        "SELECT demand_id, budget / sum(budget) OVER () FROM demand ORDER BY 1"),
    "which share of capacity is on dione": (
        "SELECT sum(capacity) FILTER (WHERE exchange = 'dione') / sum(capacity) FROM supply"),
    "average margin (value less cost, USD an impression) of the pairs by exchange, a plain mean "
    "over pairs": (
        "SELECT exchange, avg(value - cost) FROM pairs JOIN supply USING (supply_id) "
        "GROUP BY 1 ORDER BY 1"),
    "share of pairs with negative margin": "SELECT avg((value < cost)::INT) FROM pairs",
    "eligible capacity per line": (
        "SELECT demand_id, sum(capacity) FROM pairs JOIN supply USING (supply_id) "
        "GROUP BY 1 ORDER BY 1"),
}  # fmt: skip

DECLINED: dict[str, str] = {
    "difference between spend and spend on mobile": "less itself",
    "spend minus spend on mobile": "less itself",
    "ratio of spend to spend on mobile": "over itself",
    # what is not there, causes, forecasts, advice
    "clicks by advertiser": "advertiser",
    "why did CTR drop on March 8": "why",
    "predict next week's spend": "predict",
    "is the difference in CTR significant": "significant",
    "what is the optimal floor for dione": "optimal",
    "spend by line": "line",
    "capacity by campaign": "capacity",
    "clicks by state": "state",
    "average frequency per campaign": "frequency",
    # a rank without a measure, or with one that it does not fit
    "which exchange is cheapest": "",
    "cheapest exchange by clicks": "price",
    "which campaign has the highest daily spend": "average or its maximum",
    "the second campaign's spend": "second",
    # what could be told in two ways
    "cumulative CTR by day": "running total",
    "sum of bids by exchange": "number, or added up",
    "spend with fees and ROAS": "with fees or before",
    "CTR in basis points": "in percent",
    "evening CTR": "which hours",
    "mean difference between our bid and min bid to win, aurora, wins": "which rows",
    "win rate with or without a floor": "told apart",
    "share of clicks by device and exchange": "within each",
    "CTR of mobile vs the rest": "as one group",
    "surplus (clicks minus spend)": "not how I define",
    "spend, counting clicks as conversions": "not how I define",
    "auctions by exchange, wins without a floor counting as 5": "",
    "clicks in the first week vs the last 3 days": "spans",
    "day over day change in spend by week": "by day, hour or week",
    "spend without the first day": "of a change",
    "how much did spend change": "from what to what",
    "spend above average by exchange": "only a rate",
    "average impressions by conversion date": "",
    "impressions, and of those how many were clicked": "thereof",
    "CPA hotel vs overall": "one at a time",
    "win rate per exchange and overall": "one at a time",
    "spend by campaign with totals": "one at a time",
    "CTR for mobile or US": "of another kind",
    "countries with CTR above 3% or CVR above 5%": "all hold",
    "CTR of the top 3 units": "by which measure",
    "total spend of campaigns with CTR above 3%": "of each",
    "How many impressions did we lose on dione?": "there are none",
    "sum of fees and spend": "sum of two",
    "how much budget do the lines have in total": "",
    "total budget of lines with more than 400 eligible pairs": "",
    "first day each campaign had over 100 conversions": "of each, or of all",
    "sum of value over pairs per line": "Say and",
    "number of supply rows per ad unit with capacity over 100": "of each row",
}
