"""Auction logs: schema, loaders, simulator with known truth, time-ordered splits."""
