"""Answer a question about tables by one checked query: ``kit sql``."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from kit.ai.budget import Budget
from kit.ai.catalog import Catalog, open_catalog
from kit.ai.client import Client
from kit.ai.endpoint import endpoint_from_env
from kit.ai.pairs import confirm_pair
from kit.ai.sql_draft import LAYER, Answered, answer_question
from kit.base.errors import DataError
from kit.base.files import atomic_path, file_hash
from kit.base.specs import Spec
from kit.data.sql.contract.limits import Limits
from kit.data.sql.contract.plain import plain_rows
from kit.data.sql.guard.pretty import pretty_sql
from kit.data.sql.translate import WRITTEN, translate_sql
from kit.flow.runs import Outcome, Say
from kit.flow.workspace import SETTINGS, read_settings

PASSED, REFUSED, NEEDS_A_PERSON = 0, 1, 3
NO_MODEL = "No model is named (OPENAI_BASE_URL or OPENAI_API_KEY): the semantic layer drafts alone."
_SHOWN_ROWS = 20


class AskSpec(Spec):
    """Settings of ``kit sql``.

    Parameters
    ----------
    question : str
        In words.
    data : str or None
        A DuckDB database, a Parquet file or a folder of them; ``postgresql://user@host/database``
        without a password, or ``env:NAME`` of a variable with such an address; None takes the
        workspace's log.
    allow : tuple of str or None
        ``table`` or ``table.column`` that may be read; None grants all.
    drafter : {"auto", "layer", "model"}
        Who drafts; ``auto`` asks a model only what the semantic layer does not understand.
    mode : {"live", "record", "replay"}
        Of the journal of calls.
    rows : int
        Most rows of the answer.
    timeout : float
        Seconds that a query may take.
    money, calls, seconds : Decimal, int, float or None
        What calls to a model may cost together.
    confirm : bool
        Keep the question and its SQL as a pair that is right.
    out : Path or None
        File for the rows: ``.csv`` or ``.parquet``.
    """

    question: str = Field(min_length=1)
    data: str | None = None
    allow: tuple[str, ...] | None = None
    drafter: Literal["auto", "layer", "model"] = "auto"
    mode: Literal["live", "record", "replay"] = "live"
    rows: int = 10_000
    timeout: float = 10.0
    money: Decimal | None = None
    calls: int | None = None
    seconds: float | None = None
    confirm: bool = False
    out: Path | None = None


def run_ask(spec: Spec, say: Say) -> Outcome:
    """Answer one question; see `AskSpec`.

    Raises
    ------
    KitError
        If there is nothing to read, or a model was asked and gave no usable reply.
    """
    if not isinstance(spec, AskSpec):
        raise DataError("sql: got other settings; must be an AskSpec. Pass one.")
    _check_out(spec.out)
    client = open_client(spec)
    if client is None:
        say(NO_MODEL)
    limits = Limits(timeout_seconds=spec.timeout, rows=spec.rows)
    with open_data(spec.data, spec.allow, limits) as catalog:
        done = answer_question(spec.question, catalog, client, spec.drafter)
        files = [str(path) for path in catalog.engine.files]
    outputs = _written(done, spec)
    return Outcome(
        {**summary_of(done), "exit_code": exit_code(done)},
        {path: file_hash(Path(path)) for path in files},
        outputs,
        tuple(answer_lines(done)),
    )


def open_data(
    data: str | Path | None, allow: tuple[str, ...] | None = None, limits: Limits | None = None
) -> Catalog:
    """Open what is asked about; None is the log that ``kit.toml`` names.

    Raises
    ------
    DataError
        If there is none, or it must be loaded first.
    """
    if data is not None:
        return open_catalog(data, allow, limits)
    log = read_settings().log
    if log is None:
        raise DataError(f"sql: no data. Pass --data PATH, or name a log in {SETTINGS}.")
    if log.format != "parquet":
        raise DataError(
            f"sql: {SETTINGS} names a log in the format {log.format}; must be Parquet. "
            "Load it with `kit load` first, or pass --data PATH."
        )
    return open_catalog(log.path, allow, limits)


def open_client(spec: AskSpec) -> Client | None:
    """Return the model that the environment names, within the budget; None if it names none.

    Raises
    ------
    EndpointError
        If the environment names one in part.
    """
    endpoint = None if spec.drafter == "layer" else endpoint_from_env()
    if endpoint is None:
        return None
    budget = Budget(money=spec.money, calls=spec.calls, seconds=spec.seconds)
    return Client(endpoint, budget=budget, mode=spec.mode)


def exit_code(done: Answered) -> int:
    """Return 0 for an answer that passed its checks, 3 for one that did not, 1 for none."""
    if done.answer is None:
        return REFUSED
    return PASSED if done.sound else NEEDS_A_PERSON


def summary_of(done: Answered) -> dict[str, Any]:
    """Return an answer as plain values."""
    answer = done.answer
    return {
        "question": done.question,
        "by": done.by,
        "sql": done.sql,
        "columns": [] if answer is None else list(answer.columns),
        "rows": [] if answer is None else plain_rows(answer.frame),
        "truncated": answer is not None and answer.truncated,
        "sound": done.sound,
        "findings": [vars(finding) for finding in done.findings],
        "said": list(done.said),
        "unknown": list(done.unknown),
        "nearest": list(done.nearest),
        "attempts": [vars(attempt) for attempt in done.attempts],
        "scan_rows": None if done.estimate is None else done.estimate.rows,
        "entries": list(done.entries),
    }


def answer_lines(done: Answered) -> list[str]:
    """Return an answer as a person reads it."""
    lines = [f"Drafted by: {done.by}"]
    lines += [f"  {text}" for text in done.said if text]
    lines += [f"  earlier draft failed: {attempt.failure}" for attempt in done.attempts]
    if done.answer is None:
        if done.nearest:
            lines.append(f"Nearest: {', '.join(done.nearest)}")
        mend = "ask it in other words, or name a model." if done.by == LAYER else (
            "none of the drafts held.")  # fmt: skip
        lines.append(f"No answer: {mend}")
        return lines
    scans = "" if done.estimate is None else f"Scans about {done.estimate.rows:,} rows."
    lines += ["", pretty_sql(done.sql or "", done.dialect), "", scans]
    frame = done.answer.frame
    lines += frame.head(_SHOWN_ROWS).to_string(index=False).splitlines()
    if len(frame) > _SHOWN_ROWS:
        lines.append(f"... {len(frame):,} rows; --out FILE writes all of them")
    lines.append("")
    lines += [
        f"{'ok  ' if finding.ok else 'CHECK'} {finding.check}: {finding.words}"
        for finding in done.findings
    ]
    return lines


def _check_out(out: Path | None) -> None:
    if out is not None and out.suffix not in (".csv", ".parquet"):
        raise DataError(f"out: got {out.name!r}; must end in .csv or .parquet. Rename it.")


def _written(done: Answered, spec: AskSpec) -> dict[str, str]:
    """Write the rows and keep the pair, if that was asked for and there is an answer."""
    if done.answer is None or done.sql is None:
        return {}
    if spec.confirm:
        confirm_pair(spec.question, translate_sql(done.sql, WRITTEN, done.dialect))
    if spec.out is None:
        return {}
    with atomic_path(spec.out) as partial:
        if spec.out.suffix == ".csv":
            done.answer.frame.to_csv(partial, index=False)
        else:
            done.answer.frame.to_parquet(partial, index=False)
    return {str(spec.out): file_hash(spec.out)}
