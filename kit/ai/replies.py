"""What a model may reply, as flat pydantic models; a prompt names one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

MAX_SQL = 4000
MAX_NOTE = 600


def _at_most(most: int) -> AfterValidator:
    """Cap a text here and not in the JSON schema: servers turn a ``maxLength`` into a grammar."""

    def check(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"has {len(text)} characters; must have at most {most}")
        return text

    return AfterValidator(check)


class SQLDraft(BaseModel):
    """One query that is to answer a question.

    Parameters
    ----------
    sql : str
        One SELECT; empty where the tables do not hold the answer.
    assumptions : str
        What the draft takes for granted, in a sentence or two.

    Examples
    --------
    >>> SQLDraft(sql="SELECT 1", assumptions="").sql
    'SELECT 1'
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sql: Annotated[str, _at_most(MAX_SQL)]
    assumptions: Annotated[str, _at_most(MAX_NOTE)]


REPLIES: Mapping[str, type[BaseModel]] = {"SQLDraft": SQLDraft}
"""By the name in a prompt's front matter."""
