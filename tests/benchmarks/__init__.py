"""Speed, each figure beside its rival in the same run: ``python -m tests.benchmarks``."""
