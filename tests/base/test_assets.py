"""Each kind of asset is found, and nothing else is asked for."""

from __future__ import annotations

import pytest

from kit.base.assets import asset_dir
from kit.base.errors import DataError


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("notebooks", "01_compare_policies.ipynb"),
        ("prompts", "draft_sql.md"),
        ("data_samples", "auctions.parquet"),
    ],
)
def test_each_kind_is_found(kind: str, file: str) -> None:
    assert (asset_dir(kind) / file).is_file()


def test_another_kind_is_refused() -> None:
    with pytest.raises(DataError, match="Did you mean 'prompts'"):
        asset_dir("prompt")
