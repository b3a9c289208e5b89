"""Dates and hours in words: ``March 2 to 8``, ``the last three days``, ``before 6 am``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kit.ai.words.clock import Hours, match_hours
from kit.ai.words.numbers import ORDINALS, whole_at
from kit.ai.words.tokens import Token

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip
MONTHS = {name: number for number, name in enumerate(_MONTHS, start=1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
_SUFFIXES = frozenset({"st", "nd", "rd", "th"})
_TO = frozenset({"to", "-", "\u2013", "\u2014", "through", "until", "till", "thru"})
_OPEN = (("on",), ("onward",), ("onwards",), ("and", "after"), ("and", "later"), ("or", "later"))
_LOG = (("of", "log"), ("in", "log"), ("of", "data"), ("of", "period"), ("of", "dataset"),
        ("in", "data"), ("of", "sample"))  # fmt: skip


@dataclass(frozen=True)
class Days:
    """Whole days, UTC, both ends included; None is open."""

    first: date | None
    last: date | None


@dataclass(frozen=True)
class Reader:
    """Reads times out of tokens.

    Parameters
    ----------
    tokens : sequence of Token
        The question.
    span : tuple of date, or None
        First and last day of the log: what "the 8th" and "the last day" refer to.
    """

    tokens: Sequence[Token]
    span: tuple[date, date] | None

    def match(self, start: int) -> tuple[Days | Hours, int] | None:
        """Return the time that starts at a token and the place after it, if one does."""
        return (
            self._range(start)
            or self._one_sided(start)
            or self._relative(start)
            or self._single(start)
            or match_hours(self.tokens, start)
        )

    def _norm(self, place: int) -> str:
        return self.tokens[place].norm if 0 <= place < len(self.tokens) else ""

    def _follows(self, place: int, phrases: Sequence[tuple[str, ...]]) -> int:
        for phrase in phrases:
            if all(self._norm(place + step) == word for step, word in enumerate(phrase)):
                return place + len(phrase)
        return place

    def _range(self, start: int) -> tuple[Days, int] | None:
        """Two dates with a word between them; the second may leave out its month."""
        opened = self._norm(start)
        place = start + (opened in ("from", "between", "starting"))
        if self._norm(place) == "on":
            place += opened != self._norm(place)
        joints = _TO | {"and"} if opened == "between" else _TO
        first = self._date(place)
        if first is not None:
            if self._norm(first[1]) not in joints:
                return None
            second = self._date(first[1] + 1) or self._day_of(first[1] + 1, first[0])
            return (Days(first[0], second[0]), second[1]) if second else None
        return self._shared_month(place, joints)

    def _shared_month(self, place: int, joints: frozenset[str]) -> tuple[Days, int] | None:
        """Read ``2 to 8 March``: the month comes with the second date."""
        day = self._day_number(place)
        if day is None or self._norm(day[1]) not in joints:
            return None
        second = self._date(day[1] + 1)
        first = self._made(second[0].year, second[0].month, day[0]) if second else None
        return (Days(first, second[0]), second[1]) if first and second else None

    def _day_of(self, place: int, month_of: date) -> tuple[date, int] | None:
        """Read a bare day in a month that was said before; a number of hours is none."""
        day = self._day_number(place)
        if day is None or self._norm(day[1]) in ("am", "pm", ":"):
            return None
        made = self._made(month_of.year, month_of.month, day[0])
        return (made, day[1]) if made else None

    def _one_sided(self, start: int) -> tuple[Days, int] | None:
        word = self._norm(start)
        place = start + 1
        if word == "up" and self._norm(place) == "to":
            word, place = "until", place + 1
            place = self._follows(place, (("and", "including"),))
        if word == "starting" and self._norm(place) in ("on", "from", "with"):
            place += 1
        if word in ("since", "from", "starting", "after", "before", "until", "till", "through"):
            found = self._date(place)
            if found is None:
                return None
            day, end = found
            if word in ("before", "until", "till", "through"):
                last = day - timedelta(days=1) if word == "before" else day
                return Days(None, last), end
            end = self._follows(end, _OPEN)
            return Days(day + timedelta(days=1) if word == "after" else day, None), end
        found = self._date(start + (word in ("on",)))
        if found is None:
            return None
        end = self._follows(found[1], _OPEN[1:])
        return (Days(found[0], None), end) if end != found[1] else None

    def _relative(self, start: int) -> tuple[Days, int] | None:
        """Read ``the first week``, ``the last three days``, ``day 8``, of the log."""
        if self.span is None:
            return None
        first, last = self.span
        word = self._norm(start)
        counted = whole_at(self.tokens, start + 1, 1, 366)
        count, place = counted or (1, start + 1)
        unit = self._norm(place)
        end = self._follows(place + 1, _LOG)
        if word in ("day", "days") and counted and self._norm(place) in _TO:
            until = whole_at(self.tokens, place + 1, count, 366)
            if until is not None:
                days = (first + timedelta(days=number - 1) for number in (count, until[0]))
                return Days(*days), self._follows(until[1], _LOG)
        if word == "day" and counted:
            day = first + timedelta(days=count - 1)
            return Days(day, day), self._follows(place, _LOG)
        if word in ("last", "final", "latest") and unit in ("day", "days"):
            return Days(last - timedelta(days=count - 1), last), end
        if word == "first" and unit in ("day", "days"):
            return Days(first, first + timedelta(days=count - 1)), end
        if counted is None and word in ORDINALS and unit in ("day", "week"):
            length = 7 if unit == "week" else 1
            day = first + timedelta(days=length * (ORDINALS[word] - 1))
            return Days(day, day + timedelta(days=length - 1)), end
        return None

    def _single(self, start: int) -> tuple[Days, int] | None:
        found = self._date(start + (self._norm(start) == "on"))
        return (Days(found[0], found[0]), found[1]) if found else None

    def _date(self, place: int) -> tuple[date, int] | None:
        text = self._norm(place)
        if len(text) == 10 and text[4] == "-":
            year, month, day = (int(part) for part in text.split("-"))
            made = self._made(year, month, day)
            return (made, place + 1) if made else None
        if text in MONTHS:
            numbered = self._day_number(place + 1)
            return self._with_year(MONTHS[text], numbered) if numbered else None
        numbered = self._day_number(place)
        if numbered is None:
            return None
        day, end = numbered
        end += self._norm(end) == "of"
        if self._norm(end) in MONTHS:
            return self._with_year(MONTHS[self._norm(end)], (day, end + 1))
        return self._ordinal(place, day, numbered[1])

    def _ordinal(self, place: int, day: int, end: int) -> tuple[date, int] | None:
        """Read ``the 8th``: the one day of the log with that number."""
        if self.span is None or end - place != 2:
            return None
        length = (self.span[1] - self.span[0]).days
        days = [self.span[0] + timedelta(days=step) for step in range(length + 1)]
        hits = [each for each in days if each.day == day]
        return (hits[0], end) if len(hits) == 1 else None

    def _day_number(self, place: int) -> tuple[int, int] | None:
        if not (0 <= place < len(self.tokens) and self.tokens[place].norm.isdigit()):
            return None
        day = int(self.tokens[place].norm)
        return (day, place + 1 + (self._norm(place + 1) in _SUFFIXES)) if 1 <= day <= 31 else None

    def _with_year(self, month: int, numbered: tuple[int, int]) -> tuple[date, int] | None:
        day, end = numbered
        place = end + (self._norm(end) == ",")
        said = self._norm(place)
        if len(said) == 4 and said.isdigit() and said.startswith(("19", "20")):
            made, end = self._made(int(said), month, day), place + 1
        elif self.span is not None:
            years = range(self.span[0].year, self.span[1].year + 1)
            made = self._made(years[0], month, day) if len(years) == 1 else None
        else:
            made = None
        return (made, end) if made else None

    @staticmethod
    def _made(year: int, month: int, day: int) -> date | None:
        try:
            return date(year, month, day)
        except ValueError:
            return None
