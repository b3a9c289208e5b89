"""Leaks between train and tune: looked for before any training that will be compared."""

from kit.validate.leakage.battery import check_frames, check_leakage
from kit.validate.leakage.report import Finding, LeakageReport

__all__ = ["Finding", "LeakageReport", "check_frames", "check_leakage"]
