"""Settings that are checked once: frozen, no unknown name, one message for every mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from kit.base.checks import did_you_mean
from kit.base.errors import DataError


class Spec(BaseModel):
    """Base of all settings: frozen, and no unknown name passes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


AnySpec = TypeVar("AnySpec", bound=Spec)


def read_spec(kind: type[AnySpec], values: Mapping[str, Any]) -> AnySpec:
    """Check settings.

    Raises
    ------
    DataError
        One message that names each value that is not allowed.

    Examples
    --------
    >>> class Two(Spec):
    ...     days: int
    >>> read_spec(Two, {"days": "x"})
    Traceback (most recent call last):
    kit.base.errors.DataError: days: got 'x'; Input should be a valid integer, ...
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise DataError(" ".join(_sentence(kind, item) for item in error.errors())) from None


def _sentence(kind: type[Spec], item: Any) -> str:
    name = ".".join(map(str, item["loc"])) or "settings"
    if item["type"] == "extra_forbidden":
        return f"{name}: no such setting. {did_you_mean(name, kind.model_fields)}".rstrip()
    if item["type"] == "missing":
        return f"{name}: is missing; must be given."
    return f"{name}: got {item['input']!r}; {item['msg']}."
