"""Proposers: what to try next, as typed changes of a variant; code builds, ranks and judges."""
