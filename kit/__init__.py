"""The notebook workspace for programmatic advertising: auction logs in, verdicts in money out.

Public names load on first use, so that ``import kit`` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from kit.base.public import PUBLIC
from kit.base.version import __version__ as __version__

__all__ = [*PUBLIC, "__version__"]

if TYPE_CHECKING:
    from kit.ai.catalog import Catalog as Catalog
    from kit.ai.catalog import open_catalog as open_catalog
    from kit.ai.client import Client as Client
    from kit.ai.endpoint import Endpoint as Endpoint
    from kit.ai.endpoint import endpoint_from_env as endpoint_from_env
    from kit.ai.journal import Journal as Journal
    from kit.ai.narrative.check import check_narrative as check_narrative
    from kit.ai.pairs import confirm_pair as confirm_pair
    from kit.ai.sql_draft import answer_question as answer_question
    from kit.allocate.allocation import Allocation as Allocation
    from kit.allocate.contracts.acceptance import AcceptanceCurve as AcceptanceCurve
    from kit.allocate.contracts.offline import offline_bound as offline_bound
    from kit.allocate.contracts.online import serve_contracts as serve_contracts
    from kit.allocate.contracts.online import serve_plainly as serve_plainly
    from kit.allocate.contracts.prices import ContractPrices as ContractPrices
    from kit.allocate.contracts.problem import ContractProblem as ContractProblem
    from kit.allocate.contracts.publishers import ImpressionTypes as ImpressionTypes
    from kit.allocate.contracts.publishers import read_draws as read_draws
    from kit.allocate.contracts.publishers import read_publisher as read_publisher
    from kit.allocate.contracts.shale import ShalePlan as ShalePlan
    from kit.allocate.floors.auctions import SellerAuctions as SellerAuctions
    from kit.allocate.floors.curves import FloorCurves as FloorCurves
    from kit.allocate.floors.fit import FloorPlan as FloorPlan
    from kit.allocate.floors.fit import fit_floors as fit_floors
    from kit.allocate.floors.fit import fit_single_floor as fit_single_floor
    from kit.allocate.floors.fit import floors_from_curves as floors_from_curves
    from kit.allocate.floors.values import fit_answered_floors as fit_answered_floors
    from kit.allocate.from_log import buy_side as buy_side
    from kit.allocate.from_log import sell_side as sell_side
    from kit.allocate.inventory.exploration import explore_inventory as explore_inventory
    from kit.allocate.inventory.greedy import greedy_inventory as greedy_inventory
    from kit.allocate.inventory.lp import lp_inventory as lp_inventory
    from kit.allocate.inventory.problem import Inventory as Inventory
    from kit.allocate.inventory.problem import QpsLimit as QpsLimit
    from kit.allocate.inventory.regret import exploration_regret as exploration_regret
    from kit.allocate.inventory.reselling import resell as resell
    from kit.allocate.inventory.supply_paths import SupplyPaths as SupplyPaths
    from kit.allocate.inventory.supply_paths import compare_paths as compare_paths
    from kit.allocate.linear.cluster import solve_partitions as solve_partitions
    from kit.allocate.linear.lp import LPSolution as LPSolution
    from kit.allocate.linear.lp import solve_lp as solve_lp
    from kit.allocate.linear.partitions import write_partitions as write_partitions
    from kit.allocate.mixed.auction import MixedAuction as MixedAuction
    from kit.allocate.mixed.calibration import SourceCalibration as SourceCalibration
    from kit.allocate.mixed.calibration import winners_curse as winners_curse
    from kit.allocate.problem import AllocationProblem as AllocationProblem
    from kit.allocate.tables import AllocationTables as AllocationTables
    from kit.allocate.terms.base import ConvexTerm as ConvexTerm
    from kit.allocate.terms.base import Limit as Limit
    from kit.allocate.terms.capacity import Budget as Budget
    from kit.allocate.terms.capacity import Capacity as Capacity
    from kit.allocate.terms.cvar import CVaR as CVaR
    from kit.allocate.terms.fairness import Fairness as Fairness
    from kit.allocate.terms.floor import PriceFloor as PriceFloor
    from kit.allocate.terms.frequency import Frequency as Frequency
    from kit.allocate.terms.guarantee import Guarantee as Guarantee
    from kit.allocate.terms.quality import Quality as Quality
    from kit.allocate.terms.registry import describe_terms as describe_terms
    from kit.allocate.terms.registry import make_term as make_term
    from kit.allocate.terms.robust import Robust as Robust
    from kit.allocate.terms.share import Concentration as Concentration
    from kit.allocate.terms.share import Pacing as Pacing
    from kit.allocate.terms.share import Share as Share
    from kit.allocate.terms.target import TargetCPA as TargetCPA
    from kit.allocate.terms.target import TargetROAS as TargetROAS
    from kit.base.assets import asset_dir as asset_dir
    from kit.base.errors import AIBudgetError as AIBudgetError
    from kit.base.errors import DataError as DataError
    from kit.base.errors import EndpointError as EndpointError
    from kit.base.errors import HoldoutSmallError as HoldoutSmallError
    from kit.base.errors import HoldoutSpentError as HoldoutSpentError
    from kit.base.errors import InfeasibleError as InfeasibleError
    from kit.base.errors import JournalError as JournalError
    from kit.base.errors import KitError as KitError
    from kit.base.errors import LeakageError as LeakageError
    from kit.base.errors import LedgerError as LedgerError
    from kit.base.errors import ModelError as ModelError
    from kit.base.errors import PolicyError as PolicyError
    from kit.base.errors import PromptError as PromptError
    from kit.base.errors import QueryError as QueryError
    from kit.base.errors import RunError as RunError
    from kit.base.errors import ScoringError as ScoringError
    from kit.base.errors import SolverError as SolverError
    from kit.base.errors import UnsafeSQLError as UnsafeSQLError
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
    from kit.data.sealed import SealedSplit as SealedSplit
    from kit.data.sealed import open_sealed as open_sealed
    from kit.data.sealed import seal_log as seal_log
    from kit.data.simulate import SimulationConfig as SimulationConfig
    from kit.data.simulate import simulate as simulate
    from kit.data.simulate_buyers import simulate_seller as simulate_seller
    from kit.data.split import Split as Split
    from kit.data.split import time_split as time_split
    from kit.data.sql.engine import Engine as Engine
    from kit.data.sql.guard.grants import Grants as Grants
    from kit.data.sql.meaning.metrics import load_metrics as load_metrics
    from kit.data.sql.open_engine import open_engine as open_engine
    from kit.data.sql.policy import check_expression as check_expression
    from kit.data.sql.policy import check_sql as check_sql
    from kit.data.valid import valid_clicks as valid_clicks
    from kit.data.warehouse import ScannedLog as ScannedLog
    from kit.experiment.floor_trial import try_floors as try_floors
    from kit.experiment.market_response import respond as respond
    from kit.flow.ask import Answer as Answer
    from kit.flow.ask_docs import ask_documents as ask_documents
    from kit.flow.auto_check import auto_check as auto_check
    from kit.flow.auto_result import AutoCheck as AutoCheck
    from kit.flow.choose import Tuner as Tuner
    from kit.flow.choose import choose as choose
    from kit.flow.describe import Compared as Compared
    from kit.flow.describe import describe as describe
    from kit.flow.describe_split import split_words as split_words
    from kit.flow.facts import facts_of as facts_of
    from kit.flow.facts import verdict_of as verdict_of
    from kit.flow.findings import Findings as Findings
    from kit.flow.fit import ClickValue as ClickValue
    from kit.flow.fit import fit_models as fit_models
    from kit.flow.fit import with_values as with_values
    from kit.flow.floor_study import FloorStudy as FloorStudy
    from kit.flow.judge import judge as judge
    from kit.flow.judge_inventory import judge_inventory as judge_inventory
    from kit.flow.narrate import narrate as narrate
    from kit.flow.narrate import write_narrative as write_narrative
    from kit.flow.perform import save_report as save_report
    from kit.flow.promote import freeze_policy as freeze_policy
    from kit.flow.render import write_up as write_up
    from kit.flow.runs import list_runs as list_runs
    from kit.flow.runs import utc_now as utc_now
    from kit.flow.search.notebook import search_variants as search_variants
    from kit.flow.search.opened import open_search as open_search
    from kit.flow.select_inventory import inventory_frontier as inventory_frontier
    from kit.flow.select_inventory import select_inventory as select_inventory
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
    from kit.report.inventory_figures import inventory_picture as inventory_picture
    from kit.report.verdict_words import gates_table as gates_table
    from kit.report.verdict_words import verdict_headline as verdict_headline
    from kit.report.verdict_words import verdict_lines as verdict_lines
    from kit.report.writeup import Writeup as Writeup
    from kit.validate.blocks import time_blocks as time_blocks
    from kit.validate.compare import compare as compare
    from kit.validate.comparison import Comparison as Comparison
    from kit.validate.detectable import auctions_needed as auctions_needed
    from kit.validate.detectable import detectable_effect as detectable_effect
    from kit.validate.drift import DriftReport as DriftReport
    from kit.validate.drift import drift_report as drift_report
    from kit.validate.leakage import LeakageReport as LeakageReport
    from kit.validate.leakage import check_frames as check_frames
    from kit.validate.leakage import check_leakage as check_leakage
    from kit.validate.ledger import Ledger as Ledger
    from kit.validate.ratio import ratio_differences as ratio_differences
    from kit.validate.rule import Schedule as Schedule
    from kit.validate.rules import Rules as Rules
    from kit.validate.rules import read_rules as read_rules
    from kit.validate.slices import SliceEffects as SliceEffects
    from kit.validate.slices import cross_blocks as cross_blocks
    from kit.validate.slices import slice_effects as slice_effects
    from kit.validate.stress import StressReport as StressReport
    from kit.validate.stress import stress_test as stress_test
    from kit.validate.vault import Vault as Vault
    from kit.validate.vault import looks_table as looks_table
    from kit.validate.verdict import Effect as Effect
    from kit.validate.verdict import GateResult as GateResult
    from kit.validate.verdict import Verdict as Verdict
    from kit.validate.winsor import share_of_largest as share_of_largest
    from kit.validate.winsor import winsorised as winsorised
    from kit.variant.build import build_variant as build_variant
    from kit.variant.change import Change as Change
    from kit.variant.constraint import Constraint as Constraint
    from kit.variant.frozen import FrozenVariant as FrozenVariant
    from kit.variant.frozen import freeze as freeze
    from kit.variant.frozen import load_frozen as load_frozen
    from kit.variant.spec import ModelSpec as ModelSpec
    from kit.variant.spec import PolicySpec as PolicySpec
    from kit.variant.spec import VariantSpec as VariantSpec
    from kit.widgets.allocation_explorer import AllocationExplorer as AllocationExplorer
    from kit.widgets.bid_tuner import BidTuner as BidTuner
    from kit.widgets.model_card import ModelCardPanel as ModelCardPanel
    from kit.widgets.replay_explorer import ReplayExplorer as ReplayExplorer
    from kit.widgets.sql_console import SQLConsole as SQLConsole
    from kit.widgets.variant_board import VariantBoard as VariantBoard

    replay_policy = _replay


def load_ipython_extension(shell: Any) -> None:
    """Add the magics: ``%load_ext kit``."""
    from kit.lab.magics import load

    load(shell)


def __getattr__(name: str) -> Any:
    try:
        module, _, attribute = PUBLIC[name].partition(":")
    except KeyError:
        raise AttributeError(f"module 'kit' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(module), attribute or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
