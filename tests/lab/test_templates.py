"""What a launcher card says is what stands in the template."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import kit.lab
from kit.base import assets
from kit.lab.refusal import RefusalError
from kit.lab.templates import Template, list_templates, read_template

ICONS = Path(kit.lab.__file__).parent / "frontend" / "src" / "icons.ts"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Templates of our own in place of those that ship."""
    monkeypatch.setattr(assets, "asset_dir", lambda kind: tmp_path)
    return tmp_path


def write(path: Path, *markdown: str, **metadata: object) -> None:
    cells = [{"cell_type": "markdown", "source": text.splitlines(True)} for text in markdown]
    path.write_text(json.dumps({"cells": cells, "metadata": metadata}))


def test_every_shipped_template_has_a_card() -> None:
    shipped = sorted(path.stem for path in assets.asset_dir("notebooks").glob("*.ipynb"))
    cards = list_templates()
    assert [card.name for card in cards] == shipped
    for card in cards:
        assert 8 <= len(card.title) <= 60, card
        assert 8 <= len(card.about) <= 160, card
        assert not set("`*#") & set(card.title + card.about), card
        assert read_template(card.name)["metadata"]["kernelspec"]["name"] == "python3"


def test_the_front_end_draws_every_icon() -> None:
    drawn = set(re.findall(r"^  (\w+): draw\(", ICONS.read_text(), re.MULTILINE))
    assert {card.icon for card in list_templates()} <= drawn


def test_a_card(folder: Path) -> None:
    write(folder / "07_set_floors.ipynb", "no heading here", "# Set `floors`\n\nRaise **one**, see"
          " what is lost. Then the next.\n", kit={"icon": "tune"})  # fmt: skip
    card = Template("07_set_floors", "Set floors", "Raise one, see what is lost.", "tune")
    assert list_templates() == [card]


def test_a_card_of_a_template_that_says_little(folder: Path) -> None:
    write(folder / "01_say_nothing.ipynb")
    write(folder / "02_say_little.ipynb", "# Title\n## Next")
    assert list_templates() == [
        Template("01_say_nothing", "Say nothing", "", "template"),
        Template("02_say_little", "Title", "", "template"),
    ]


def test_only_numbered_notebooks_are_templates(folder: Path) -> None:
    """In a checkout a person's copies, checkpoints and outputs lie in the same folder."""
    for name in ("compare_policies.ipynb", "compare_policies-1.ipynb", "01_notes.md"):
        write(folder / name)
    (folder / ".ipynb_checkpoints").mkdir()
    write(folder / ".ipynb_checkpoints" / "01_compare-checkpoint.ipynb")
    assert list_templates() == []
    with pytest.raises(RefusalError, match="'compare_policies'"):
        read_template("compare_policies")
