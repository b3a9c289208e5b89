"""`RemoteEngine`: runs SQL on a PostgreSQL server, as a role that can only read."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from kit.base.errors import DataError, QueryError
from kit.data.sql.contract.limits import Limits
from kit.data.sql.contract.protocol import QueryEngine
from kit.data.sql.contract.results import QueryResult, ScanEstimate, to_frame
from kit.data.sql.contract.text import sayable
from kit.data.sql.remote import postgres
from kit.data.sql.remote.address import Address
from kit.data.sql.remote.failures import failure, late, named_function, with_nearest
from kit.data.sql.remote.role import refuse_writer
from kit.data.sql.remote.stop import stopped_after

Answer = TypeVar("Answer")
_CONNECT_SECONDS = 10
_CATALOG_SECONDS = 30.0
_STOP_SECONDS = 2.0
_OURS = {"client_encoding": "utf8", "application_name": "kit"}


class RemoteEngine(QueryEngine):
    """Runs SQL on a server, in read-only transactions of a role that can only read.

    Whatever the SQL: it meets a transaction that reads only and is rolled back, on a connection
    whose role was found unable to write; it is stopped on the server at the time-out; and no more
    of the answer is fetched than the limits allow. Memory and disk are the server's to bound, but
    for the answer. Which tables may be read is the policy's to say, and the role's grants.

    Ibis opens the connection, with the first query; a lost one is opened again. Threads may share
    an engine; their queries wait for each other.

    Parameters
    ----------
    url : str or Address
        ``postgresql://user@host:5432/database``, with ``/schema`` after it if that is not
        ``public``. A password in it is never shown; libpq's own places (``PGPASSWORD``,
        ``~/.pgpass``) serve as well.
    limits : Limits, optional
        What one query may cost; memory, threads and files are not of this engine.

    Raises
    ------
    DataError
        If the address cannot be read.

    Notes
    -----
    PostgreSQL is the only server so far (tested on Debian's 15). Another of Ibis' back ends needs
    its functions reviewed for the guard (functions.toml), a file like
    `kit.data.sql.remote.postgres` that reads without writing and stops on the server, and a check
    of its roles. A single row comes whole, so one value of 1 GB, which the guard lets no query
    make, takes that much memory here.

    Examples
    --------
    >>> engine = RemoteEngine("postgresql://reader:s3cret@db.example/ads")
    >>> engine, engine.dialect
    (RemoteEngine(postgresql://reader@db.example/ads), 'postgres')
    """

    def __init__(self, url: str | Address, limits: Limits | None = None) -> None:
        self.address = url if isinstance(url, Address) else Address(url)
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._backend: Any = None

    def __repr__(self) -> str:
        return f"RemoteEngine({self.address.shown})"

    @property
    def dialect(self) -> str:
        """Dialect of its SQL, as the guard names it."""
        return "postgres"

    @property
    def files(self) -> tuple[Path, ...]:
        """None: the tables are the server's."""
        return ()

    def run(self, sql: str) -> QueryResult:
        """Return the answer to one SELECT.

        Raises
        ------
        QueryError
            If it cannot be answered; `kind` says why.
        DataError
            If the server cannot be reached, or the role can do more than read.
        """
        started = time.perf_counter()
        text = _one_text(sql)
        table, truncated = self._ask(lambda c: postgres.rows(c, text, self.limits))
        frame = to_frame(table)
        columns = tuple(table.column_names)
        return QueryResult(columns, frame, truncated, time.perf_counter() - started)

    def explain(self, sql: str) -> ScanEstimate:
        """Return what a query would read, by the server's plan, without running it.

        Raises
        ------
        QueryError
            If it is no SELECT, or names what is not there.
        DataError
            As `run`.
        """
        text = _one_text(sql)
        return self._ask(lambda c: postgres.estimate(c, text, self.address.schema))

    def schema(self) -> dict[str, dict[str, str]]:
        """Return the type of every column that the role may read, by table.

        Tables outside the address' schema are named ``schema.table``.

        Raises
        ------
        DataError
            As `run`.
        """
        return self._ask(self._columns, self._catalog_limits)

    def stop(self) -> None:
        """Stop, on the server, what another thread runs: its query fails."""
        backend = self._backend
        if backend is not None and self._lock.locked():
            self._stopped.set()
            with contextlib.suppress(Exception):  # it has ended meanwhile, or the server is gone
                backend.con.cancel_safe(timeout=_STOP_SECONDS)

    def close(self) -> None:
        """Close the connection; a later query opens another."""
        with self._lock:
            self._end()

    @property
    def _catalog_limits(self) -> Limits:
        """For questions of ours about a catalog that may be large, however short a query may be."""
        seconds = max(self.limits.timeout_seconds, _CATALOG_SECONDS)
        return dataclasses.replace(self.limits, timeout_seconds=seconds)

    def _ask(self, work: Callable[[Any], Answer], limits: Limits | None = None) -> Answer:
        with self._lock:
            self._stopped.clear()
            self._renew()
            try:
                return self._transaction(work, limits or self.limits)
            except QueryError as error:
                raise self._explained(error) from None

    def _renew(self) -> None:
        """See that there is a connection: the server may have closed one that lay idle."""
        if self._backend is not None and not self._answers():
            self._end()
        if self._backend is None:
            self._backend = _open(self.address)
            try:
                self._transaction(
                    lambda c: refuse_writer(c, self.address.shown), self._catalog_limits
                )
            except BaseException:
                self._end()
                raise

    def _answers(self) -> bool:
        import psycopg

        connection = self._backend.con
        with stopped_after(connection, self.limits.timeout_seconds):
            try:
                connection.execute("")
            except psycopg.Error:
                return False
        return True

    def _transaction(self, work: Callable[[Any], Answer], limits: Limits) -> Answer:
        """Do one thing in a transaction that reads only; whatever went wrong, none stays open."""
        import psycopg

        connection, seconds = self._backend.con, limits.timeout_seconds
        with stopped_after(connection, seconds) as over:
            try:
                with postgres.reading(connection, limits, self.address.schema):
                    return work(connection)
            except psycopg.Error as error:
                if connection.closed or connection.info.transaction_status != 0:
                    self._end()
                if self._stopped.is_set():
                    raise QueryError("other", "was stopped. Ask again.") from None
                raise (late(seconds) if over.is_set() else failure(error, seconds)) from None
            except BaseException:
                if connection.closed or connection.info.transaction_status != 0:
                    self._end()
                raise

    def _columns(self, connection: Any) -> dict[str, dict[str, str]]:
        return postgres.columns(connection, self.address.schema)

    def _explained(self, error: QueryError) -> QueryError:
        """Say what the server leaves out: tables with a like name, and wrong arguments as such."""
        if error.kind != "name" or self._backend is None:
            return error
        name = named_function(error)
        try:
            if name is None:
                return with_nearest(error, self._transaction(self._columns, self._catalog_limits))
            known = partial(postgres.knows_function, name=name)
            if self._transaction(known, self._catalog_limits):
                return QueryError("type", str(error).removeprefix("sql: "))
        except QueryError:
            pass  # what was asked matters more than what could be added
        return error

    def _end(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            backend.con.close()


def _one_text(sql: str) -> str:
    if "\0" in sql:
        raise QueryError("syntax", "holds a NUL, where the server would stop reading. Remove it.")
    return sayable(sql)


def _open(address: Address) -> Any:
    """Return an Ibis back end that is connected."""
    try:
        import psycopg
    except ImportError:
        raise _not_installed(address) from None
    try:
        return _connect(address)
    except ImportError:
        raise _not_installed(address) from None
    except (psycopg.Error, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        if any(secret in said for secret in address.secrets):
            said = "the reason is not shown, as it holds the password"
        raise DataError(
            f"{address.shown}: no connection ({said}). Check the address, the password and that "
            "the server runs."
        ) from None


def _connect(address: Address) -> Any:
    """Connect; the password is in a variable of this function, which no error's frames show."""
    import ibis
    from psycopg.conninfo import conninfo_to_dict

    # libpq's own reading of the address: Ibis' leaves %40 in the name of a user.
    given: dict[str, Any] = dict(conninfo_to_dict(address.libpq))
    given["database"] = given.pop("dbname", None)
    given.setdefault("connect_timeout", _CONNECT_SECONDS)
    backend = ibis.postgres.connect(**{**given, **_OURS})
    backend.con.prepare_threshold = None  # a name on the server would outlive its query
    return backend


def _not_installed(address: Address) -> DataError:
    return DataError(
        f"{address.shown}: Ibis or psycopg is not installed; both must be there. Run: pip install "
        "'programmatic-kit[warehouse]'"
    )
