"""How far two sides are said to be apart: the same, a little, a lot; the figures must agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kit.ai.narrative.amounts import are_of_one
from kit.ai.narrative.meaning import meaning_of
from kit.ai.narrative.quantities import named_in
from kit.ai.narrative.sentences import Sentence
from kit.report.facts import Fact

_HEDGES = (
    r"(?:about|almost|nearly|practically|virtually|roughly|more or less|close to|much|pretty much|"
    r"essentially|basically|all but|next to|hardly|barely|scarcely|just|as good as|to all intents|"
    r"effectively|quite|very|broadly|largely|essentially|approximately|near|little)"
)
_SAME = re.compile(
    rf"\b(?:{_HEDGES} )*(?:(?<!all )(?<!just )the same(?= *[.,;:()!]|$| (?:as|for|in|on|under|"
    r"with|at|to|across|either|surplus|spend|value|win rate|ctr|cvr|cpc|cpa|e?cpm|roas|clicks|"
    r"conversions|impressions|price|cost|number|amount|level|figure|share|rate|volume|money|"
    r"budget)s?\b)|equal(?:ly)?|identical|level|even(?=[,.:;) ]*$)|on (?:a )?par|unchanged|"
    r"flat(?! (?:bid|side|one|rule|amount|cpm|rate|fee|price))|stable|alike|constant|"
    r"indistinguishable|no (?:real |"
    r"great |big |visible |noticeable |material )?(?:change|difference|gap)|neck and neck|a wash|"
    r"a tie|tied|as good as|in line(?= with| on|[,.:;])|matche[ds]|matches|(?<!no )match|steady)\b|"
    r"\b(?:hardly|barely|scarcely) (?:any (?:change|difference)|mov\w+|chang\w+|differ\w*|budg\w+|"
    r"apart|shift\w*)|\b(?:did|does|do|has|have) not (?:really |much )?(?:move|change|differ|budge|"
    r"shift|moved|changed)\b(?: much)?|\b(?:keeps?|kept) (?:pace|level)\b|\blittle (?:changed|"
    r"change|difference|between)\b|\bclose together\b|\bvery close\b|\bpractically no \w+\b|"
    r"\bvery similar\b|\bsimilar\b|\bmov\w+ (?:hardly|little)\b|\bchang\w+ (?:hardly|little)\b"
)
_LARGE = re.compile(
    r"\b(?:far|much|vastly|a lot|lots|considerably|substantially|markedly|dramatic\w*|sharply|"
    r"drastic\w*|hugely|massive\w*|steep\w*|greatly|heavily|strongly|significantly|(?:way|"
    r"miles) (?=ahead|above|below|more|less|fewer)|many (?=more|fewer))(?= (?:more|fewer|less|"
    r"higher|lower|cheaper|dearer|larger|smaller|better|worse|above|below|ahead|behind|up|down)\b)|"
    r"\bclearly(?= (?:more|fewer|less|higher|lower|cheaper|dearer|larger|smaller|above|below)\b)|"
    r"\b(?:sharply|dramatically|drastically|massively|steeply|hugely|heavily|markedly|considerably|"
    r"substantially)\b|\b(?:collaps\w+|plung\w+|plummet\w*|soar\w*|surg(?:ed|es|ing)|skyrocket\w*|"
    r"explod\w+|tumbl\w+|slash\w*|shot up|shoots up|rocket\w*|crash\w*|leapt|balloon\w*|"
    r"nosedive\w*)\b"
)
_SMALL = re.compile(
    r"\b(?:slight(?:ly)?|a little|a touch|a shade|marginal(?:ly)?|barely|a bit|narrowly|a hair|"
    r"a trifle|a whisker|fractionally|minimally|ever so|tiny)(?= (?:more|fewer|less|higher|lower|"
    r"cheaper|dearer|larger|smaller|better|worse|above|below|ahead|behind|up|down|rise|fall|drop|"
    r"increase|decrease|gain|loss)\b(?! of))|\b(?:rose|fell|grew|dropped|increased|decreased|"
    r"declined|climbed|slipped|improved) (?:slightly|a little|a touch|a shade|marginally|a bit|"
    r"minimally|fractionally)\b"
)
_NEXT = 24
MOST_FOR_SAME, LEAST_FOR_LARGE, MOST_FOR_SMALL = 0.06, 0.05, 0.5
"""Gaps, as shares of the larger side, up to which and from which a word is true."""


@dataclass(frozen=True)
class _Gap:
    name: str
    share: float


def wrong_degree(sentence: Sentence, facts: Sequence[Fact]) -> str:
    """Return which word says that two sides are nearer or further apart than they are.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "CPC", 0.73, "USD", "candidate"),
    ...          Fact("F2", "CPC", 0.74, "USD", "baseline")]
    >>> wrong_degree(sentences_of("CPC collapsed to 0.73 [F1] from 0.74 [F2].", [])[0], facts)
    '"collapsed": the two sides of CPC are 1.4 % apart'
    """
    plain = sentence.plain
    for pattern, least, most in (
        (_SAME, 0.0, MOST_FOR_SAME), (_LARGE, LEAST_FOR_LARGE, 9.9), (_SMALL, 0.0, MOST_FOR_SMALL)
    ):  # fmt: skip
        for word in pattern.finditer(plain):
            gap = _gap(sentence, facts, word)
            if gap and not least <= gap.share <= most and not _denied(plain, word.start()):
                return (
                    f'"{word[0]}": the two sides of {gap.name} are {gap.share:.1%} apart'.replace(
                        "%", " %"
                    )
                )
    return ""


def without_sameness(sentence: Sentence, facts: Sequence[Fact]) -> Sentence:
    """Return a sentence without the words of degree that figures cited beside them bear out.

    Examples
    --------
    >>> from kit.ai.narrative.sentences import sentences_of
    >>> facts = [Fact("F1", "CPC", 0.73, "USD", "candidate"),
    ...          Fact("F2", "CPC", 0.73, "USD", "baseline")]
    >>> said = sentences_of("CPC is the same, 0.73 [F1] and 0.73 [F2].", [])[0]
    >>> without_sameness(said, facts).plain
    'cpc is         , 0.73 [f1] and 0.73 [f2].'
    """
    plain = sentence.plain
    words = [*_SAME.finditer(plain), *_LARGE.finditer(plain)]
    for word in words:
        if _gap(sentence, facts, word) is not None:
            blank = " " * len(word[0])
            plain = plain[: word.start()] + blank + plain[word.end() :]
    return replace(sentence, plain=plain)


def _denied(plain: str, place: int) -> bool:
    return bool(re.search(r"\b(?:not|never|nor|no longer|far from)(?: \w+)?\s$", plain[:place]))


def _gap(sentence: Sentence, facts: Sequence[Fact], word: re.Match[str]) -> _Gap | None:
    """Return how far two sides are apart: of what is named next to a word, else cited nearest."""
    known = {fact.id: fact for fact in facts}
    sides: dict[tuple[str, str, bool], dict[str, tuple[float, int]]] = {}
    for name, at in sentence.cites:
        if name in known and known[name].of in ("candidate", "baseline"):
            meaning = meaning_of(known[name])
            pair = sides.setdefault((*meaning.subject, meaning.tune), {})
            pair[known[name].of] = (known[name].value, at)
    pairs = [
        (subject[0], pair["candidate"], pair["baseline"])
        for subject, pair in sides.items()
        if len(pair) == 2
    ]
    is_same = re.search(r"same|equal|identical", word[0])
    if (
        not pairs
        and is_same
        and (two := _two_parts([known[n] for n, _ in sentence.cites if n in known]))
    ):
        return two
    named = named_in(sentence.plain[word.end() : word.end() + _NEXT])
    pairs = [pair for pair in pairs if pair[0] in named] or pairs
    if not pairs:
        return None
    place = word.start()
    name, (a, _), (b, _) = min(pairs, key=lambda pair: _distance(place, pair[1][1], pair[2][1]))
    return _Gap(name, abs(a - b) / max(abs(a), abs(b), 1e-12))


def _two_parts(cited: Sequence[Fact]) -> _Gap | None:
    """Return how far two parts are apart: ``identical gains of 3 USD [F9] and 3 USD [F10]``."""
    if len(cited) != 2 or not are_of_one(*cited) or meaning_of(cited[0]).end:
        return None
    a, b = (fact.value for fact in cited)
    return _Gap(meaning_of(cited[0]).quantity, abs(a - b) / max(abs(a), abs(b), 1e-12))


def _distance(place: int, first: int, second: int) -> int:
    """Return how far off a pair is; one that follows counts before one that precedes."""
    soonest, latest = min(first, second), max(first, second)
    return soonest - place if soonest >= place else 4 * abs(place - latest)
