"""Fit models on a log, or on the open part of a sealed one, and save them as plain files."""

from __future__ import annotations

from kit.base.files import file_hash
from kit.data.log import AuctionLog
from kit.data.rejects import rejects_path
from kit.data.sealed import SealedSplit, open_sealed
from kit.data.split import time_split
from kit.data.valid import valid_clicks
from kit.flow.fit import fit_models
from kit.flow.runs import Outcome, Say
from kit.flow.source import open_log
from kit.flow.specs import TrainSpec


def run_train(spec: TrainSpec, say: Say) -> Outcome:
    """Fit the models that were asked for and write each into a folder of its own.

    A file is cut in time, and its holdout is not touched. A folder that ``kit load --seal`` wrote
    is already cut; its sealed holdout stays closed.

    Raises
    ------
    KitError
        If the log cannot be read, split or modelled.
    """
    train, tune, inputs = _open_parts(spec, say)
    models = fit_models(
        train, tune, say, targets=spec.targets, features=spec.features, seed=spec.seed
    )
    written = models.save(spec.out)
    summary = {
        target: model.summary() | {"folder": str(spec.out / target)}
        for target, model in models.fitted.items()
    }
    return Outcome(
        summary={"models": summary, "train": len(train), "tune": len(tune)},
        inputs=inputs,
        outputs={str(path): file_hash(path) for path in written},
        lines=(
            *(f"{target}: {item['about']} -> {item['folder']}" for target, item in summary.items()),
            f"Use it: kit replay LOG --model {spec.out / 'click'} --policy value",
        ),
    )


def _open_parts(spec: TrainSpec, say: Say) -> tuple[AuctionLog, AuctionLog, dict[str, str]]:
    path = spec.source.path
    if path.is_dir():
        sealed = open_sealed(path)
        say(sealed.about)
        return sealed.train, sealed.tune, _open_files(sealed)
    say(f"loading {path.name}")
    log, report = open_log(spec.source, rejects_path(spec.out / path.name))
    split = time_split(valid_clicks(log), tune=spec.tune, holdout=spec.holdout)
    say(f"split {split.about}")
    return split.train, split.tune, {str(path): report.source_hash}


def _open_files(sealed: SealedSplit) -> dict[str, str]:
    """Return the files that were read and their hashes; the sealed one is not among them."""
    paths = [sealed.folder / f"{name}.parquet" for name in ("train", "tune")]
    return {str(path): file_hash(path) for path in paths}
