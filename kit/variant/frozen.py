"""`FrozenVariant`: a variant as plain files with their hashes, ready to bid and to be judged."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from kit.base.errors import ModelError, PolicyError, UnsafeSQLError
from kit.base.files import file_hash, write_text
from kit.base.specs import read_spec
from kit.base.workspace import candidates_path
from kit.bid.parameters import Bidder
from kit.bid.policy import BidPolicy
from kit.bid.registry import POLICIES, make_policy
from kit.bid.scaled import ALL, ScaledPolicy
from kit.data.log import AuctionLog
from kit.data.sql.features import check_feature
from kit.models.response import Response, load_response
from kit.variant.code import CODE_FILE, PREFIX, is_code, load_code
from kit.variant.spec import LOGGED, PolicySpec, VariantSpec

VARIANT_FILE = "variant.json"
CLICK_FOLDER = "click"
SUFFIXES = (".json", ".npz", ".txt")
"""What a frozen variant may hold, never pickle; beside them ``policy.py`` where it is code."""
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class FrozenVariant:
    """A variant that changes no more.

    Parameters
    ----------
    spec : VariantSpec
        With every parameter of its policy spelled out.
    folder : Path
        Where its files lie.
    files : mapping of str to str
        SHA-256 by path inside the folder.
    click : Response or None
        Predicts ``pctr``; None where the policy needs none, or the log's own is taken as it is.
    """

    spec: VariantSpec
    folder: Path
    files: Mapping[str, str]
    click: Response | None

    @property
    def hash(self) -> str:
        """SHA-256 of what decides its bids: the spec's deciding part, and every file."""
        text = json.dumps([self.spec.key, dict(self.files)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def features(self) -> tuple[str, ...]:
        """The request columns that its model reads, itself or through a computed feature."""
        if self.click is None:
            return ()
        told = self.click.card.features
        made = told.get("expressions", {})
        named = [name for name in told.get("names", ()) if name not in made]
        read = [name for name in told.get("reads", ()) if name != "timestamp"]
        return tuple(dict.fromkeys([*named, *read]))

    def with_predictions(self, log: AuctionLog) -> AuctionLog:
        """Return the log with the model's ``pctr``; as it is where there is no model.

        Raises
        ------
        ModelError
            Naming the columns that the log lacks.
        """
        return log if self.click is None else log.with_columns(pctr=self.click.predict(log))

    def bids(self, log: AuctionLog) -> BidPolicy | NDArray[np.float64]:
        """Return what `kit.replay.run.replay` takes for this log.

        Parameters
        ----------
        log : AuctionLog
            From `with_predictions`.

        Raises
        ------
        PolicyError
            If the variant bids what was logged, and the log holds no bids.
        """
        chosen = self.spec.policy
        if chosen.name == LOGGED:
            return _logged_bids(log)
        policy: BidPolicy = (
            load_code(self.folder, chosen.name, chosen.params)
            if is_code(chosen.name)
            else checked_policy(chosen)
        )
        if not (chosen.multipliers or chosen.first_price or chosen.elsewhere != 1):
            return policy
        names = log.labels("exchange", ALL)[1]
        plain = {name: chosen.multipliers.get(name, chosen.elsewhere) for name in names}
        shaded = {name: chosen.first_price.get(name, plain[name]) for name in names}
        return ScaledPolicy(policy, plain, shaded)


def checked_policy(chosen: PolicySpec) -> BidPolicy:
    """Make the policy of a spec whose parameters are spelled out.

    Raises
    ------
    PolicyError
        If the name or a parameter is not allowed, or it plans ahead over a budget.
    """
    kind = POLICIES.get(chosen.name)
    if kind is not None and not issubclass(kind, Bidder):
        raise PolicyError(
            f"policy {chosen.name}: plans ahead over an episode's budget; a variant must bid on "
            "each request by itself. Take another policy, or replay this one with `kit replay`."
        )
    return cast(BidPolicy, make_policy(chosen.name, chosen.params))


def _logged_bids(log: AuctionLog) -> NDArray[np.float64]:
    if "bid_price_cpm" not in log.frame.columns:
        raise PolicyError(
            f"policy {LOGGED}: the log has no bid_price_cpm; must hold the bids that were made. "
            "Compare with another policy, such as constant."
        )
    return log.frame["bid_price_cpm"].to_numpy(dtype=np.float64)


def freeze(
    spec: VariantSpec,
    click: Response | None,
    folder: Path | None = None,
    code: Path | None = None,
    *,
    root: Path | None = None,
) -> FrozenVariant:
    """Write a variant as plain files, whole or not at all.

    Parameters
    ----------
    spec : VariantSpec
        With every parameter of its policy; see `kit.variant.build.build_variant`.
    click : Response or None
        The fitted model.
    folder : Path, optional
        Where; default a folder of `root` named by the variant's hash. One that is there already,
        and whole, is taken as it is.
    code : Path, optional
        Python file of a policy named ``python:Name``; its copy is part of the variant.
    root : Path, optional
        Folder of folders named by hashes; default the workspace's.

    Raises
    ------
    PolicyError
        If the policy cannot be made.
    """
    is_own = is_code(spec.policy.name)
    if is_own != (code is not None):
        raise PolicyError(
            f"policy {spec.policy.name}: {'comes without' if is_own else 'comes with'} a Python "
            f"file; one is for policies named {PREFIX}Name, and for them alone. "
            f"{'Pass code.' if is_own else 'Drop code.'}"
        )
    if not is_own and spec.policy.name != LOGGED:
        checked_policy(spec.policy)
    root = folder.parent if folder is not None else root or candidates_path()
    root.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".freezing.", dir=root))
    try:
        if click is not None:
            click.save(partial / CLICK_FOLDER)
        if code is not None:
            shutil.copyfile(code, partial / CODE_FILE)
            load_code(partial, spec.policy.name, spec.policy.params)
        made = FrozenVariant(spec, partial, _hashes(partial, is_own), click)
        plain = {"format": _FORMAT, "spec": spec.model_dump(mode="json"), "files": made.files}
        write_text(partial / VARIANT_FILE, json.dumps(plain, indent=1, sort_keys=True) + "\n")
        target = root / made.hash[:16] if folder is None else folder
        partial.chmod(0o755)
        try:
            partial.rename(target)
        except OSError:
            if not target.exists():  # else it was frozen before, perhaps just now
                raise
        found = load_frozen(target, trust_code=is_own)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _same(found, made)


def _same(found: FrozenVariant, made: FrozenVariant) -> FrozenVariant:
    if found.hash != made.hash:
        raise ModelError(
            f"{found.folder}: holds another variant ({found.spec.name}); must be new or the same. "
            "Pass another folder."
        )
    return FrozenVariant(made.spec, found.folder, found.files, made.click)


def load_frozen(folder: str | Path, *, trust_code: bool = False) -> FrozenVariant:
    """Read what `freeze` wrote, and check that nothing in it has changed.

    Parameters
    ----------
    folder : str or Path
        Where it lies.
    trust_code : bool
        Whether a policy in Python may run; it is only ever looked at once its hash was checked.

    Raises
    ------
    ModelError
        If the folder holds no whole variant, or a file is missing, changed, or one too many.
    """
    source = Path(folder)
    try:
        plain = json.loads((source / VARIANT_FILE).read_text(encoding="utf-8"))
        known, files = plain["format"], dict(plain["files"])
        spec = read_spec(VariantSpec, plain["spec"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{source}: holds no frozen variant ({type(error).__name__} in {VARIANT_FILE}); must "
            "be a folder that `freeze` wrote. Build the variant again."
        ) from None
    if known != _FORMAT:
        raise ModelError(
            f"{source}: has format {known!r}; this version reads {_FORMAT}. Upgrade "
            "programmatic-kit, or build the variant again."
        )
    is_own = is_code(spec.policy.name)
    found = _hashes(source, is_own)
    changed = sorted(name for name in {*files, *found} if files.get(name) != found.get(name))
    if changed:
        raise ModelError(
            f"{source}: {', '.join(changed)} changed, missing or added since it was frozen; must "
            "stay as it was. Build the variant again."
        )
    if is_own and not trust_code:
        raise ModelError(
            f"{source}: its policy is Python code, {CODE_FILE}; is run only where it is trusted. "
            "Read it, then pass trust_code=True (kit check --trust-code)."
        )
    click = load_response(source / CLICK_FOLDER) if (source / CLICK_FOLDER).is_dir() else None
    _check_expressions(source, spec, click)
    return FrozenVariant(spec, source, files, click)


def _check_expressions(folder: Path, spec: VariantSpec, click: Response | None) -> None:
    """Refuse a spec that states other computed features than its model was fitted with."""
    if click is None or click.kind != "lightgbm" or spec.model is None:
        return
    fitted, reads = click.card.features.get("expressions", {}), click.card.features.get("reads", ())
    try:
        stated = {n: check_feature(text, reads)[0] for n, text in spec.model.expressions.items()}
    except UnsafeSQLError:
        stated = {}
    if stated != fitted or len(stated) != len(spec.model.expressions):
        raise ModelError(
            f"{folder}: its spec states other computed features than its model was fitted with; "
            "must be the same. Build the variant again."
        )


def _hashes(folder: Path, is_own: bool) -> dict[str, str]:
    """Return the SHA-256 of every file but the spec's own, by path inside the folder."""
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    inside = {path.relative_to(folder).as_posix(): path for path in paths}
    inside.pop(VARIANT_FILE, None)
    allowed = (CODE_FILE,) if is_own else ()
    odd = [n for n, path in inside.items() if path.suffix not in SUFFIXES and n not in allowed]
    if odd:
        raise ModelError(
            f"{folder}: holds {odd[0]}; a frozen variant may hold {', '.join(SUFFIXES)} only. "
            "Take it out."
        )
    return {name: file_hash(path) for name, path in inside.items()}
