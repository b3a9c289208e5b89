"""A PostgreSQL server for the tests of this folder that ask for one."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator

import pytest

from .postgres_world import Postgres, postgres_programs, running_postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = postgres_programs()
    missing = None
    if programs is None:
        missing = "no PostgreSQL; `make postgres` installs Debian's"
    elif not (importlib.util.find_spec("ibis") and importlib.util.find_spec("psycopg")):
        missing = "no Ibis or psycopg; `make test-slow` installs the extra [warehouse]"
    if programs is None or missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with running_postgres(programs) as started:
        yield started
