"""`Names`: what tables and columns are called in a prompt, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kit.ai.hostile import RESERVED, plain_name

_TYPES = frozenset((
    "BIGINT", "BIT", "BLOB", "BOOLEAN", "DATE", "DECIMAL", "DOUBLE", "ENUM", "FLOAT", "HUGEINT",
    "INTEGER", "INTERVAL", "JSON", "LIST", "MAP", "NUMERIC", "REAL", "SMALLINT", "STRUCT",
    "TEXT", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TINYINT", "UBIGINT", "UHUGEINT", "UINTEGER",
    "UNION", "USMALLINT", "UTINYINT", "UUID", "VARCHAR",
))  # fmt: skip
_WITH_ZONE = "TIMESTAMP WITH TIME ZONE"
_TOKEN = re.compile(
    r"""
      (?P<text>'(?:[^']|'')*+(?:'|\Z))
    | (?P<dollar>\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))
    | (?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    | "(?P<quoted>(?:[^"]|"")*+)"
    | (?P<word>[^\W\d]\w*+)(?!\s*\()
    | \w++
    """,
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Names:
    """The names of a schema as they are shown to a model.

    A name is untrusted text: it may read like an instruction or hold an id. One that is no plain,
    short identifier is shown as another (``Total spend`` as ``total_spend``, a sentence as
    ``column_7``), and SQL is translated both ways. The translation is a convenience, not a guard:
    what comes back is checked by the policy under the real names.

    Parameters
    ----------
    tables : mapping of str to mapping of str to str
        Shown tables, each with its shown columns and the bare word of their type: the values of
        an ``ENUM`` and the fields of a ``STRUCT`` are not in it.
    shown, real : mapping of str to str
        For names that are shown as another, the way there and back; keys in lower case.

    Examples
    --------
    >>> names = Names.of({"ads": {"Total spend": "DOUBLE", "clicks": "INTEGER"}})
    >>> names.tables
    {'ads': {'total_spend': 'DOUBLE', 'clicks': 'INTEGER'}}
    >>> print(names.restore("SELECT sum(total_spend) FROM ads WHERE note = 'total_spend'"))
    SELECT sum("Total spend") FROM ads WHERE note = 'total_spend'
    """

    tables: Mapping[str, Mapping[str, str]]
    shown: Mapping[str, str]
    real: Mapping[str, str]

    @classmethod
    def of(cls, schema: Mapping[str, Mapping[str, str]]) -> Names:
        """Name the tables and columns of a schema, given with the SQL types of the columns."""
        columns = {name: "column" for table in schema.values() for name in table}
        kinds = columns | dict.fromkeys(schema, "table")
        taken = {name.lower() for name in kinds if plain_name(name) == name}
        shown: dict[str, str] = {}
        real: dict[str, str] = {}
        for number, (name, kind) in enumerate(kinds.items(), start=1):
            if plain_name(name) == name or name.lower() in shown:
                continue
            other = _free(plain_name(name), f"{kind}_{number}", taken)
            taken.add(other)
            shown[name.lower()], real[other.lower()] = other, name
        tables = {
            shown.get(table.lower(), table): {
                shown.get(name.lower(), name): _type(sql_type) for name, sql_type in held.items()
            }
            for table, held in schema.items()
        }
        return cls(tables, shown, real)

    def __contains__(self, name: str) -> bool:
        """Whether a shown name is in the schema."""
        return name in self.tables or any(name in columns for columns in self.tables.values())

    def show(self, name: str) -> str:
        """Return the shown name of a real one; a name that the schema lacks stays."""
        return self.shown.get(name.lower(), name)

    def mask(self, sql: str) -> str:
        """Return SQL in shown names, without its comments."""
        return _translated(sql, self.shown, quote=False)

    def restore(self, sql: str) -> str:
        """Return SQL in real names, quoted where they were shown as another."""
        return _translated(sql, self.real, quote=True)

    def mask_text(self, text: str) -> str:
        """Return text with every real name that may not be shown replaced, longest first."""
        for real, shown in sorted(self.shown.items(), key=lambda pair: -len(pair[0])):
            if shown != f"{real}_":  # a reserved word is harmless, and a word of English
                text = re.sub(re.escape(real), shown, text, flags=re.IGNORECASE)
        return text


def _free(wanted: str | None, fallback: str, taken: set[str]) -> str:
    if wanted is not None and wanted.lower() not in taken:
        return wanted
    while fallback in taken:
        fallback += "_"
    return fallback


def _type(sql_type: str) -> str:
    """Return the bare word of a type if it is one that we know, and whether it is a list."""
    upper = sql_type.upper().strip()
    name = "TIMESTAMPTZ" if upper.startswith(_WITH_ZONE) else re.split(r"\W", upper)[0]
    return (name if name in _TYPES else "OTHER") + "[]" * upper.endswith("]")


def _translated(sql: str, names: Mapping[str, str], *, quote: bool) -> str:
    def one(found: re.Match[str]) -> str:
        if found["comment"] is not None:
            return " "
        quoted = found["quoted"]
        if quoted is None and found[0].lower() in RESERVED:
            return found[0]  # a keyword; a column of that name stands in quotes
        name = quoted.replace('""', '"') if quoted is not None else found["word"]
        other = names.get(name.lower()) if name else None
        if other is None:
            return found[0]
        return '"' + other.replace('"', '""') + '"' if quote else other

    return _TOKEN.sub(one, sql)
