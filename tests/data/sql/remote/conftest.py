"""An engine of the server, for the tests of this folder that change none of its state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.data.sql.contract.limits import Limits
from kit.data.sql.remote.engine import RemoteEngine
from tests.data.sql.postgres_world import Postgres


@pytest.fixture(scope="module")
def engine(postgres: Postgres) -> Iterator[RemoteEngine]:
    with RemoteEngine(postgres.url(), Limits(timeout_seconds=2)) as engine:
        yield engine
