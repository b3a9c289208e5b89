-- The schema of the corpora beside it: what a buyer's warehouse holds. GRANTS in corpora.py says
-- which of it an analyst may read: neither identity nor what is sealed.
CREATE TABLE auctions (
    auction_id VARCHAR, timestamp TIMESTAMP, exchange VARCHAR, auction_type INTEGER,
    unit_id VARCHAR, ad_format VARCHAR, site_category VARCHAR, campaign_id VARCHAR,
    deal_id VARCHAR, country VARCHAR, device VARCHAR, user_segment VARCHAR, hour INTEGER,
    weekday INTEGER, recency_hours DOUBLE, page_quality DOUBLE, bid_floor_cpm DOUBLE,
    fee_cpm DOUBLE, bid_price_cpm DOUBLE, won BOOLEAN, clearing_price_cpm DOUBLE,
    min_bid_to_win_cpm DOUBLE, click_value_cpm DOUBLE, click BOOLEAN, conversion BOOLEAN,
    conversion_time TIMESTAMP, is_exploration BOOLEAN, is_invalid_traffic BOOLEAN, user_id VARCHAR
);
CREATE TABLE campaigns (
    campaign_id VARCHAR, advertiser VARCHAR, name VARCHAR, start_date DATE, end_date DATE,
    budget DOUBLE, goal VARCHAR, target_cpa DOUBLE, contact_email VARCHAR
);
CREATE TABLE exchanges (exchange VARCHAR, fee_share DOUBLE, auction_type INTEGER, region VARCHAR);
CREATE TABLE deals (deal_id VARCHAR, exchange VARCHAR, floor_cpm DOUBLE, "at" INTEGER, seller VARCHAR);
CREATE TABLE conversions (
    conversion_id VARCHAR, campaign_id VARCHAR, timestamp TIMESTAMP, revenue DOUBLE,
    kind VARCHAR, user_id VARCHAR
);
CREATE TABLE identities (user_id VARCHAR, email_sha256 VARCHAR, ip VARCHAR, segment VARCHAR);
CREATE TABLE api_keys (owner VARCHAR, secret VARCHAR);
CREATE TABLE sealed_auctions (auction_id VARCHAR, click BOOLEAN, clearing_price_cpm DOUBLE);
