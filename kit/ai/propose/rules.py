"""The rule book: what an experienced engineer would try, strongest evidence first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from kit.ai.propose.brief import Brief, ExchangeFact
from kit.ai.propose.protocol import fresh, parents
from kit.variant.change import Change, Proposal
from kit.variant.spec import PolicySpec, VariantSpec
from kit.variant.trial import Trial

Rule = tuple[Change, str]
LEAST_Z = 3.0
"""Evidence of a missing feature below this is left alone: of 100 features by chance, one in seven
hundred is above it."""
LEAST_FACTOR = 0.07
"""A factor nearer to 1 than this is not worth a trial."""


class RuleBook:
    """Proposes structure from the brief's evidence, then the usual numbers.

    Each proposal changes the best trial so far: what helped stays.

    Parameters
    ----------
    numbers : bool
        Whether the usual numbers follow the structure.
    """

    name = "rules"

    def __init__(self, numbers: bool = True) -> None:
        self._numbers = numbers

    def propose(
        self, brief: Brief, trials: Sequence[Trial], count: int, seed: int
    ) -> list[Proposal]:
        """Return the first rules that have not been tried on the best trial."""
        best = parents(trials)[0]
        default = trials[0].spec
        rules = [
            *structural(brief, default, best.spec),
            *(numeric(brief, best) if self._numbers else ()),
        ]
        made = (Proposal(best.number, (change,), why, self.name) for change, why in rules)
        return fresh(_untried(made, trials), trials, count)


def _untried(proposals: Iterator[Proposal], trials: Sequence[Trial]) -> Iterator[Proposal]:
    """Leave out changes that were made before: on their parent they did not help."""
    tried = {trial.spec.name for trial in trials}
    return (proposal for proposal in proposals if proposal.label not in tried)


def structural(brief: Brief, default: VariantSpec, best: VariantSpec) -> list[Rule]:
    """Return structural rules: prices, features and loss in turn, each by its evidence.

    Parameters
    ----------
    brief : Brief
        What is known of the default on this log.
    default, best : VariantSpec
        The default, and what is changed.
    """
    in_turn = zip_longest(_prices(brief, default, best), _features(brief), _losses(brief))
    return [rule for turn in in_turn for rule in turn if rule is not None]


def _prices(brief: Brief, default: VariantSpec, best: VariantSpec) -> Iterator[Rule]:
    """Yield factors on bids, by what they would add: evidence is of the default's bids."""
    shading = default.policy.params.get("shading_factor")
    if shading is not None and abs(brief.first_price_factor - 1) > LEAST_FACTOR:
        yield (
            Change(kind="policy_param", name="shading_factor",
                   value=round(min(shading * brief.first_price_factor, 1.0), 3)),
            "Where the winner pays its bid, by the clicks so far, bids times "
            f"{brief.first_price_factor:.2f} would earn most.",
        )  # fmt: skip
    for fact in brief.exchanges:
        set_to = _factor(best.policy, fact)
        wanted = fact.factor * _level(default.policy, fact) / (_level(best.policy, fact) / set_to)
        if fact.gain > 0 and abs(wanted / set_to - 1) > LEAST_FACTOR:
            yield (
                Change(kind=fact.kind, name=fact.name, value=round(wanted, 3)),
                f"By the clicks on {fact.name}, the default's bids there times {fact.factor:.2f} "
                f"would add {fact.gain:.3g} for every 1,000 auctions.",
            )


def _factor(policy: PolicySpec, fact: ExchangeFact) -> float:
    """Return the factor on an exchange that a change would set; never 0."""
    plain = policy.multipliers.get(fact.name, policy.elsewhere)
    return (policy.first_price.get(fact.name, plain) if fact.first_price else plain) or 1.0


def _level(policy: PolicySpec, fact: ExchangeFact) -> float:
    """Return what the value is multiplied by there, all in all."""
    shading = policy.params.get("shading_factor", 1.0) if fact.first_price else 1.0
    return policy.params.get("multiplier", 1.0) * shading * _factor(policy, fact)


def _features(brief: Brief) -> Iterator[Rule]:
    """Yield features by how much of the clicks the default leaves unexplained over them."""
    if not brief.has_trees:
        return
    single = {idea.name for idea in brief.addable}
    for idea in sorted([*brief.ideas, *brief.addable], key=lambda idea: -idea.z):
        if idea.z < LEAST_Z:
            return
        said = f"Clicks differ from the default's predictions over it by {idea.z:.1f} sd."
        if idea.name in single:
            yield Change(kind="add_feature", name=idea.name), said
        else:
            yield Change(kind="add_expression", name=idea.name, value=idea.sql), said


def _losses(brief: Brief) -> Iterator[Rule]:
    """Yield ways to learn from the same rows."""
    if not brief.has_trees:
        return
    yield (
        Change(kind="objective", value="log_loss"),
        "Log loss is proper for probabilities: it minds rare clicks.",
    )
    recent = Change(kind="recent_share", value=0.5)
    if brief.drift_z >= LEAST_Z:
        yield recent, f"Clicks moved between the halves of train by {brief.drift_z:.1f} sd."
    if brief.values_differ:
        yield (
            Change(kind="objective", value="value_log_loss"),
            "Clicks are worth different amounts: a row should count by its money.",
        )
    yield recent, "Older rows may tell of another market."
    yield Change(kind="recent_share", value=1.0), "More rows tell more."
    yield Change(kind="calibration", value="isotonic"), "Calibration by shape, not by a line."
    yield Change(kind="calibration", value="platt"), "A calibration line is steadier than steps."


def numeric(brief: Brief, best: Trial) -> Iterator[Rule]:
    """Yield the usual numbers around the best trial's."""
    params = best.spec.policy.params
    for factor in (0.85, 1.15) if "multiplier" in params else ():
        value = round(params["multiplier"] * factor, 4)
        yield (
            Change(kind="policy_param", name="multiplier", value=value),
            "The level of all bids is the cheapest thing to get right.",
        )
    if not brief.has_trees or best.spec.model is None:
        return
    for name, value, why in _USUAL:
        yield Change(kind="param", name=name, value=value), why


_USUAL = (
    ("num_leaves", 31.0, "Larger trees can hold interactions."),
    ("min_data_in_leaf", 30.0, "Small leaves find narrow groups of users."),
    ("learning_rate", 0.03, "Smaller steps overfit less."),
    ("num_leaves", 7.0, "Smaller trees overfit less."),
    ("min_data_in_leaf", 400.0, "Large leaves are steadier."),
    ("lambda_l2", 10.0, "Shrunken leaves are steadier."),
    ("cat_smooth", 60.0, "Rare labels should be shrunken more."),
    ("feature_fraction", 0.7, "Trees on part of the features differ more and average better."),
    ("learning_rate", 0.1, "Larger steps stop sooner."),
)
