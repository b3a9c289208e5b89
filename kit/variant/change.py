"""`Change`: one atomic edit of a variant, the only thing that a proposer may make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from kit.base.checks import did_you_mean
from kit.base.errors import PolicyError
from kit.base.specs import Spec, read_spec
from kit.bid.parameters import Bidder
from kit.bid.registry import POLICIES
from kit.variant.constraint import constraint_of
from kit.variant.spec import LOGGED, VariantSpec

Kind = Literal[
    "add_feature", "drop_feature", "add_expression", "drop_expression", "objective", "calibration",
    "recent_share", "param", "policy", "policy_param", "exchange_factor", "first_price_factor",
    "constraint",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)


class Change(Spec):
    """One edit.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    name : str
        Of the feature, parameter, policy or exchange; for a constraint its metric; for a computed
        feature its new name.
    value : str or float
        What it is set to: SQL of a computed feature, a number, an objective, a calibration; of a
        constraint a bound such as ``<= 0.2``. Empty where a name says it all.

    Examples
    --------
    >>> from kit.variant.spec import ModelSpec, PolicySpec
    >>> spec = VariantSpec(name="root", policy=PolicySpec(name="value"),
    ...                    model=ModelSpec(features=("device", "hour")))
    >>> Change(kind="drop_feature", name="hour").apply(spec).model.features
    ('device',)
    >>> str(Change(kind="add_expression", name="late", value="hour > 18"))
    'add late'
    """

    kind: Kind
    name: str = ""
    value: str | float = ""

    def apply(self, spec: VariantSpec) -> VariantSpec:
        """Return the spec with this edit; its name, lineage and hypothesis stay.

        Raises
        ------
        PolicyError
            If it names what the spec does not have, or changes nothing.
        DataError
            If the value is not allowed.
        """
        plain = spec.model_dump(mode="json")
        model = plain["model"]
        if self.kind not in _OF_POLICY and model is None:
            raise self._refused("the variant has no model", "Change its policy.")
        _EDITS[self.kind](self, plain)
        changed = read_spec(VariantSpec, plain)
        if changed.key == spec.key and changed.constraints == spec.constraints:
            raise self._refused("changes nothing", "Propose another value.")
        return changed

    def _refused(self, what: str, mend: str) -> PolicyError:
        return PolicyError(f"change: {self}: {what}; must be one edit of its parent. {mend}")

    def number(self) -> float:
        """Return the value as a number.

        Raises
        ------
        PolicyError
            If it is none.
        """
        try:
            return float(self.value)
        except ValueError:
            raise self._refused(f"{self.value!r} is no number", "Pass a number.") from None

    def __str__(self) -> str:
        """Return the edit in few words."""
        value = f"{self.value:.4g}" if isinstance(self.value, float) else self.value
        return _SAID[self.kind].format(name=self.name, value=value)


_OF_POLICY = ("policy", "policy_param", "exchange_factor", "first_price_factor", "constraint")
_SAID: Mapping[Kind, str] = {
    "add_feature": "add {name}",
    "drop_feature": "drop {name}",
    "add_expression": "add {name}",
    "drop_expression": "drop {name}",
    "objective": "objective {value}",
    "calibration": "calibration {value}",
    "recent_share": "train on the last {value} of the rows",
    "param": "{name} {value}",
    "policy": "policy {name}",
    "policy_param": "{name} {value}",
    "exchange_factor": "bid times {value} on {name}",
    "first_price_factor": "bid times {value} in first-price auctions on {name}",
    "constraint": "keep {name} {value}",
}
Plain = dict[str, Any]


def _features(change: Change, plain: Plain) -> list[str]:
    names = plain["model"]["features"]
    if names is None:
        raise change._refused("the variant takes the log's defaults", "Name its features first.")
    return list(names)


def _add_feature(change: Change, plain: Plain) -> None:
    plain["model"]["features"] = [*_features(change, plain), change.name]
    if change.name in plain["model"]["features"][:-1]:
        raise change._refused("is a feature already", "Propose another.")


def _drop_feature(change: Change, plain: Plain) -> None:
    names = _features(change, plain)
    if change.name not in names:
        raise change._refused("is no feature", did_you_mean(change.name, names) or "Take another.")
    plain["model"]["features"] = [name for name in names if name != change.name]


def _add_expression(change: Change, plain: Plain) -> None:
    if change.name in plain["model"]["expressions"]:
        raise change._refused("is a feature already", "Take another name.")
    plain["model"]["expressions"][change.name] = str(change.value)


def _drop_expression(change: Change, plain: Plain) -> None:
    if plain["model"]["expressions"].pop(change.name, None) is None:
        raise change._refused("is no computed feature", "Take another.")


def _set_model(change: Change, plain: Plain) -> None:
    plain["model"][change.kind] = change.value


def _param(change: Change, plain: Plain) -> None:
    value = change.number()
    plain["model"]["params"][change.name] = int(value) if value.is_integer() else value


def _policy(change: Change, plain: Plain) -> None:
    """Change the policy; parameters that both have, and factors by exchange, stay."""
    kind = POLICIES.get(change.name)
    if change.name == LOGGED or kind is None or not issubclass(kind, Bidder):
        names = [name for name, kind in POLICIES.items() if issubclass(kind, Bidder)]
        raise change._refused(
            f"is none that bids on each request by itself ({', '.join(names)})", "Take one of them."
        )
    known = {item.name for item in kind.parameters}
    kept = {name: value for name, value in plain["policy"]["params"].items() if name in known}
    plain["policy"] |= {"name": change.name, "params": kept}


def _policy_param(change: Change, plain: Plain) -> None:
    kind = POLICIES.get(plain["policy"]["name"])
    known = [item.name for item in getattr(kind, "parameters", ())]
    if change.name not in known:
        raise change._refused(
            f"is no parameter of {plain['policy']['name']}", did_you_mean(change.name, known)
        )
    plain["policy"]["params"][change.name] = change.number()


def _factor(change: Change, plain: Plain) -> None:
    where = "multipliers" if change.kind == "exchange_factor" else "first_price"
    plain["policy"][where][change.name] = change.number()


def _constraint(change: Change, plain: Plain) -> None:
    """Add a bound: those that a person set stay."""
    bound = constraint_of(f"{change.name} {change.value}")
    plain["constraints"] = [*plain["constraints"], bound.model_dump()]


_EDITS: Mapping[Kind, Callable[[Change, Plain], None]] = {
    "add_feature": _add_feature,
    "drop_feature": _drop_feature,
    "add_expression": _add_expression,
    "drop_expression": _drop_expression,
    "objective": _set_model,
    "calibration": _set_model,
    "recent_share": _set_model,
    "param": _param,
    "policy": _policy,
    "policy_param": _policy_param,
    "exchange_factor": _factor,
    "first_price_factor": _factor,
    "constraint": _constraint,
}


@dataclass(frozen=True)
class Proposal:
    """A change of one parent, and why.

    Parameters
    ----------
    parent : int
        Number of the trial that it changes.
    changes : tuple of Change
        One structural edit, or the numbers of one point in a search over numbers.
    hypothesis : str
        Why it should be better.
    proposer : str
        Who or what proposed it.
    """

    parent: int
    changes: tuple[Change, ...]
    hypothesis: str
    proposer: str

    def apply(self, spec: VariantSpec) -> VariantSpec:
        """Return the parent's spec with every change, named by them.

        Raises
        ------
        KitError
            If a change is not allowed.
        """
        changed = spec
        for change in self.changes:
            changed = change.apply(changed)
        named = {"name": self.label, "parent": spec.key, "proposer": self.proposer[:80]}
        said = {"hypothesis": self.hypothesis[:500]}
        return read_spec(VariantSpec, changed.model_dump(mode="json") | named | said)

    @property
    def name(self) -> str:
        """The edits in few words."""
        return ", ".join(map(str, self.changes)) or "the default again"

    @property
    def label(self) -> str:
        """What its variant is called: the name, as long as one may be."""
        return self.name[:80]
