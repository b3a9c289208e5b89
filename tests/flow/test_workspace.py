"""kit init lays out a workspace and overwrites nothing; kit.toml is checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.base.errors import DataError
from kit.cli import main
from kit.flow.workspace import lay_out, read_settings


def test_lay_out(tmp_path: Path) -> None:
    laid = lay_out(tmp_path / "ws")
    assert laid.kept == ()
    for name in ("kit.toml", "prompts/README.md", "notebooks/01_compare_policies.ipynb",
                 "data_samples/auctions.parquet"):  # fmt: skip
        assert name in laid.made
        assert (tmp_path / "ws" / name).is_file()
    assert (tmp_path / "ws" / ".kit").is_dir()
    settings = read_settings(tmp_path / "ws")
    assert settings.log is not None
    assert settings.log.path == tmp_path / "ws" / "data_samples" / "auctions.parquet"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "kit.toml").write_text("# mine\n")
    (tmp_path / "notebooks" / "02_tune_bids.ipynb").unlink()
    laid = lay_out(tmp_path)
    assert laid.made == ("notebooks/02_tune_bids.ipynb",)
    assert (tmp_path / "kit.toml").read_text() == "# mine\n"


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "ws"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["root"] == str(tmp_path / "ws")
    assert main(["init", str(tmp_path / "ws" / "kit.toml")]) == 1
    assert "is a file; must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[log\n", "not TOML"),
        ("[logs]\npath='x'\n", "logs: no such setting. Did you mean 'log'"),
        ("[log]\nformat='csv'\n", "log.path: is missing"),
    ],
)
def test_settings_are_checked(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "kit.toml").write_text(text)
    with pytest.raises(DataError, match=said.replace("[", r"\[")):
        read_settings(tmp_path)


def test_no_settings_is_fine(tmp_path: Path) -> None:
    assert read_settings(tmp_path).log is None
