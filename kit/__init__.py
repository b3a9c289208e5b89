"""The notebook workspace for programmatic advertising: auction logs in, verdicts in money out.

Public names load on first use, so that ``import kit`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kit.base.version import __version__ as __version__

_PUBLIC: dict[str, str] = {
    "asset_dir": "kit.base.assets",
    "DataError": "kit.base.errors",
    "KitError": "kit.base.errors",
    "LeakageError": "kit.base.errors",
    "ModelError": "kit.base.errors",
    "PolicyError": "kit.base.errors",
    "RunError": "kit.base.errors",
    "FEN_CPM": "kit.base.units",
    "USD_CPM": "kit.base.units",
    "PriceUnit": "kit.base.units",
    "load_log": "kit.data.load",
    "load_to_parquet": "kit.data.load",
    "load_with_report": "kit.data.load",
    "AuctionLog": "kit.data.log",
    "LogMeta": "kit.data.log",
    "load_sealed": "kit.data.seal",
    "SimulationConfig": "kit.data.simulate",
    "simulate": "kit.data.simulate",
    "Split": "kit.data.split",
    "time_split": "kit.data.split",
    "ScannedLog": "kit.data.warehouse",
    "ScaledPolicy": "kit.bid.scaled",
    "Setting": "kit.replay.tuning",
    "BidTuner": "kit.widgets.bid_tuner",
    "ReplayExplorer": "kit.widgets.replay_explorer",
    "ModelCardPanel": "kit.widgets.model_card",
    "drift": "kit.models.drift",
    "LandscapeModel": "kit.models.landscape",
    "fit_response": "kit.models.response",
    "load_response": "kit.models.response",
    "describe_policies": "kit.bid.registry",
    "make_policy": "kit.bid.registry",
    "TrainingStats": "kit.bid.training",
    "replay_grid": "kit.replay.grid",
    "replay_policy": "kit.replay.run:replay",
    "time_blocks": "kit.validate.blocks",
    "compare": "kit.validate.compare",
    "bid_curves": "kit.report.figures",
    "Writeup": "kit.report.writeup",
    "Tuner": "kit.flow.choose",
    "choose": "kit.flow.choose",
    "Comparison": "kit.flow.describe",
    "describe": "kit.flow.describe",
    "ClickValue": "kit.flow.fit",
    "fit_models": "kit.flow.fit",
    "valid_clicks": "kit.flow.fit",
    "with_values": "kit.flow.fit",
    "judge": "kit.flow.judge",
    "save_report": "kit.flow.perform",
    "write_up": "kit.flow.render",
    "list_runs": "kit.flow.runs",
    "utc_now": "kit.flow.runs",
    "AllocationExplorer": "kit.widgets.allocation_explorer",
    "AllocationProblem": "kit.allocate.problem",
    "AllocationTables": "kit.allocate.tables",
    "Capacity": "kit.allocate.terms.capacity",
    "Budget": "kit.allocate.terms.capacity",
    "Share": "kit.allocate.terms.share",
    "Quality": "kit.allocate.terms.quality",
    "split_budget": "kit.flow.split_budget",
    "judge_split": "kit.flow.split_budget",
    "Guarantee": "kit.allocate.terms.guarantee",
    "split_words": "kit.flow.describe_split",
    "PriceFloor": "kit.allocate.terms.floor",
    "ConvexTerm": "kit.allocate.terms.base",
    "buy_side": "kit.allocate.from_log",
    "sell_side": "kit.allocate.from_log",
}

__all__ = [*_PUBLIC, "__version__"]

if TYPE_CHECKING:
    from kit.allocate.from_log import buy_side as buy_side
    from kit.allocate.from_log import sell_side as sell_side
    from kit.allocate.problem import AllocationProblem as AllocationProblem
    from kit.allocate.tables import AllocationTables as AllocationTables
    from kit.allocate.terms.base import ConvexTerm as ConvexTerm
    from kit.allocate.terms.capacity import Budget as Budget
    from kit.allocate.terms.capacity import Capacity as Capacity
    from kit.allocate.terms.floor import PriceFloor as PriceFloor
    from kit.allocate.terms.guarantee import Guarantee as Guarantee
    from kit.allocate.terms.quality import Quality as Quality
    from kit.allocate.terms.share import Share as Share
    from kit.base.assets import asset_dir as asset_dir
    from kit.base.errors import DataError as DataError
    from kit.base.errors import KitError as KitError
    from kit.base.errors import LeakageError as LeakageError
    from kit.base.errors import ModelError as ModelError
    from kit.base.errors import PolicyError as PolicyError
    from kit.base.errors import RunError as RunError
    from kit.base.units import FEN_CPM as FEN_CPM
    from kit.base.units import USD_CPM as USD_CPM
    from kit.base.units import PriceUnit as PriceUnit
    from kit.bid.registry import describe_policies as describe_policies
    from kit.bid.registry import make_policy as make_policy
    from kit.bid.scaled import ScaledPolicy as ScaledPolicy
    from kit.bid.training import TrainingStats as TrainingStats
    from kit.data.load import load_log as load_log
    from kit.data.load import load_to_parquet as load_to_parquet
    from kit.data.load import load_with_report as load_with_report
    from kit.data.log import AuctionLog as AuctionLog
    from kit.data.log import LogMeta as LogMeta
    from kit.data.seal import load_sealed as load_sealed
    from kit.data.simulate import SimulationConfig as SimulationConfig
    from kit.data.simulate import simulate as simulate
    from kit.data.split import Split as Split
    from kit.data.split import time_split as time_split
    from kit.data.warehouse import ScannedLog as ScannedLog
    from kit.flow.choose import Tuner as Tuner
    from kit.flow.choose import choose as choose
    from kit.flow.describe import Comparison as Comparison
    from kit.flow.describe import describe as describe
    from kit.flow.describe_split import split_words as split_words
    from kit.flow.fit import ClickValue as ClickValue
    from kit.flow.fit import fit_models as fit_models
    from kit.flow.fit import valid_clicks as valid_clicks
    from kit.flow.fit import with_values as with_values
    from kit.flow.judge import judge as judge
    from kit.flow.perform import save_report as save_report
    from kit.flow.render import write_up as write_up
    from kit.flow.runs import list_runs as list_runs
    from kit.flow.runs import utc_now as utc_now
    from kit.flow.split_budget import judge_split as judge_split
    from kit.flow.split_budget import split_budget as split_budget
    from kit.models.drift import drift as drift
    from kit.models.landscape import LandscapeModel as LandscapeModel
    from kit.models.response import fit_response as fit_response
    from kit.models.response import load_response as load_response
    from kit.replay.grid import replay_grid as replay_grid
    from kit.replay.run import replay as _replay
    from kit.replay.tuning import Setting as Setting
    from kit.report.figures import bid_curves as bid_curves
    from kit.report.writeup import Writeup as Writeup
    from kit.validate.blocks import time_blocks as time_blocks
    from kit.validate.compare import compare as compare
    from kit.widgets.allocation_explorer import AllocationExplorer as AllocationExplorer
    from kit.widgets.bid_tuner import BidTuner as BidTuner
    from kit.widgets.model_card import ModelCardPanel as ModelCardPanel
    from kit.widgets.replay_explorer import ReplayExplorer as ReplayExplorer

    replay_policy = _replay


def load_ipython_extension(shell: Any) -> None:
    """Add the magics: ``%load_ext kit``."""
    from kit.lab.magics import load

    load(shell)


def __getattr__(name: str) -> Any:
    try:
        module, _, attribute = _PUBLIC[name].partition(":")
    except KeyError:
        raise AttributeError(f"module 'kit' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
