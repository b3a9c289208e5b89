"""Ways to ask, each with SQL that was written by hand; and questions that must be declined."""

from __future__ import annotations

IMPS = "count(*) FILTER (WHERE won)"
CLICKS = "count(*) FILTER (WHERE click)"
CONVS = "count(*) FILTER (WHERE conversion)"
CTR = f"{CLICKS} / {IMPS}"
WIN_RATE = f"{IMPS} / count(*)"
MEDIA = "sum(clearing_price_cpm) FILTER (WHERE won) / 1000"
FEES = "sum(fee_cpm) FILTER (WHERE won) / 1000"
COST = "sum(clearing_price_cpm + fee_cpm) FILTER (WHERE won) / 1000"
VALUE = "sum(click_value_cpm) FILTER (WHERE click) / 1000"
DAY = "CAST(timestamp AT TIME ZONE 'UTC' AS DATE)"


def by(group: str, measures: str, rest: str = "") -> str:
    where, _, tail = rest.partition(";")
    order = "" if "ORDER BY" in tail else "ORDER BY 1"
    return f"SELECT {group}, {measures} FROM auctions {where} GROUP BY 1 {tail} {order}"


def of(measures: str, where: str = "true") -> str:
    return f"SELECT {measures} FROM auctions WHERE {where}"


ANSWERED: dict[str, str] = {
    # which spend counts, said after a comma; a unit in brackets
    "ROAS of broker in Germany, spend without fees": of(
        f"{VALUE} / ({MEDIA})", "campaign_id = 'broker' AND country = 'DE'"),
    "CPC by device (spend before fees)": by("device", f"{MEDIA} / {CLICKS}"),
    "average bid (CPM) by exchange": by("exchange", "avg(bid_price_cpm)"),
    "Average bid, CPM?": of("avg(bid_price_cpm)"),
    "spend, fees and total cost by exchange": by("exchange", f"{MEDIA}, {FEES}, {COST}"),
    "impressions, spend before fees": of(f"{IMPS}, {MEDIA}"),
    # counts, rates and money, with and before fees
    "How many bid requests did we see on dione?": of("count(*)", "exchange = 'dione'"),
    "what's our overall CTR": of(CTR),
    "spend by exchange": by("exchange", MEDIA),
    "media cost by exchange": by("exchange", MEDIA),
    "total spend including fees per campaign": by("campaign_id", COST),
    "surplus before fees by exchange": by("exchange", f"{VALUE} - {MEDIA}"),
    "profit by country": by("country", f"{VALUE} - {COST}"),
    "CPM by exchange": by("exchange", f"1000 * {MEDIA} / {IMPS}"),
    "eCPM with and without fees by exchange": by(
        "exchange", f"1000 * {COST} / {IMPS}, 1000 * {MEDIA} / {IMPS}"),
    "cost per click on tablets excluding fees": of(f"{MEDIA} / {CLICKS}", "device = 'tablet'"),
    "Spend per conversion by device": by("device", f"{MEDIA} / {CONVS}"),
    "ROAS by campaign, fees included": by("campaign_id", f"{VALUE} / ({COST})"),
    "spend net of fees": of(MEDIA),
    "how much did we spend on fees": of(FEES),
    "what did we pay in fees on aurora": of(FEES, "exchange = 'aurora'"),
    "fee share of total cost": of(f"{FEES} / ({COST})"),
    "spend before fees and fees by campaign": by("campaign_id", f"{MEDIA}, {FEES}"),
    "bid shading ratio by exchange": by(
        "exchange", f"{MEDIA} * 1000 / sum(bid_price_cpm) FILTER (WHERE won)"),
    "clicks per conversion": of(f"{CLICKS} / {CONVS}"),
    "value per click by campaign": by("campaign_id", f"{VALUE} / {CLICKS}"),
    "revenue minus spend by campaign": by("campaign_id", f"{VALUE} - {MEDIA}"),
    "clicks as a percentage of bids": of(f"100 * {CLICKS} / count(*)"),
    "losses on aurora on 2026-03-04": of(
        "count(*)", f"NOT won AND exchange = 'aurora' AND {DAY} = DATE '2026-03-04'"),
    # columns
    "average bid by exchange": by("exchange", "avg(bid_price_cpm)"),
    "min, max and average bid per exchange": by(
        "exchange", "min(bid_price_cpm), max(bid_price_cpm), avg(bid_price_cpm)"),
    "average and median bid": of("avg(bid_price_cpm), median(bid_price_cpm)"),
    "median clearing price on cassini": of(
        "median(clearing_price_cpm)", "exchange = 'cassini'"),
    "95th percentile of the bid price by exchange": by(
        "exchange", "quantile_cont(bid_price_cpm, 0.95)"),
    "p90 clearing price by exchange": by("exchange", "quantile_cont(clearing_price_cpm, 0.9)"),
    "max clearing price per exchange": by("exchange", "max(clearing_price_cpm)"),
    "average bid and floor by exchange": by(
        "exchange", "avg(bid_price_cpm), avg(bid_floor_cpm)"),
    "average gap between bid and clearing price": of(
        "avg(bid_price_cpm - clearing_price_cpm)", "won"),
    "average bid of won auctions on first price exchanges": of(
        "avg(bid_price_cpm)", "won AND auction_type = 1"),
    "average recency of clicked impressions": of("avg(recency_hours)", "click"),
    "average quality score of invalid vs valid impressions": by(
        "is_invalid_traffic", "avg(page_quality)", "WHERE won"),
    # filters
    "how many auctions had a bid above 10 CPM": of("count(*)", "bid_price_cpm > 10"),
    "auctions with bids between 5 and 10 CPM": of(
        "count(*)", "bid_price_cpm BETWEEN 5 AND 10"),
    "auctions with bids of at least $5": of("count(*)", "bid_price_cpm >= 5"),
    "number of auctions with a floor above 1 CPM": of("count(*)", "bid_floor_cpm > 1"),
    "how many auctions had no floor": of("count(*)", "bid_floor_cpm = 0"),
    "auctions where our bid was below the floor, by exchange": by(
        "exchange", "count(*)", "WHERE bid_price_cpm < bid_floor_cpm"),
    "how many won impressions had a clearing price equal to the floor?": of(
        "count(*)", "won AND clearing_price_cpm = bid_floor_cpm"),
    "impressions with quality of 0.5 or more": of("count(*)", "won AND page_quality >= 0.5"),
    "CTR where recency is under 24 hours": of(CTR, "recency_hours < 24"),
    "CTR excluding invalid traffic by format": by(
        "ad_format", CTR, "WHERE NOT is_invalid_traffic"),
    "non-exploration win rate": of(WIN_RATE, "NOT is_exploration"),
    "win rate outside the US": of(WIN_RATE, "country <> 'US'"),
    "win rate by exchange except dione": by("exchange", WIN_RATE, "WHERE exchange <> 'dione'"),
    "clicks in Germany or Japan": of(CLICKS, "country IN ('DE', 'JP')"),
    "CTR in the US, the UK and Japan combined": of(CTR, "country IN ('US', 'GB', 'JP')"),
    "total conversions in Japan and Brazil": of(CONVS, "country IN ('JP', 'BR')"),
    "impressions in IN": of(IMPS, "country = 'IN'"),
    "CTR of unit 3": of(CTR, "unit_id = 'unit03'"),
    "unknown segment win rate": of(WIN_RATE, "user_segment = 'unknown'"),
    "clicks from cart abandoners": of(CLICKS, "user_segment = 'cart'"),
    # days, hours, weekdays
    "impressions by weekday": by("weekday", IMPS),
    "weekend vs weekday CTR": by("weekday >= 5", CTR),
    "win rate on Mondays": of(WIN_RATE, "weekday = 0"),
    "clicks in the last three days of the log": of(CLICKS, f"{DAY} >= DATE '2026-03-09'"),
    "impressions in the second week": of(IMPS, f"{DAY} >= DATE '2026-03-09'"),
    "conversions by campaign between March 4 and 8": by(
        "campaign_id", CONVS, f"WHERE {DAY} BETWEEN DATE '2026-03-04' AND DATE '2026-03-08'"),
    "impressions on the 4th of March": of(IMPS, f"{DAY} = DATE '2026-03-04'"),
    "CTR before March 6": of(CTR, f"{DAY} < DATE '2026-03-06'"),
    "clicks except on March 5": of(CLICKS, f"{DAY} <> DATE '2026-03-05'"),
    "how many clicks did we get on March 7 and March 8 together": of(
        CLICKS, f"{DAY} BETWEEN DATE '2026-03-07' AND DATE '2026-03-08'"),
    "CTR on March 3 vs March 9": by(
        DAY, CTR, f"WHERE {DAY} IN (DATE '2026-03-03', DATE '2026-03-09')"),
    "clicks between 9am and 5pm": of(CLICKS, "hour BETWEEN 9 AND 16"),
    "clicks from 18:00 to 22:00 on March 4": of(
        CLICKS, f"hour BETWEEN 18 AND 21 AND {DAY} = DATE '2026-03-04'"),
    "win rate before noon": of(WIN_RATE, "hour < 12"),
    "how did CTR develop over time": by(DAY, CTR),
    "average daily spend before fees": f"SELECT avg(m) FROM ({by(DAY, f'{MEDIA} AS m')})",
    "running total of spend by day, with fees": (
        f"SELECT d, sum(m) OVER (ORDER BY d) FROM ({by(f'{DAY} AS d', f'{COST} AS m')})"),
    "daily impressions and their change from the day before": (
        "SELECT d, m, m - lag(m) OVER (ORDER BY d) FROM "
        f"({by(f'{DAY} AS d', f'{IMPS} AS m')})"),
    # rankings, limits on groups, counts of groups
    "which exchange has the highest win rate?": by(
        "exchange", WIN_RATE, ";ORDER BY 2 DESC LIMIT 1"),
    "bottom 2 ad units by CTR": by("unit_id", CTR, ";ORDER BY 2 LIMIT 2"),
    "worst CPA by site category, before fees": by(
        "site_category", f"{MEDIA} / {CONVS}", ";ORDER BY 2 DESC"),
    "In which hour do we pay the highest eCPM, fees excluded?": by(
        "hour", f"1000 * {MEDIA} / {IMPS}", ";ORDER BY 2 DESC LIMIT 1"),
    "Which campaign spends the most before fees?": by(
        "campaign_id", MEDIA, ";ORDER BY 2 DESC LIMIT 1"),
    "exchange and format with the highest CTR": (
        f"SELECT exchange, ad_format, {CTR} FROM auctions GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1"),
    "best 3 ad units by CPA before fees": by(
        "unit_id", f"{MEDIA} / {CONVS}", ";ORDER BY 2 LIMIT 3"),
    "for each exchange, the ad unit with the most clicks": (
        f"SELECT exchange, unit_id, {CLICKS} AS m FROM auctions GROUP BY 1, 2 QUALIFY "
        f"row_number() OVER (PARTITION BY exchange ORDER BY {CLICKS} DESC) = 1 ORDER BY 1"),
    "best ad unit in each exchange by CTR": (
        f"SELECT exchange, unit_id, {CTR} AS m FROM auctions GROUP BY 1, 2 QUALIFY "
        f"row_number() OVER (PARTITION BY exchange ORDER BY {CTR} DESC) = 1 ORDER BY 1"),
    "show all campaigns with their spend before fees": by("campaign_id", MEDIA),
    "impressions where device is mobile and country = US": of(
        IMPS, "device = 'mobile' AND country = 'US'"),
    "rank exchanges by win rate": by("exchange", WIN_RATE, ";ORDER BY 2 DESC"),
    "campaigns with more than 100 conversions": by(
        "campaign_id", CONVS, f";HAVING {CONVS} > 100"),
    "which countries have a CTR above 3%": by("country", CTR, f";HAVING {CTR} > 0.03"),
    "campaigns whose ROAS with fees exceeds 1.2": by(
        "campaign_id", f"{VALUE} / ({COST})", f";HAVING {VALUE} / ({COST}) > 1.2"),
    "CTR by segment for segments with over 500 clicks": by(
        "user_segment", CTR, f";HAVING {CLICKS} > 500"),
    "how many ad units have more than 15,000 impressions": (
        f"SELECT count(*) FROM ({by('unit_id', IMPS, f';HAVING {IMPS} > 15000')})"),
    "how many distinct ad units sell video": of("count(DISTINCT unit_id)", "ad_format = 'video'"),
    # shares and comparisons
    "what share of impressions is mobile?": of("avg((device = 'mobile')::INT)", "won"),
    "mobile share of impressions by country": by(
        "country", "avg((device = 'mobile')::INT)", "WHERE won"),
    "What share of each exchange's spend (before fees) goes to video?": by(
        "exchange", f"sum(clearing_price_cpm) FILTER (WHERE won AND ad_format = 'video') / 1000"
        f" / ({MEDIA})"),
    "which exchange has the largest share of spend before fees": by(
        "exchange", f"{MEDIA} / sum({MEDIA}) OVER ()", ";ORDER BY 2 DESC LIMIT 1"),
    "top 3 countries by share of clicks": by(
        "country", f"{CLICKS} / sum({CLICKS}) OVER ()", ";ORDER BY 2 DESC LIMIT 3"),
    "what percent of our bids exceeded 10 CPM": of("100 * avg((bid_price_cpm > 10)::INT)"),
    "share of bids above 5 CPM by exchange": by("exchange", "avg((bid_price_cpm > 5)::INT)"),
    "share of auctions lost by exchange": by("exchange", "avg((NOT won)::INT)"),
    "what share of the clicks came from mobile on aurora": of(
        "avg((device = 'mobile')::INT)", "click AND exchange = 'aurora'"),
    "impressions in Germany as a share of all impressions": of(
        "avg((country = 'DE')::INT)", "won"),
    "what fraction of clicks comes from each device": by(
        "device", f"{CLICKS} / sum({CLICKS}) OVER ()"),
    "what fraction of surplus comes from each campaign": by(
        "campaign_id", f"({VALUE} - {COST}) / sum({VALUE} - {COST}) OVER ()"),
    "how often do we bid below the floor": of("avg((bid_price_cpm < bid_floor_cpm)::INT)"),
    "win rate on aurora vs borealis": by(
        "exchange", WIN_RATE, "WHERE exchange IN ('aurora', 'borealis')"),
    "conversions in the US minus conversions in Japan": of(
        "count(*) FILTER (WHERE conversion AND country = 'US')"
        " - count(*) FILTER (WHERE conversion AND country = 'JP')"),
    "average bid of wins and losses": by("won", "avg(bid_price_cpm)"),
    "how does CTR differ between banner and video": by(
        "ad_format", CTR, "WHERE ad_format IN ('banner', 'video')"),
    "ratio of CTR on mobile to CTR on desktop": (
        f"SELECT ({of(CTR, chr(100) + 'evice = ' + repr('mobile'))}) / "
        f"({of(CTR, chr(100) + 'evice = ' + repr('desktop'))})"),
    # supply, lines and pairs
    "viewability by exchange": (
        "SELECT exchange, sum(viewability * capacity) / sum(capacity) FROM supply "
        "GROUP BY 1 ORDER BY 1"),
    "average viewability of supply": "SELECT avg(viewability) FROM supply",
    "capacity at 3 pm": "SELECT sum(capacity) FROM supply WHERE hour = 15",
    "how many supply rows have viewability below 0.5": (
        "SELECT count(*) FROM supply WHERE viewability < 0.5"),
    "lines with a budget over 100": (
        "SELECT demand_id, budget FROM demand WHERE budget > 100 ORDER BY 1"),
    "how many lines have a budget above 150": "SELECT count(*) FROM demand WHERE budget > 150",
    "which line has the biggest budget": (
        "SELECT demand_id, budget FROM demand ORDER BY 2 DESC LIMIT 1"),
    "capacity available to line A": (
        "SELECT sum(capacity) FROM pairs JOIN supply USING (supply_id) "
        "WHERE demand_id = 'line A'"),
    "number of eligible pairs per exchange": (
        "SELECT exchange, count(*) FROM pairs JOIN supply USING (supply_id) GROUP BY 1 "
        "ORDER BY 1"),
    "how many lines are eligible for unit03": (
        "SELECT count(DISTINCT demand_id) FROM pairs JOIN supply USING (supply_id) "
        "WHERE unit_id = 'unit03'"),
    "pairs where value exceeds cost": "SELECT count(*) FROM pairs WHERE value > cost",
    "average margin per pair for line B": (
        "SELECT avg(value - cost) FROM pairs WHERE demand_id = 'line B'"),
}  # fmt: skip

DECLINED: dict[str, str] = {
    "fee share of spend": "",
    "CPC, spend before fees by device": "which spend counts",
    # a word that means nothing here is named
    "CTR by creative size": "creative",
    "clicks in france": "france",
    "CTR yesterday": "yesterday",
    "what will spend be tomorrow": "tomorrow",
    "reach and frequency by campaign": "frequency",
    "bid requests by browser": "browser",
    "win rate at night": "night",
    "pacing by campaign": "pacing",
    # two readings, or a part that fits nowhere, is said
    "CTR for hotel and sneaker": "together",
    "clicks and users by country": "users",
    "market price by exchange": "average",
    "top country and device by clicks": "together, or in each",
    "clicks before 9 am vs after 9 pm": "instead",
    "share of mobile impressions by exchange": "share of what",
    "average bid of impressions and clicks": "rows",
    "average ratio of clearing price to bid on wins": "average ratio",
    "clicks divided by": "divided",
    "CTR on mobile, win rate on desktop": "instead",
    "impressions and reach by campaign": "reach",
    "clicks and views by exchange": "views",
    "how often is an auction eligible": "eligible",
    "bids above 5 USD by exchange with CTR above 200": "share",
    "clicks in first week vs second week": "spans",
    "How many conversions came from clicks on video?": "clicks",
    "average impressions per hour": "hour",
    "spend, media cost and fees by exchange": "the same",
    "average budget per line": "average",
    "impressions on March 20": "2026-03-11",
    "how often was the floor binding": "auctions",
    "CTR by exchange before fees": "fees",
    "spend above 100": "groups",
    "CTR of the exchange with the highest spend": "beside",
    "clicks by exchange sorted by clicks": "highest first",
    "surplus: click value minus clicks": "not how I define",
    "which exchanges have the most clicks": "how many",
    "budget of supply on aurora": "",
    "list all campaigns": "measure",
    "": "measure",
}
