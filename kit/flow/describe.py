"""Put a comparison into words, tables and figure data: the findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pandas as pd

from kit.data.log import AuctionLog
from kit.data.sealed import SealedSplit
from kit.flow import limits, pictures
from kit.flow.ask import Answer
from kit.flow.choose import Choice
from kit.flow.describe_comparison import comparison_tables
from kit.flow.describe_search import search_section
from kit.flow.describe_split import one_exchange, split_facts, split_figure, split_section
from kit.flow.findings import (
    FigureData,
    Findings,
    FrameData,
    SectionData,
    SourceData,
    TableData,
    UnitData,
)
from kit.flow.fit import ClickValue, Models
from kit.flow.judge import Judged
from kit.flow.response_curves import exchange_names
from kit.flow.search.outcome import Found
from kit.flow.split_budget import JudgedSplit
from kit.flow.versions import versions
from kit.models.labels import labelled
from kit.models.reliability import ProbabilityScore, score_probabilities
from kit.report.numbers import count, money, percent
from kit.report.parts import Table
from kit.report.tables import results_table


@dataclass(frozen=True, eq=False)
class Compared:
    """Everything the stages handed on, before it is put into words.

    Parameters
    ----------
    split : SealedSplit
        Its open parts with predictions and click values.
    models : Models
        Fitted on train and tune.
    click_value : ClickValue
        What a click counts.
    choice : Choice
        What was chosen on the tune split.
    judged, optimistic : Judged
        The tune split under both readings; None where they are the same.
    answer : Answer
        What the vault said of the holdout.
    budget : JudgedSplit or None
        A budget divided across exchanges; None where there is one exchange, or nobody asked.
    search : Found, str or None
        Variants that were proposed; why there are none; None where nobody asked.
    """

    split: SealedSplit
    models: Models
    click_value: ClickValue
    choice: Choice
    judged: Judged
    optimistic: Judged | None
    answer: Answer
    budget: JudgedSplit | None = None
    search: Found | str | None = None

    @property
    def policy(self) -> str:
        """Name of the policy."""
        return self.choice.policy.name

    @property
    def baseline(self) -> str:
        """Name of the baseline."""
        return self.choice.baseline.name


def describe(found: Compared, *, command: str, seed: int, generated_at: str) -> Findings:
    """Put a comparison into words, tables and the data of figures.

    Parameters
    ----------
    found : Compared
        What the stages handed on.
    command : str
        What makes it again.
    seed : int
        Seed of every random draw.
    generated_at : str
        When it was made, in words.
    """
    unit = found.split.train.meta.unit
    judged = found.judged
    return Findings(
        title=f"{found.policy.capitalize()} against {found.baseline}: {found.split.source}",
        question=_question(found),
        policy=found.policy,
        baseline=found.baseline,
        unit=UnitData(**asdict(unit)),
        comparison=judged.comparison.to_dict(),
        verdict=found.answer.verdict.to_dict() if found.answer.verdict else None,
        no_verdict=found.answer.no_verdict,
        totals={"policy": judged.policy.to_dict(), "baseline": judged.baseline.to_dict()},
        optimistic=found.optimistic.comparison.to_dict() if found.optimistic else None,
        models={name: model.summary() for name, model in found.models.fitted.items()},
        choice={
            "about": found.choice.policy.about,
            "multiplier": found.choice.multiplier,
            "tried": found.choice.tried,
        },
        budget_split=split_facts(found.budget) if _budget(found) else None,
        data=_data(found),
        method=_method(found),
        results=_table(results_table([judged.policy, judged.baseline])),
        figures=_figures(found),
        sections=_sections(found),
        diagnostics=[_table(table) for table in _diagnostics(found, seed)],
        limits=limits.limits(
            found.split.tune, found.models, found.click_value, judged, found.optimistic
        ),
        command=command,
        versions=versions(),
        seed=seed,
        generated_at=generated_at,
    )


def _figures(found: Compared) -> list[FigureData]:
    drawn = pictures.figures(found.split, found.models, found.choice, found.judged)
    return drawn if found.budget is None else [*drawn, split_figure(found.budget)]


def _sections(found: Compared) -> list[SectionData]:
    return [*_budget(found), *search_section(found.search)]


def _budget(found: Compared) -> list[SectionData]:
    if found.budget is not None:
        return [split_section(found.budget)]
    is_one = len(exchange_names(found.split.tune).unique()) == 1
    return [one_exchange()] if is_one else []


def _question(found: Compared) -> str:
    if found.choice.baseline.policy is None:
        rest = "the bids that were logged"
    else:
        rest = f"a policy that {found.choice.baseline.about}"
    return (
        f"On auctions that no model and no choice has seen, does a policy that "
        f"{found.choice.policy.about} earn more surplus than {rest}?"
    )


def _data(found: Compared) -> SourceData:
    split, meta = found.split, found.split.train.meta
    ties = "wins" if meta.ties_win else "loses"
    notes = [
        f"A bid equal to the market price {ties}, a property of the format {meta.format}.",
        *_market_notes(split.tune),
    ]
    return SourceData(
        source=split.source,
        source_hash=split.source_hash,
        rows=sum(split.rows.values()),
        bad_rows=split.bad_rows,
        period=_period(split),
        splits=dict(split.rows),
        notes=notes,
    )


def _market_notes(tune: AuctionLog) -> list[str]:
    shares = [float((tune.market_kind == code).mean()) for code in range(3)]
    words = ("known", "at most a bound", "at least a bound")
    said = ", ".join(
        f"{word} in {percent(share)}" for word, share in zip(words, shares, strict=True) if share
    )
    return [f"Market price in the tune split: {said} of the auctions."]


def _period(split: SealedSplit) -> str:
    frame, zone = split.train.frame, split.train.meta.timezone
    if "timestamp" in frame.columns:
        ends = (frame["timestamp"].iloc[0], split.tune.frame["timestamp"].iloc[-1])
        first, last = (f"{end.tz_convert(zone):%Y-%m-%d %H:%M}" for end in ends)
        return f"{first} to {last} ({zone}), then the sealed holdout"
    if "time_index" in frame.columns:
        first, last = frame["time_index"].iloc[0], split.tune.frame["time_index"].iloc[-1]
        return f"time_index {first} to {last}, then the sealed holdout; the log has no clock"
    return "in file order; the log has no clock"


def _method(found: Compared) -> list[str]:
    models = [f"{name}: {model.card.about}." for name, model in found.models.fitted.items()]
    return [
        f"The log is cut in time: {found.split.about}. Models are fitted on the train split, "
        "stopped early and calibrated on the tune split; bids are chosen on the tune split; "
        "the holdout is sealed, and a scoring process alone opens it, once for each look that is "
        "charged in the ledger.",
        "Models. " + " ".join(models),
        f"Policy. The policy {found.choice.policy.about}. This was the best of "
        f"{count(found.choice.tried)} settings by expected surplus on the tune split, where an "
        "impression is worth its predicted value and a market price that the log only bounds is "
        "drawn from the market model.",
        f"Baseline. It {found.choice.baseline.about}"
        + (", chosen in the same way." if found.choice.baseline.policy else "."),
        f"Money. {found.click_value.about} Surplus is the value of the clicks that followed less "
        "what the impressions cost, fees included."
        + (
            " Clicks of traffic later found invalid count nothing."
            if "is_invalid_traffic" in found.split.tune.frame.columns
            else ""
        ),
    ]


def _diagnostics(found: Compared, seed: int) -> list[Table]:
    chosen = (found.choice.policy, found.choice.baseline)
    beside = comparison_tables(found.judged, found.split.tune, chosen, seed)
    tables = [*beside, _scores(found)]
    if found.optimistic is not None:
        tables.insert(0, _readings(found.judged, found.optimistic))
    if len(found.judged.policy.by_campaign) > 1:
        tables.append(_campaigns(found))
    return tables


def _readings(judged: Judged, optimistic: Judged) -> Table:
    unit = judged.policy.unit
    rows = []
    for reading in (judged, optimistic):
        row = reading.comparison.first
        low, high = (unit.money(end) for end in (row.simultaneous_low, row.simultaneous_high))
        rows.append({
            "Reading": reading.reading,
            f"{judged.policy.policy}, undetermined bids": count(reading.policy.undetermined),
            f"{judged.baseline.policy}, undetermined bids": count(reading.baseline.undetermined),
            f"Surplus difference ({unit.currency})": money(
                unit.money(row.difference), "", sign=True
            ),
            "Interval": f"{money(low, '', True)} to {money(high, '', True)}",
            "Decision": reading.comparison.decision,
        })  # fmt: skip
    note = (
        "The pessimistic reading decides: a bid whose outcome the log does not tell loses, and an "
        "impression that the log lost is worth nothing. The optimistic one lets it win at the "
        "bound and counts its predicted value."
    )
    return Table("What the log leaves open", pd.DataFrame(rows), note)


def _scores(found: Compared) -> Table:
    rows = [
        {
            "Model": target, "Split": name, "Rows": count(score.rows),
            "Events": count(score.positives),
            "Log loss (nats)": _number(score.log_loss),
            "Normalised entropy": _number(score.normalised_entropy),
            "AUC": _number(score.auc),
            "Predicted / observed": _number(score.calibration_ratio),
        }
        for target, name, score in _all_scores(found)
    ]  # fmt: skip
    note = "Normalised entropy below 1: the model says more than the average rate does."
    return Table("Response models", pd.DataFrame(rows), note)


def _all_scores(found: Compared) -> Iterator[tuple[str, str, ProbabilityScore]]:
    for name, part in (("train", found.split.train), ("tune", found.split.tune)):
        clicks = labelled(part, "click")
        yield "click", name, score_probabilities(clicks.frame["pctr"], clicks.label)
        if found.models.conversion is not None:
            yield "conversion", name, found.models.conversion.score(part)


def _campaigns(found: Compared) -> Table:
    unit = found.judged.policy.unit
    rows = []
    for result in (found.judged.policy, found.judged.baseline):
        for row in result.by_campaign.to_dict("records"):
            surplus = row["value"] - row["spend"] - row["fees"]
            rows.append({
                "Campaign": str(row["campaign_id"]), "Policy": result.policy,
                "Impressions": count(row["impressions"]), "Clicks": count(row["clicks"]),
                f"Spend ({unit.currency})": money(unit.money(row["spend"]), ""),
                f"Surplus ({unit.currency})": money(unit.money(surplus), ""),
            })  # fmt: skip
    frame = pd.DataFrame(rows).sort_values("Campaign", kind="stable")
    note = "Totals; the differences between the two, with intervals, are in a table of their own."
    return Table("By campaign", frame.head(100), note)


def _number(value: float | None) -> str:
    return count(float("nan") if value is None else float(f"{value:.4g}"))


def _table(table: Table) -> TableData:
    return TableData(title=table.title, table=FrameData.of(table.frame), note=table.note)
