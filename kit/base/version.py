"""The version, in the lowest layer, so that every other one may ask for it."""

__version__ = "0.1.0"
