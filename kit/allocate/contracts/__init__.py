"""Guaranteed contracts beside an exchange: joint assignment and reserve, offline and online."""
