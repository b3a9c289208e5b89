"""Fit models on a log, or on the open part of a sealed one, and save them as plain files."""

from __future__ import annotations

from pathlib import Path

from kit.base.errors import DataError
from kit.base.files import file_hash
from kit.data.log import AuctionLog
from kit.data.rejects import rejects_path
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
        return _sealed_folder(path)
    say(f"loading {path.name}")
    log, report = open_log(spec.source, rejects_path(spec.out / path.name))
    split = time_split(valid_clicks(log), tune=spec.tune, holdout=spec.holdout)
    say(f"split {split.about}")
    return split.train, split.tune, {str(path): report.source_hash}


def _sealed_folder(folder: Path) -> tuple[AuctionLog, AuctionLog, dict[str, str]]:
    paths = [folder / f"{name}.parquet" for name in ("train", "tune")]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise DataError(
            f"{folder}: lacks {' and '.join(missing)}; must be a log, or a folder that "
            "`kit load --seal` wrote. Pass one of them."
        )
    train, tune = (valid_clicks(AuctionLog.read(path)) for path in paths)
    return train, tune, {str(path): file_hash(path) for path in paths}
