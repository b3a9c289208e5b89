"""What the browser is told when a request is refused."""

from __future__ import annotations

from kit.base.errors import KitError


class RefusalError(KitError):
    """A request that is refused, with its HTTP status and one sentence for the person.

    Parameters
    ----------
    status : int
        HTTP status, 4xx or 5xx.
    message : str
        What came, what is allowed, how to mend it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
