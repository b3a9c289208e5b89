"""Why DuckDB did not answer, in a kind and a sentence (in the child)."""

from __future__ import annotations

import re

import duckdb

from kit.data.sql.contract.text import shortened

_ABSENT = re.compile(
    r"does not exist|not found|no table|Ambiguous reference|could not be found|"
    r"is not present|Unrecognized", re.IGNORECASE,
)  # fmt: skip
_HELD = re.compile(r"Could not set lock|Conflicting lock|being used by another", re.IGNORECASE)
_TYPES = re.compile(
    r"No function matches|Cannot (?:compare|mix|cast|combine)|Unimplemented type|"
    r"type mismatch|explicit type casts|must be of type", re.IGNORECASE,
)  # fmt: skip
_KINDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((duckdb.InterruptException,), "timeout"),
    ((duckdb.OutOfMemoryException, MemoryError), "memory"),
    ((duckdb.ParserException, duckdb.SyntaxException), "syntax"),
    ((duckdb.CatalogException,), "name"),
    ((duckdb.TypeMismatchException, duckdb.InvalidTypeException), "type"),
    (
        (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.ConstraintException,
         duckdb.InvalidInputException, duckdb.SequenceException), "value",
    ),
)  # fmt: skip


class RefusedError(Exception):
    """The engine takes one question at a time."""


def failure(error: BaseException) -> tuple[str, str]:
    """Return the kind of a failure, one of `QUERY_FAILURES`, and DuckDB's own words, cleaned.

    Examples
    --------
    >>> failure(duckdb.ParserException('Parser Error: syntax error at or near "selec"'))
    ('syntax', 'syntax error at or near "selec"')
    >>> failure(MemoryError())[0]
    'memory'
    """
    text = str(error)
    return _kind(error, text), _clean(text) or type(error).__name__


def _kind(error: BaseException, text: str) -> str:
    if _HELD.search(text) and not isinstance(error, RefusedError):
        return "busy"
    if isinstance(error, duckdb.BinderException):
        return "name" if _ABSENT.search(text) else "type" if _TYPES.search(text) else "syntax"
    for kinds, name in _KINDS:
        if isinstance(error, kinds):
            return name
    full = "Out of Memory" in text or "File too large" in text  # pyarrow wraps what streams raise
    return "memory" if full else "other"


def _clean(text: str) -> str:
    """Keep the sentence and where it points; no stack, no advice on settings that are locked."""
    text = text.split("Stack Trace:")[0].split("Possible solutions:")[0]
    text = re.sub(r"^[A-Za-z ]{2,40} Error: ", "", text.strip())
    text = re.sub(r"[^\S\n]+\n|\n{2,}", "\n", text).strip()
    return shortened(text)
