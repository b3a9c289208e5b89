"""Compiled replay of bid policies over auction logs."""
