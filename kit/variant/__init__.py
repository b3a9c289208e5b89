"""Model variants as data: a spec, what it builds, and the frozen candidate that is judged."""
