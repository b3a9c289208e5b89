"""Bid policies: request-time columns in, bid prices out."""
