"""Who changes whom on a board: by the specs of its variants, and by the search they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kit.base.errors import DataError
from kit.flow.search.record import SearchRecord
from kit.variant.frozen import FrozenVariant
from kit.variant.spec import VariantSpec
from kit.variant.trial import Trial


class Lineage:
    """Parents of the variants on a board.

    Parameters
    ----------
    baseline : FrozenVariant
        What every candidate is compared with.
    candidates : mapping of str to FrozenVariant
        By name; the board adds to it.
    record : SearchRecord or None
        The search that they come from: it knows parents that are not on the board.
    """

    def __init__(
        self,
        baseline: FrozenVariant,
        candidates: Mapping[str, FrozenVariant],
        record: SearchRecord | None,
    ) -> None:
        self._baseline, self._candidates, self._record = baseline, candidates, record

    def trial(self, name: str) -> Trial | None:
        """Return the trial of the search that a candidate is; None if it is none."""
        found = None if self._record is None else self._record.trial(name)
        spec = self._candidates[name].spec
        is_it = found is not None and (found.spec.parent, found.spec.hypothesis) == (
            spec.parent, spec.hypothesis
        )  # fmt: skip
        return found if is_it else None

    def parent(self, name: str) -> str:
        """Return the name of what a candidate changes, or its key where that is not known."""
        trial = self.trial(name)
        if trial is not None and self._record is not None:
            above = next(self._record.above(trial), None)
            return "" if above is None else self._record.names[above.number]
        key = self._candidates[name].spec.parent
        here = (self._baseline, *self._candidates.values())
        return next((other.spec.name for other in here if other.spec.key == key), key)

    def above(self, name: str) -> Iterator[str]:
        """Yield the candidates that one descends from, nearest first, each once."""
        trial = self.trial(name)
        if trial is not None and self._record is not None:
            names = (self._record.names[one.number] for one in self._record.above(trial))
            yield from (other for other in names if other in self._candidates)
            return
        known = {variant.spec.key: other for other, variant in self._candidates.items()}
        seen = {name}
        parent = known.get(self._candidates[name].spec.parent)
        while parent is not None and parent not in seen:
            yield parent
            seen.add(parent)
            parent = known.get(self._candidates[parent].spec.parent)

    def spec(self, name: str) -> VariantSpec:
        """Return the spec of a variant on the board, or of a trial beside it.

        Raises
        ------
        DataError
            If there is none of that name.
        """
        here = {self._baseline.spec.name: self._baseline, **self._candidates}
        if name in here:
            return here[name].spec
        trial = None if self._record is None else self._record.trial(name)
        if trial is None:
            raise DataError(
                f"variant: got {name!r}; must be one of: {', '.join(here)}. Choose one, or add it."
            )
        return trial.spec
