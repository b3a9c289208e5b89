"""Check a candidate against a baseline on a sealed holdout, by one charged look."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from kit.base.errors import DataError, ModelError, PolicyError
from kit.base.files import file_hash, write_text
from kit.base.specs import Spec, read_spec
from kit.base.units import PriceUnit
from kit.bid.registry import POLICIES
from kit.data.seal import SPLIT_FILE
from kit.data.sealed import SealedSplit
from kit.flow.check_words import verdict_markdown
from kit.flow.runs import Outcome, Say
from kit.flow.source import open_sealed_source
from kit.flow.specs import Source
from kit.report.verdict_words import verdict_headline, verdict_lines
from kit.validate.rules import read_rules
from kit.validate.vault import Vault
from kit.validate.verdict import Question, Verdict
from kit.variant.build import build_variant
from kit.variant.frozen import VARIANT_FILE, FrozenVariant, load_frozen
from kit.variant.spec import VariantSpec

VERDICT_FILE = "verdict.json"
WORDS_FILE = "verdict.md"
Money = Annotated[float, Field(ge=0)]


class CheckSpec(Spec):
    """Settings of ``kit check``.

    Parameters
    ----------
    source : Source
        A folder that ``kit load --seal`` wrote, or a log, which is sealed into the workspace.
    candidate, baseline : Path
        A JSON file of a `kit.variant.spec.VariantSpec`, or the folder of a frozen variant.
    question : {"better", "not_worse", "worse"}
        What is claimed of the candidate.
    margin : float or None
        Surplus for every 1,000 auctions that "not worse" may give away, in the log's currency.
    click_value : float or None
        Value of a click in the log's currency; None takes each row's own.
    budget : float or None
        What either may spend for every 1,000 auctions, in the log's currency.
    seed : int
        As in `kit.validate.claim.Claim`.
    proposer : str
        Who or what asks, for the ledger.
    tune_only : bool
        Ask the tune split alone; nothing is charged.
    trust_code : bool
        Whether a frozen variant's own policy in Python may run.
    out : Path or None
        Folder for ``verdict.json`` and ``verdict.md``.
    """

    source: Source
    candidate: Path
    baseline: Path
    question: Question = "better"
    margin: Annotated[float, Field(gt=0)] | None = None
    click_value: Annotated[float, Field(gt=0)] | None = None
    budget: Money | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    proposer: Annotated[str, Field(min_length=1, max_length=80)] = "human"
    tune_only: bool = False
    trust_code: bool = False
    out: Path | None = None


def run_check(spec: CheckSpec, say: Say) -> Outcome:
    """Build what is a spec, look once (or preview), and say what came out.

    Raises
    ------
    KitError
        If the log, a variant or a setting is not allowed, or the vault refuses.
    """
    _margin_fits(spec)
    _can_write(spec.out)
    sealed = open_sealed_source(spec.source, say)
    _is_valued(spec, sealed)
    candidate, baseline = _variants(spec, sealed, say)
    inputs = _inputs(spec, sealed)
    vault = Vault(sealed)
    power = read_rules(vault.rules).effect.power
    verdict = _asked(spec, vault, candidate, baseline, sealed.tune.meta.unit, say)
    answer = verdict.answer if verdict.look else "not looked at"
    headline = verdict_headline(verdict, power=power)
    lines = verdict_lines(verdict, power=power, auctions=sealed.rows["holdout"])
    return Outcome(
        summary={
            "verdict": {"answer": answer, **verdict.to_dict()},
            "headline": headline,
            "lines": lines,
            "exit_code": verdict.exit_code,
        },
        inputs=inputs,
        outputs=_write(verdict, headline, lines, spec.out),
        lines=(headline, *(f"  {line}" for line in lines)),
    )


def _asked(
    spec: CheckSpec, vault: Vault, candidate: FrozenVariant, baseline: FrozenVariant,
    unit: PriceUnit, say: Say,
) -> Verdict:  # fmt: skip
    claim: dict[str, Any] = {
        "question": spec.question,
        "seed": spec.seed,
        "trust_code": spec.trust_code,
        **_price_sums(spec, unit),
    }
    if spec.tune_only:
        say("previewing on the tune split; nothing is charged")
        return vault.preview(candidate, baseline, **claim)
    say("asking the scoring process")
    return vault.look(candidate, baseline, proposer=spec.proposer, **claim)


def _can_write(out: Path | None) -> None:
    """Refuse a folder that cannot be made before a look is charged, not after."""
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"out: {out} cannot be made ({error.strerror}); must be a folder that can be written. "
            "No look was charged. Pass another --out."
        ) from None


def _margin_fits(spec: CheckSpec) -> None:
    if spec.margin is not None and spec.question != "not_worse":
        raise DataError(
            f"margin: got {spec.margin:g} with the question {spec.question}; only not-worse gives "
            "surplus away. Drop --margin, or ask --question not-worse."
        )
    if spec.margin is None and spec.question == "not_worse":
        raise DataError(
            "margin: is missing; not-worse must say how much surplus for every 1,000 auctions may "
            "be given away. Pass --margin."
        )


def _is_valued(spec: CheckSpec, sealed: SealedSplit) -> None:
    if spec.click_value is None and "click_value_cpm" not in sealed.tune.frame.columns:
        raise DataError(
            "click_value: is not stated, and the log has no click_value_cpm; a verdict in money "
            "needs it. Pass --click-value, the value of a click in the currency."
        )


def _variants(
    spec: CheckSpec, sealed: SealedSplit, say: Say
) -> tuple[FrozenVariant, FrozenVariant]:
    candidate = _variant("candidate", spec.candidate, sealed, spec.trust_code, say)
    baseline = _variant("baseline", spec.baseline, sealed, spec.trust_code, say)
    if candidate.hash == baseline.hash:
        raise DataError(
            f"candidate: bids as the baseline does ({baseline.spec.name}); must be another "
            "variant. No look was charged. Change its model, its policy or its seed."
        )
    return candidate, baseline


def _variant(
    role: str, path: Path, sealed: SealedSplit, trust_code: bool, say: Say
) -> FrozenVariant:
    """Load a frozen variant, or build one from its spec."""
    try:
        if path.is_dir():
            made = load_frozen(path, trust_code=trust_code)
        else:
            spec = read_variant(path)
            say(f"building {role} {spec.name}")
            made = build_variant(spec, sealed.train, sealed.tune)
        _has_pctr(made, sealed)
    except (DataError, ModelError, PolicyError) as error:
        raise type(error)(f"{role}: {error}") from None
    say(f"{role} {made.spec.name} is frozen in {made.folder}")
    return made


def _has_pctr(made: FrozenVariant, sealed: SealedSplit) -> None:
    policy = made.spec.policy.name
    reads = getattr(POLICIES.get(policy), "columns", ())
    if "pctr" in reads and made.click is None and "pctr" not in sealed.tune.frame.columns:
        raise PolicyError(
            f"policy {policy}: needs pctr, and neither the variant nor the log has it; must come "
            "with a click model. Give the spec a model, or map the column."
        )


def read_variant(path: Path) -> VariantSpec:
    """Read the spec of a variant from a JSON file.

    Raises
    ------
    DataError
        If the file is missing, no JSON, or no `VariantSpec`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "flat.json"
    ...     said = path.write_text('{"name": "flat", "policy": {"name": "constant"}}')
    ...     read_variant(path).policy.name
    'constant'
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: cannot be read as JSON ({error}). Pass a JSON file of a VariantSpec, or the "
            "folder of a frozen variant."
        ) from None
    try:
        return read_spec(VariantSpec, plain)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from None


def _price_sums(spec: CheckSpec, unit: PriceUnit) -> Mapping[str, float | None]:
    """Return the amounts of the settings as price sums, as a claim takes them."""

    def price_sum(amount: float | None) -> float | None:
        return None if amount is None else amount * 1000 * unit.minor_per_major

    return {
        "click_value_cpm": price_sum(spec.click_value),
        "budget_per_1000": price_sum(spec.budget),
        "margin_per_1000": price_sum(spec.margin) or 0.0,
    }


def _inputs(spec: CheckSpec, sealed: SealedSplit) -> dict[str, str]:
    """Return what was read and its hashes; the sealed file is told of by the split's own facts."""
    read = [sealed.folder / SPLIT_FILE] if spec.source.path.is_dir() else [spec.source.path]
    variants = (spec.candidate, spec.baseline)
    read += [path / VARIANT_FILE if path.is_dir() else path for path in variants]
    return {str(path): file_hash(path) for path in read}


def _write(verdict: Verdict, headline: str, lines: list[str], out: Path | None) -> dict[str, str]:
    if out is None:
        return {}
    plain = json.dumps(verdict.to_dict(), indent=1, allow_nan=False) + "\n"
    texts = {VERDICT_FILE: plain, WORDS_FILE: verdict_markdown(verdict, headline, lines)}
    for name, text in texts.items():
        write_text(out / name, text)
    return {str(out / name): file_hash(out / name) for name in texts}
