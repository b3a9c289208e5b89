"""Set phrases that hold a word of comparison, of certainty or of *all*, and claim none of it."""

from __future__ import annotations

import re

_SPAN = r"(?:hours?|days?|weeks?|months?|minutes?|blocks?|auctions?|looks?)"
_NUMBER = r"(?:[\d,.]+[km]?|[a-z]+(?:-[a-z]+)?)"

_FIXED = (
    r"equally,|certainly(?= (?:does |do |is |did )?not (?:mean|imply|prove|say|show)\b)|all told|"
    r"if any|all day(?: long)?|the same goes for|no more to it than (?:that|this)|"
    r"proof of the pudding|all in all|after all|"
    r"above all(?: else)?|for all (?:we|i) know|first of all|first and foremost|last but not least|"
    r"at (?:long )?last|at last count|by and large|on the whole|on balance|at the end of the day|"
    r"when all is said and done|no more(?:,| and) no less|neither more nor less|no more than that|"
    r"nothing more,? nothing less|to be (?:sure|clear|fair|precise|exact|honest|safe)|sure enough|"
    r"of course|needless to say|(?:it is |it's )?safe to (?:say|call)|so to speak|"
    r"for better or (?:for )?worse|to make matters worse|worse still|better still|what(?: is|"
    r"'s) more|once more|more to the point|so far|to date|up to (?:date|now|here|this point)|"
    r"on top of (?:that|this)|as (?:ever|usual)|time and again|in the last resort|rules? of thumb|"
    r"all the same,|best (?:guess|estimate|reading)|best[- ]fitting|best practices?|(?:each|"
    r"one) (?:other|another)(?:'s)?|common ground|(?:think|thought|thinks) twice|at face value"
)
_PHRASE = (
    rf"(?<![\w-])(?:{_FIXED}|"
    r"(?:(?<=, )|(?<=^)|(?<=\bis )|(?<=\bwas )|(?<=\bare )|(?<=\bwere ))in any (?:case|event)|"
    r"in (?:every|each|any) (?:case|event)(?= (?:where|in which|that)\b)|anywhere(?= (?:from|"
    r"between)\b)|somewhere(?= (?:from|between)\b)|(?:^|(?<=[:;] ))as a result(?= (?:for|of|on|"
    r"about|at|in)\b)|as a result(?= (?:for|about)\b)|as results go|the (?:word|term|"
    r"label) [\"“'\u2018][^\"”'\u2019]*[\"”'\u2019]|"
    rf"(?:the )?(?:last|next to last)(?= {_NUMBER} {_SPAN}\b)|"
    r"(?:(?<=blocks )|(?<=block )|(?<=log )|(?<=holdout )|(?<=test )|(?<=wait )|(?<=delay )|"
    rf"(?<=window )|(?<=period )|(?<=split )|(?<=each ))lasts?(?= (?:for )?{_NUMBER} {_SPAN}\b)"
    r")(?!\w)"
)
_LAGGED = re.compile(r"\b(?:(?:did|does|could|can) not|failed to) keep (?:up|pace) with\b")
_PHRASES = re.compile(rf", (?:{_PHRASE}),(?= )|(?:{_PHRASE})(?:, )?")


def without_idioms(plain: str) -> str:
    """Return a sentence in small letters with its set phrases put aside.

    Examples
    --------
    >>> without_idioms("all told, the last 12 hours were held out")
    '12 hours were held out'
    """
    plain = _LAGGED.sub("was worse than", _PHRASES.sub(" ", plain))
    return " ".join(plain.split()).strip(", ")
