"""What became of a question, in words: for the console and the magic."""

from __future__ import annotations

from kit.ai.sql_draft import LAYER, Answered


def read_as(done: Answered) -> list[str]:
    """Return how a question was read: what words mean, or what a model assumed."""
    return [text for text in done.said if text]


def no_answer(done: Answered) -> str:
    """Say why a question has no answer, and what could be asked.

    Examples
    --------
    >>> no_answer(Answered("x by moon", LAYER, said=("I do not know 'moon' in these tables.",)))
    "No answer: I do not know 'moon' in these tables. Ask it in other words, or name a model."
    """
    near = f" Nearest: {', '.join(done.nearest)}." if done.nearest else ""
    if done.by == LAYER:
        why = " ".join(read_as(done)).rstrip(".")
        return f"No answer: {why}.{near} Ask it in other words, or name a model."
    if done.attempts:
        drafts = len(done.attempts)
        none = "the one draft" if drafts == 1 else f"none of the {drafts} drafts"
        return f"No answer: {none} of {done.by} {'did not hold' if drafts == 1 else 'held'}."
    why = " ".join(read_as(done)) or "it gave no reason."
    return f"No answer: {done.by} drafted none: {why}"


def scan_words(done: Answered) -> str:
    """Say what the query was to read, by the planner's estimate."""
    if done.estimate is None:
        return ""
    tables = ", ".join(f"{name} {rows:,}" for name, rows in done.estimate.by_table.items())
    return f"about {done.estimate.rows:,} rows" + (f": {tables}" if tables else "")


def size_words(done: Answered) -> str:
    """Say how many rows came, and how fast."""
    if done.answer is None:
        return "no rows"
    rows = len(done.answer.frame)
    cut = ", cut off there" if done.answer.truncated else ""
    return f"{rows:,} row{'s' * (rows != 1)}{cut}, in {done.answer.seconds:.2f} s"


def check_lines(done: Answered) -> list[str]:
    """Return the sanity checks, one a line."""
    return [
        f"{'ok   ' if finding.ok else 'CHECK'} {finding.check}: {finding.words}"
        for finding in done.findings
    ]
