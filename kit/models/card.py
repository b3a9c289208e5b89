"""What a saved model says about itself: ``schema.json``, and the check of its files."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kit.base.errors import ModelError
from kit.base.files import file_hash, write_text
from kit.base.version import __version__

CARD_FILE = "schema.json"
_FORMAT = 1


def versions(**more: str) -> dict[str, str]:
    """Return the versions a fit depends on."""
    return {
        "kit": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        **more,
    }


@dataclass(frozen=True)
class ModelCard:
    """How a model came to be.

    Parameters
    ----------
    kind : str
        Which class reads the folder.
    target : str
        What it predicts.
    about : str
        One sentence for a report.
    rows, positives, tune_rows, tune_positives : int
        Labelled rows it was fitted and tuned on; for a landscape, positives are known prices.
    seed : int
        Seed of the fit.
    params : dict
        Parameters of the fit, every default spelled out.
    features : dict
        Columns and labels, as `kit.models.features.FeatureTable.to_dict` writes them.
    data : dict
        Content hashes of the logs, by split.
    versions : dict
        Versions of what it was fitted with.
    details : dict
        What the kind keeps besides.
    files : dict
        SHA-256 of the other files in the folder, by name.
    """

    kind: str
    target: str
    about: str
    rows: int
    positives: int
    tune_rows: int
    tune_positives: int
    seed: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    features: dict[str, Any] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=versions)
    details: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Return what a report says about the model, ready for JSON."""
        kept = ("params", "features", "data", "versions", "details", "files")
        return {name: value for name, value in asdict(self).items() if name not in kept}

    def write(self, folder: Path, files: Iterable[str] = ()) -> None:
        """Write the card last: a folder without one, or with a torn mix of files, is refused."""
        hashes = {name: file_hash(folder / name) for name in files}
        raw = {"format": _FORMAT, **asdict(replace(self, files=hashes))}
        write_text(folder / CARD_FILE, json.dumps(raw, indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, folder: Path) -> ModelCard:
        """Read a card and check that the folder's files are those it was written with.

        Raises
        ------
        ModelError
            If the folder holds no whole model.
        """
        path = folder / CARD_FILE
        try:
            raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            known = raw.pop("format")
            card = cls(**raw) if known == _FORMAT else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{folder}: holds no model ({type(error).__name__} in {CARD_FILE}); must be a "
                "folder that `save` wrote. Train and save the model again."
            ) from None
        if card is None:
            raise ModelError(
                f"{folder}: has format {known!r}; this version reads {_FORMAT}. Upgrade "
                "programmatic-kit, or train again."
            )
        _check_files(folder, card.files)
        return card


def _check_files(folder: Path, files: dict[str, str]) -> None:
    for name, expected in files.items():
        path = folder / name
        if not path.is_file() or file_hash(path) != expected:
            state = "differs from what was saved" if path.is_file() else "is missing"
            raise ModelError(
                f"{folder}: {name} {state}; a model's files must stay together, unchanged. "
                "Train and save the model again."
            )


def check_kind(folder: Path, card: ModelCard, kind: str) -> None:
    """Refuse a folder that another class wrote.

    Raises
    ------
    ModelError
        If the kinds differ.
    """
    if card.kind != kind:
        raise ModelError(
            f"{folder}: holds a model of kind {card.kind!r}; must be {kind!r}. Use the loader "
            "of that kind."
        )
