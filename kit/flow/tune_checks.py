"""Drift and stress of a claim on the tune split: the tables behind the two gates."""

from __future__ import annotations

import numpy as np

from kit.data.sealed import SealedSplit
from kit.validate.claim import Claim
from kit.validate.drift import DriftReport, drift_report
from kit.validate.gates import STRESSED_ROWS, stressed
from kit.validate.stress import StressReport


def drift_on_tune(sealed: SealedSplit, claim: Claim) -> DriftReport:
    """Return what has moved from train to tune, of what the candidate's model reads."""
    rng = np.random.default_rng(claim.seed)
    return drift_report(sealed.train, sealed.tune, claim.candidate.features, rng)


def stress_on_tune(sealed: SealedSplit, claim: Claim) -> StressReport:
    """Return what each scenario leaves of the gain, on the rows and draws that the gate takes."""
    return stressed(sealed.tune.rows(slice(-STRESSED_ROWS, None)), claim)
