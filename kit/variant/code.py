"""A policy that a person wrote in Python, run only where they said that they trust it."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kit.base.errors import PolicyError

CODE_FILE = "policy.py"
PREFIX = "python:"
"""A policy named ``python:Name`` is the class ``Name`` in the variant's ``policy.py``."""


def is_code(policy: str) -> bool:
    """Return whether a policy's name says that it is code."""
    return policy.startswith(PREFIX)


@dataclass(frozen=True)
class TrustedPolicy:
    """A person's policy; what it raises is told as one error.

    Parameters
    ----------
    name : str
        ``python:Name``.
    policy : object
        Its ``bid(request, rng)`` returns one bid a request.
    """

    name: str
    policy: Any

    def bid(self, request: pd.DataFrame, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return one bid a request, shape (n,).

        Raises
        ------
        PolicyError
            If the code fails.
        """
        try:
            return np.asarray(self.policy.bid(request, rng), dtype=np.float64)
        except Exception as error:
            raise PolicyError(
                f"policy {self.name}: raised {type(error).__name__} ({error}). Mend {CODE_FILE} "
                "and build the variant again."
            ) from None


class _WithoutCache(SourceFileLoader):
    """A loader that writes nothing beside the source: a frozen folder stays as it was."""

    def set_data(self, *args: Any, **kwargs: Any) -> None:
        """Keep no compiled copy."""


def load_code(folder: Path, name: str, params: Mapping[str, float]) -> TrustedPolicy:
    """Run a variant's ``policy.py`` and make the policy that it names.

    Parameters
    ----------
    folder : Path
        Of a frozen variant whose hashes were checked, and whose code is trusted.
    name : str
        ``python:Name``.
    params : mapping of str to float
        What the class is made with.

    Raises
    ------
    PolicyError
        If the code fails, or has no such class with a ``bid``.
    """
    path, attribute = folder / CODE_FILE, name.removeprefix(PREFIX)
    try:
        loader = _WithoutCache(f"kit_policy_{folder.name}", str(path))
        spec = importlib.util.spec_from_loader(loader.name, loader)
        if spec is None:
            raise ImportError(path)
        module = importlib.util.module_from_spec(spec)
        loader.exec_module(module)
        made = getattr(module, attribute)(**params)
    except Exception as error:
        raise PolicyError(
            f"policy {name}: {CODE_FILE} failed with {type(error).__name__} ({error}); must hold a "
            f"class {attribute} that takes {', '.join(params) or 'nothing'}. Mend it and build the "
            "variant again."
        ) from None
    if not callable(getattr(made, "bid", None)):
        raise PolicyError(
            f"policy {name}: has no bid(request, rng); must return one bid a request. Add it to "
            f"{CODE_FILE}."
        )
    return TrustedPolicy(name, made)
