"""Make logs: convert one to Parquet, or simulate one."""

from __future__ import annotations

from pathlib import Path

from kit.base.files import file_hash
from kit.data.load import load_to_parquet
from kit.data.seal import load_sealed
from kit.data.simulate import SimulationConfig, simulate
from kit.flow.runs import Outcome, Say
from kit.flow.source import load_options
from kit.flow.specs import LoadSpec, SimulateSpec
from kit.report.numbers import count, percent


def run_load(spec: LoadSpec, say: Say) -> Outcome:
    """Convert a log to Parquet, whole or sealed.

    Raises
    ------
    KitError
        If the log cannot be read.
    """
    source = spec.source
    say(f"loading {source.path.name}")
    options = dict(load_options(source), progress=True)
    if spec.seal:
        sealed = load_sealed(
            source.path, source.format, spec.out, tune=spec.tune, holdout=spec.holdout, **options
        )
        plain, files = sealed.to_dict(), tuple(map(Path, sealed.files))
        said = f"Open next: kit train {spec.out} --out MODELS. The holdout stays sealed."
    else:
        report = load_to_parquet(source.path, source.format, spec.out, **options)
        plain, files = report.to_dict(), (spec.out,)
        said = f"Open next: kit demo --data {spec.out} --format parquet"
    return Outcome(
        summary=plain,
        inputs={str(source.path): str(plain["source_hash"])},
        outputs={str(path): file_hash(path) for path in files},
        lines=(_loaded(plain), said),
    )


def _loaded(plain: dict[str, object]) -> str:
    said = f"{plain['rows']:,} rows loaded from {plain['source']}"
    if plain["out_of_order"]:
        said += f", {plain['out_of_order']:,} of them sorted into time order"
    if plain["bad_rows"]:
        said += f"; {plain['bad_rows']:,} bad rows set aside in {plain['rejects']}"
    return f"{said}."


def run_simulate(spec: SimulateSpec, say: Say) -> Outcome:
    """Simulate a log with known truth and write it as Parquet.

    The same settings give the same log, and `kit.simulate` gives its truth with them.
    """
    say(f"simulating {spec.auctions:,} auctions")
    config = SimulationConfig(
        auctions=spec.auctions, days=spec.days, drift=spec.drift, world_seed=spec.world_seed
    )
    log = simulate(config, spec.seed).log
    path = log.save(spec.out)
    frame = log.frame
    return Outcome(
        summary={
            "auctions": len(log),
            "impressions": int(frame["won"].sum()),
            "clicks": int(frame["click"].sum()),
            "conversions": int(frame["conversion"].sum()),
            "seed": spec.seed,
            "log": str(path),
        },
        outputs={str(path): file_hash(path)},
        lines=(
            f"{count(len(log))} auctions, {percent(float(frame['won'].mean()))} won, "
            f"{count(int(frame['click'].sum()))} clicks: {path}",
            f"Open next: kit demo --data {path} --format parquet",
        ),
    )
