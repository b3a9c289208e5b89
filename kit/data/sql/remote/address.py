"""Where a warehouse is: an address whose password is never shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from kit.base.errors import DataError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_HOST = r"(?:[\w.%-]*|\[[\da-fA-F:.]*\])(?::\d*)?"
_POSTGRES = re.compile(  # strict, so that no part of a password can pass for another part
    r"postgres(?:ql)?://"
    r"(?:(?P<user>[^:@/?#\s]*)(?::(?P<password>[^@/?#\s]*))?@)?"
    rf"(?P<place>{_HOST}(?:,{_HOST})*)(?:/(?P<database>[^@/?#\s]*)(?:/(?P<schema>[^@/?#\s]+))?)?"
    r"(?:\?(?P<options>(?:\w+=[^&@#\s]*(?:&\w+=[^&@#\s]*)*)?))?"
)
_SECRETS = frozenset({"password", "sslpassword"})
_FORM = "postgresql://user@host:5432/database"


@dataclass(frozen=True)
class Address:
    """The address of a PostgreSQL server, role, database and schema.

    Parameters
    ----------
    url : str
        As libpq takes it, with ``/schema`` after the database or not; never shown.

    Raises
    ------
    DataError
        If it is no such address. The message does not repeat it.

    Examples
    --------
    >>> Address("postgresql://reader:s3cret@db.example/ads?sslmode=require")
    Address(postgresql://reader@db.example/ads)
    >>> Address("postgresql://reader:s3/cret@db.example/ads")
    Traceback (most recent call last):
    kit.base.errors.DataError: warehouse: the address cannot be read; must be like postgresql://user@host:5432/database. Write odd characters of a name or password as %40 and the like.
    """  # noqa: E501

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        self._parts()

    @property
    def shown(self) -> str:
        """The address without password and options."""
        parts = self._parts()
        user = f"{parts['user']}@" if parts["user"] else ""
        schema = f"/{parts['schema']}" if parts["schema"] else ""
        return f"postgresql://{user}{parts['place']}/{parts['database'] or ''}{schema}"

    @property
    def schema(self) -> str:
        """The schema whose tables go by their names alone; ``public`` if none is named."""
        return unquote(self._parts()["schema"] or "public")

    @property
    def libpq(self) -> str:
        """The address as libpq takes it: without a schema."""
        found = _POSTGRES.fullmatch(self.url)
        if found is None or found["schema"] is None:
            return self.url
        return self.url[: found.start("schema") - 1] + self.url[found.end("schema") :]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Passwords in it, as they are written and as they are meant."""
        parts = self._parts()
        given = [parts["password"] or ""]
        given += [value for name, value in parse_qsl(parts["options"] or "") if name in _SECRETS]
        return tuple({form for value in given for form in (value, unquote(value)) if form})

    def __repr__(self) -> str:
        return f"Address({self.shown})"

    def _parts(self) -> dict[str, str | None]:
        found = _POSTGRES.fullmatch(self.url)
        if found is None:
            # It is not repeated: what was meant as a password cannot be told from the rest.
            raise DataError(
                f"warehouse: the address cannot be read; must be like {_FORM}. Write odd "
                "characters of a name or password as %40 and the like."
            )
        return found.groupdict()


def is_address(text: str) -> bool:
    """Return whether a text names a server, or a variable that does, and no file.

    Examples
    --------
    >>> [is_address(text) for text in ("postgresql://db/ads", "env:KIT_WAREHOUSE", "ads.duckdb")]
    [True, True, False]
    """
    return text.startswith("env:") or _SCHEME.match(text) is not None


def check_source(text: str | None) -> None:
    """Refuse an address that must not be written down, before anything records it.

    Parameters
    ----------
    text : str or None
        What a person named: a path, an address, ``env:NAME``, or nothing.

    Raises
    ------
    DataError
        If it is an address with a password, or one that cannot be read.

    Examples
    --------
    >>> check_source("data_samples"), check_source("env:KIT_WAREHOUSE"), check_source(None)
    (None, None, None)
    """
    if text is not None and _SCHEME.match(text):
        read_address(text)


def read_address(text: str) -> Address:
    """Return the address that a person wrote where others can read it.

    Parameters
    ----------
    text : str
        ``postgresql://...`` without a password, or ``env:NAME``: the variable NAME of the
        environment holds the address, and there it may have one.

    Raises
    ------
    DataError
        If it has a password, the variable is not set, or it is another kind of server.

    Examples
    --------
    >>> read_address("postgresql://reader@db.example/ads").shown
    'postgresql://reader@db.example/ads'
    >>> read_address("postgresql://reader:s3cret@db.example/ads")
    Traceback (most recent call last):
    kit.base.errors.DataError: warehouse: the address has a password, which lists of processes, histories and records of runs would keep; must have none. Put the address into a variable, such as KIT_WAREHOUSE, and say env:KIT_WAREHOUSE; or keep the password in ~/.pgpass or PGPASSWORD.
    """  # noqa: E501
    name = text.removeprefix("env:")
    if name != text:
        url = os.environ.get(name, "").strip()
        if not url:
            raise DataError(
                f"warehouse: the variable {name!r} is not set; must hold {_FORM}. Set it."
            )
        return _known(url)
    address = _known(text)
    if address.secrets:
        raise DataError(
            "warehouse: the address has a password, which lists of processes, histories and "
            "records of runs would keep; must have none. Put the address into a variable, such as "
            "KIT_WAREHOUSE, and say env:KIT_WAREHOUSE; or keep the password in ~/.pgpass or "
            "PGPASSWORD."
        )
    return address


def _known(url: str) -> Address:
    scheme = _SCHEME.match(url)
    if scheme and scheme[0].lower() not in ("postgres://", "postgresql://"):
        raise DataError(
            f"warehouse: got {scheme[0]}; must be postgresql://, or the path of DuckDB or Parquet "
            "files. Another server needs its functions on the guard's list first."
        )
    return Address(url)
