"""The errors a user can meet. Each message names the value, the limit and the mend."""

from __future__ import annotations


class KitError(Exception):
    """Root of every error this package raises on purpose."""


class DataError(KitError, ValueError):
    """An input breaks the schema, a unit, or a limit."""


class LeakageError(KitError):
    """An action would let held-out or later rows reach a fit or a choice."""


class PolicyError(KitError, ValueError):
    """A bid policy's name, parameter or output is not allowed."""


class ModelError(KitError, ValueError):
    """A model cannot be fitted, loaded, or applied to this frame."""


class RunError(KitError):
    """A recorded run cannot be found, read, or run again."""


class InfeasibleError(KitError):
    """Limits contradict each other; the message names them and how much each must give."""


class SolverError(KitError):
    """A solver failed, ran out of time empty-handed, or the optimum is not finite."""


class HoldoutSpentError(KitError):
    """A holdout's error budget is used up: no look at it can be honest any more."""


class HoldoutSmallError(DataError):
    """A holdout is too small for any verdict; no look was charged."""


class LedgerError(KitError):
    """The ledger of looks cannot be opened, written, or does not verify."""


class ScoringError(KitError):
    """The scoring process failed or died; what was charged is not charged again."""
