"""What of a folder is read, what is passed by, and what must stay on this machine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kit.ai.documents import folder as folders
from kit.ai.documents.folder import MAX_BYTES, read_folder, read_write_ups
from kit.base.errors import DataError, LeakageError


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    (made / "deep").mkdir(parents=True)
    (made / "plan.md").write_text("# Plan\nLower the floor on aurora.\n")
    (made / "deep" / "query.sql").write_text("SELECT 1\n")
    return made


def names(folder: Path) -> list[str]:
    return [each.place for each in read_folder(folder).passages]


def skipped(folder: Path) -> dict[str, str]:
    return {each.name: each.why for each in read_folder(folder).skipped}


def test_texts_are_read_with_their_lines(notes: Path) -> None:
    (notes / "rows.csv").write_text("user,bid\n")
    (notes / ".hidden.md").write_text("hidden")
    (notes / ".git").mkdir()
    (notes / ".git" / "note.md").write_text("hidden")
    assert names(notes) == ["notes/plan.md:1-2", "notes/deep/query.sql:1"]
    assert skipped(notes) == {}


def test_what_cannot_be_read_is_skipped_and_said(notes: Path) -> None:
    (notes / "big.txt").write_text("x" * (MAX_BYTES + 1))
    (notes / "picture.md").write_bytes(b"\x89PNG\x00\xff")
    (notes / "zeros.txt").write_bytes(b"a\x00b")
    (notes / "broken.ipynb").write_text("{")
    (notes / "deep.ipynb").write_text('{"cells":' + "[" * 5000 + "]" * 5000 + "}")
    os.mkfifo(notes / "pipe.txt")
    (notes / "gone.md").symlink_to(notes / "nothing.md")
    assert skipped(notes) == {
        "notes/big.txt": "it is larger than 1,000,000 bytes",
        "notes/picture.md": "it is no text in UTF-8",
        "notes/zeros.txt": "it is no text",
        "notes/broken.ipynb": "it is no notebook",
        "notes/deep.ipynb": "it is no notebook",
        "notes/pipe.txt": "it is no file",
        "notes/gone.md": "it is no file",
    }
    assert len(names(notes)) == 2


def test_a_file_without_rights_is_skipped(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert set(skipped(notes).values()) == {"it cannot be read (Permission denied)"}


def test_links_out_of_the_folder_are_not_followed(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "more.md").write_text("secret")
    (notes / "out.md").symlink_to(tmp_path / "secret.md")
    (notes / "outside").symlink_to(tmp_path / "secrets")
    (notes / "round").symlink_to(notes)
    (notes / "twice.md").symlink_to(notes / "plan.md")
    assert names(notes) == ["notes/plan.md:1-2", "notes/twice.md:1-2", "notes/deep/query.sql:1"]
    assert skipped(notes) == {"out.md": "it is a link that leads out of the folder"}


def test_a_sealed_log_is_never_read(notes: Path, tmp_path: Path) -> None:
    sealed = notes / "sealed_auctions"
    sealed.mkdir()
    (sealed / "holdout.sealed.parquet").write_text("click\n")
    (sealed / "about.md").write_text("clicks of the holdout: 4,269")
    (notes / "copy.sealed.txt").write_text("click")
    (notes / "link.txt").symlink_to(sealed / "holdout.sealed.parquet")
    assert names(notes) == ["notes/plan.md:1-2", "notes/deep/query.sql:1"]
    with pytest.raises(LeakageError, match="is a sealed log"):
        read_folder(sealed)


def test_what_is_no_folder_is_refused(notes: Path) -> None:
    for path in (notes / "plan.md", notes / "nowhere"):
        with pytest.raises(DataError, match="is no folder"):
            read_folder(path)


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 1), ("MAX_TOTAL_BYTES", 5)])
def test_a_huge_folder_is_read_in_part(
    notes: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    monkeypatch.setattr(folders, limit, value)
    assert names(notes) == ["notes/plan.md:1-2"]
    assert "too many files" in skipped(notes)["notes/deep/query.sql"]


REPORT = """# Shaded against logged
## Verdict: better
**Better: +37.00 USD surplus (+28.00 to +45.00, rounded).**
### What was checked
effect: pass
## Results on the tune split
Shaded bidding earns 37.57 USD more: an interval, not a verdict.
## Summary
We gain +37.00 USD on new days.
## Method
The holdout is sealed.
"""


def test_a_write_ups_verdict_stays_here_and_so_does_its_figure_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text(REPORT)
    read = read_write_ups({"out/report.md": path, "gone/report.md": tmp_path / "gone.md"})
    stays = {each.part.title.split(" > ")[-1]: each.stays for each in read.passages}
    assert stays == {
        "Verdict: better": True, "What was checked": True, "Results on the tune split": False,
        "Summary": True, "Method": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text", ["the holdout gained 3.1 %", "Held-out surplus rose", "Look 3 of 200: better",
             "it was shown better", "what the vault said"],
)  # fmt: skip
def test_a_users_text_about_a_holdout_stays_here(notes: Path, text: str) -> None:
    (notes / "plan.md").write_text(text)
    (notes / "deep" / "cells.ipynb").write_text(
        json.dumps({"cells": [{"cell_type": "markdown", "source": text}]})
    )
    stays = {each.name: each.stays for each in read_folder(notes).passages}
    assert stays == {"notes/plan.md": True, "notes/deep/cells.ipynb": True,
                     "notes/deep/query.sql": False}  # fmt: skip


def test_a_write_up_that_is_a_link_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (tmp_path / "report.md").symlink_to(tmp_path / "secret.md")
    assert read_write_ups({"report.md": tmp_path / "report.md"}).passages == ()
