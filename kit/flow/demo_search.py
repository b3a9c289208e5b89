"""What ``kit demo`` proposes beyond its own choice: a short search, judged by the vault."""

from __future__ import annotations

from pathlib import Path

from kit.base.errors import KitError
from kit.data.sealed import SealedSplit
from kit.flow.choose import Candidate
from kit.flow.promote import policy_spec
from kit.flow.runs import Say
from kit.flow.search.default import default_variant
from kit.flow.search.outcome import Found
from kit.flow.search.propose import search_variants, written
from kit.flow.search.settings import ProposeSpec
from kit.flow.specs import DemoSpec, Source


def propose_more(
    sealed: SealedSplit, policy: Candidate, spec: DemoSpec, say: Say
) -> Found | str | None:
    """Search variants of the policy that was chosen.

    With a model in the environment it proposes structure, else the rule book does; numbers are
    moved by Optuna.

    Parameters
    ----------
    sealed : SealedSplit
        The log.
    policy : Candidate
        What was chosen on the tune split: trial 0.
    spec : DemoSpec
        Settings; ``proposals`` says how many.
    say : callable of str
        Told of each trial.

    Returns
    -------
    Found, str or None
        What was found; why nothing could be proposed; None where nobody asked.
    """
    if not spec.proposals:
        return None
    plain = default_variant(sealed.train, spec.seed)
    default = plain.model_copy(update={
        "name": policy.name, "policy": policy_spec(policy.policy), "hypothesis": policy.about,
        "proposer": "kit demo",
    })  # fmt: skip
    settings = ProposeSpec(
        source=Source(path=sealed.folder, format="parquet"), proposer="hybrid",
        budget=1 + spec.proposals, seed=spec.seed, default=default, finalists=1,
        click_value=spec.click_value, out=spec.out / f"search_{default.key[:8]}_{spec.seed}",
    )  # fmt: skip
    say(f"proposing {spec.proposals} variants of it")
    try:
        found = search_variants(settings, say)
    except KitError as error:
        say(f"nothing was proposed: {error}")
        return str(error)
    written(found, settings)
    return found


def search_files(found: Found | str | None) -> list[Path]:
    """Return the files of a search: its record, its result, its best spec."""
    if not isinstance(found, Found):
        return []
    return sorted(path for path in found.out.iterdir() if path.is_file())
