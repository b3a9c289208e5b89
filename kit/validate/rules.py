"""The reviewed rules of the gates: ``gates.toml``, the packaged one or the workspace's own."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from kit.base.errors import DataError
from kit.base.specs import Spec, read_spec
from kit.base.workspace import workspace_root

RULES_FILE = "gates.toml"
Then = Literal["fail", "needs a person"]
Level = Annotated[float, Field(gt=0.5, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class EffectRule(Spec):
    """The schedule decides; `power` is what the minimum detectable effect refers to."""

    power: Level = 0.8


class SegmentRule(Spec):
    """A segment surely loses more than a share of what the baseline spends there."""

    columns: tuple[str, ...]
    level: Level
    loss_share: Share
    then: Then


class CalibrationRule(Spec):
    """Predicted over observed clicks lies outside a range, beyond chance."""

    low: Annotated[float, Field(gt=0, le=1)]
    high: Annotated[float, Field(ge=1)]
    standard_errors: Annotated[float, Field(ge=0)]
    min_clicks: Annotated[int, Field(ge=1)]
    then: Then


class DriftRule(Spec):
    """Features that the candidate reads have moved."""

    psi: Annotated[float, Field(gt=0)]
    auc: Annotated[float, Field(gt=0.5, le=1)]
    then: Then


class StressRule(Spec):
    """Less than a share of the gain survives the worst scenario."""

    survives: Annotated[float, Field(le=1)]
    then: Then


class Rules(Spec):
    """Every gate's rule.

    Examples
    --------
    >>> read_rules(packaged_rules()).drift.psi
    0.25
    """

    effect: EffectRule
    worst_segment: SegmentRule
    calibration: CalibrationRule
    drift: DriftRule
    stress: StressRule

    @property
    def hash(self) -> str:
        """SHA-256 of what they say."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def packaged_rules() -> Path:
    """Return the path of the rules that ship with the package."""
    return Path(__file__).parent / RULES_FILE


def workspace_rules(root: Path | None = None) -> Path:
    """Return the workspace's own ``gates.toml`` where there is one, else the packaged one."""
    own = (root or workspace_root()) / RULES_FILE
    return own if own.is_file() else packaged_rules()


def read_rules(path: Path) -> Rules:
    """Read rules.

    Raises
    ------
    DataError
        If the file is missing, no TOML, or a rule is missing, unknown or out of range.
    """
    try:
        plain = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as rules ({error}). Copy the packaged gates.toml and edit it."
        ) from None
    try:
        return read_spec(Rules, plain)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from None
