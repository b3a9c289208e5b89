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


class UnsafeSQLError(KitError, ValueError):
    """The guard refuses a query: `reason` says why, `at` where (``line:column``) if it knows."""

    def __init__(self, reason: str, at: str | None = None) -> None:
        super().__init__(f"sql: {reason}" + (f" (at {at})" if at else ""))
        self.reason = reason
        self.at = at


class QueryError(KitError):
    """A query that the guard passed could not be answered; `kind` is one of `QUERY_FAILURES`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"sql: {message}")
        self.kind = kind


QUERY_FAILURES = ("syntax", "name", "type", "value", "timeout", "memory", "busy", "other")
"""Why a query can fail: what it says, what its data hold, or a limit of the engine."""


class PromptError(KitError, ValueError):
    """A prompt file is broken, or its variables are not the ones it declares."""


class EndpointError(KitError):
    """A language model's endpoint failed; `kind` is one of `ENDPOINT_FAILURES`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"model: {message}")
        self.kind = kind


ENDPOINT_FAILURES = (
    "none", "key", "down", "busy", "refused", "too_long", "cut_off", "invalid", "deadline", "other",
)  # fmt: skip
"""Why a model gives no usable reply; ``none`` is that no endpoint is named at all."""


class AIBudgetError(KitError):
    """The next call to a model could pass a limit in money, tokens, calls or seconds."""


class JournalError(KitError):
    """The journal of calls cannot be opened or written, or a reply to replay is not in it."""
