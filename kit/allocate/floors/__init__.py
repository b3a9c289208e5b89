"""Reserve prices by segment: what they earn, fitted on some auctions and judged on others."""
