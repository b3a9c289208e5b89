"""A text is read as one query, in bounded time, or refused."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from sqlglot import exp
from sqlglot.dialects import Dialect
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from kit.base.errors import UnsafeSQLError

MAX_TEXT = 10_000
"""Longest query, in characters."""

MAX_TOKENS = 800
"""Most words, numbers and signs of a query."""

MAX_NESTING = 30
"""Most brackets that may be open at once."""

MAX_LINKS = 50
"""Most ``x[1]`` and ``x.f()`` that follow a bracket: the parser looks at all before each."""

MAX_STEPS = 6
"""Steps of the parser a token; a plain query takes 1 to 2."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_INTERVAL = re.compile(
    r"\s*-?[\d.]+\s*([A-Za-z]+\s*(-?[\d.]+\s*[A-Za-z]+\s*)*)?\Z|\s*\d+:\d\d(:\d\d)?\s*\Z"
)
_OPEN, _CLOSED = ("(", "[", "{"), (")", "]", "}")

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here


class _TooManyStepsError(Exception):
    pass


def read(sql: str, dialect: str, room: int = 1) -> exp.Expr:
    """Return the tree of the one query that a text is.

    Parameters
    ----------
    sql : str
    dialect : str
    room : int
        How many times longer and deeper than a user's text it may be.

    Raises
    ------
    UnsafeSQLError
        If it is not text, too long, too deep, not SQL, several statements, or no query.
    """
    tokens = _tokens(sql, dialect)
    if len(tokens) > room * MAX_TOKENS:
        raise UnsafeSQLError(
            f"it has {len(tokens):,} words; at most {room * MAX_TOKENS:,} are allowed"
        )
    _check_depth(tokens, room * MAX_NESTING)
    _check_intervals(tokens)
    end = _end_of_pivot(sql, tokens)
    if end is not None:
        sql = f"SELECT * FROM ({sql[:end]}) {sql[end:]}"
        tokens = _tokens(sql, dialect)
    root = _one(_parsed(tokens, sql, dialect))
    kinds = (exp.RawString, exp.ByteString) if dialect == "duckdb" else (exp.RawString,)
    for quoted in list(root.find_all(*kinds)):
        _check_characters(quoted.name)
        quoted.replace(exp.Literal.string(quoted.name))  # $$text$$ and E'text' are text
    inner = root.unnest() if isinstance(root, exp.Subquery) else root
    if not isinstance(inner, exp.Select | exp.SetOperation | exp.Values | exp.Pivot):
        kind = str(root.this).upper() if isinstance(root, exp.Command) else root.key.upper()
        raise UnsafeSQLError(f"got {kind}; must be one query (SELECT)", position(root))
    if isinstance(root, exp.Pivot) and not isinstance(root.this, exp.Table | exp.Subquery):
        raise UnsafeSQLError("a pivot must be of a table or a query", position(root))
    return root


def check_text(sql: str) -> None:
    """Refuse what is no plain text of a usual length.

    Raises
    ------
    UnsafeSQLError
        Also for a character that is not seen.
    """
    if not isinstance(sql, str) or not sql.strip():
        raise UnsafeSQLError("there is no statement")
    if len(sql) > MAX_TEXT:
        raise UnsafeSQLError(f"it has {len(sql):,} characters; at most {MAX_TEXT:,} are allowed")
    _check_characters(sql)


def _check_characters(sql: str) -> None:
    for place, character in enumerate(sql):
        if character in "\t\n\r" or unicodedata.category(character) not in _INVISIBLE:
            continue
        line = sql.count("\n", 0, place) + 1
        column = place - (sql.rfind("\n", 0, place) + 1) + 1
        raise UnsafeSQLError(
            f"character U+{ord(character):04X} is invisible or not text", f"{line}:{column}"
        )


def position(node: exp.Expr) -> str | None:
    """Return ``line:column`` of the first name in a node, if the parser kept one."""
    for part in node.walk():
        if "line" in part.meta:
            return f"{part.meta['line']}:{part.meta['col']}"
    return None


@lru_cache
def _parser(dialect: str) -> type[Parser]:
    """Return a dialect's parser that gives up: some brackets cost it twice the time each."""
    base: type[Parser] = Dialect.get_or_raise(dialect).parser_class

    class Bounded(base):  # type: ignore[valid-type, misc]
        left: int

        def _advance(self, times: int = 1) -> None:
            self.left -= 1
            if self.left < 0:
                raise _TooManyStepsError
            super()._advance(times)

    return Bounded


def _parsed(tokens: list[Token], sql: str, dialect: str) -> list[exp.Expr | None]:
    parser = _parser(dialect)(dialect=dialect, error_level=ErrorLevel.RAISE)
    parser.left = 100 + MAX_STEPS * len(tokens)  # type: ignore[attr-defined]
    try:
        return parser.parse(tokens, sql)
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        place = f"{where['line']}:{where['col']}" if where.get("line") else None
        what = where.get("description") or "not SQL"
        raise UnsafeSQLError(f"it cannot be read as SQL: {what}", place) from None
    except (RecursionError, _TooManyStepsError):
        raise UnsafeSQLError("it cannot be read as SQL: nested too deeply") from None
    except Exception:  # whatever the parser stumbles over is refused
        raise UnsafeSQLError("it cannot be read as SQL: not SQL") from None


def _tokens(sql: str, dialect: str) -> list[Token]:
    try:
        tokens: list[Token] = Dialect.get_or_raise(dialect).tokenize(sql)
    except SqlglotError:
        raise UnsafeSQLError("it cannot be read as SQL: a quote or comment is not closed") from None
    return tokens


def _one(found: list[exp.Expr | None]) -> exp.Expr:
    statements = [statement for statement in found if statement is not None]
    if len(statements) != 1 or len(found) > 2:
        raise UnsafeSQLError(f"got {len(found)} statements; must be one")
    return statements[0]


def _check_depth(tokens: list[Token], most: int) -> None:
    depth = 0
    for token in tokens:
        depth += _step(token)
        if depth > most:
            raise UnsafeSQLError(f"more than {most} brackets are open at once")
    links = [1 for last, token in pairwise(tokens) if last.text in _CLOSED and token.text in ".["]
    if len(links) > MAX_LINKS:
        raise UnsafeSQLError(f"more than {MAX_LINKS} times a bracket is followed by '.' or '['")


def _check_intervals(tokens: list[Token]) -> None:
    """Refuse an interval of which the parser would drop the end: ``'2 days ago'``."""
    for last, token in pairwise(tokens):
        text = token.token_type == TokenType.STRING
        if last.token_type == TokenType.INTERVAL and text and not _INTERVAL.match(token.text):
            raise UnsafeSQLError(
                f"interval {token.text!r} must be numbers with units", f"{token.line}:{token.col}"
            )


def _step(token: Token) -> int:
    quoted = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
    return 0 if quoted else (token.text in _OPEN) - (token.text in _CLOSED)


def _end_of_pivot(sql: str, tokens: list[Token]) -> int | None:
    """Return where the ORDER BY or LIMIT of ``PIVOT ...`` starts: the parser knows no such."""
    if not tokens or tokens[0].token_type not in (TokenType.PIVOT, TokenType.UNPIVOT):
        return None
    depth = 0
    for token in tokens:
        depth += _step(token)
        if depth == 0 and token.token_type in (TokenType.ORDER_BY, TokenType.LIMIT):
            return token.start
    return None
