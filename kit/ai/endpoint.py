"""`Endpoint`: where a language model answers, how it decodes, and what it charges."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import urlsplit

from kit.base.errors import EndpointError

OPENAI_URL = "https://api.openai.com/v1"
_MILLION = 1_000_000
_SHORTEST_HIDDEN = 8  # local servers take any word for a key; replacing "x" would ruin a reply


class Secret:
    """A key that shows itself to nobody who does not ask for it.

    Parameters
    ----------
    value : str
        The key.

    Examples
    --------
    >>> key = Secret("sk-0123456789")
    >>> key, f"{key}", key.hidden_in("wrong key sk-0123456789")
    (Secret('***'), '***', 'wrong key ***')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the key."""
        return self._value

    def hidden_in(self, text: str) -> str:
        """Return text without the key, unless the key is too short to be one."""
        return text.replace(self._value, "***") if len(self._value) >= _SHORTEST_HIDDEN else text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled; make the endpoint anew from the environment")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible endpoint and one model on it.

    Nothing is inferred from the model's name. Proxy settings and certificates of the environment
    count, as for every program of the machine, but never for a loopback address.

    Parameters
    ----------
    base_url : str
        What ``/chat/completions`` is appended to; it mostly ends in ``/v1``.
    model : str
        The model's name there.
    key : str, optional
        Sent as a bearer token and shown nowhere; None for a server that wants none.
    price_in, price_out : Decimal, optional
        Price of a million input and output tokens. None is unknown, never zero.
    max_output_tokens : int
        Most tokens of one reply.
    temperature : float, optional
        Sent only if given, as `seed` is.
    seed : int, optional
        For servers that honour it.

    Raises
    ------
    EndpointError
        If the URL, the key or a number is not usable.

    Examples
    --------
    >>> Endpoint("http://127.0.0.1:8080/v1", "qwen", key="sk-0123456789")
    Endpoint('http://127.0.0.1:8080/v1', 'qwen')
    >>> cheap = Endpoint("http://127.0.0.1:8080/v1", "qwen", price_in=Decimal(2), price_out=Decimal(8))
    >>> cheap.price(1_000, 500)
    Decimal('0.006')
    """  # noqa: E501

    base_url: str
    model: str
    key: str | Secret | None = field(default=None, repr=False)
    price_in: Decimal | None = None
    price_out: Decimal | None = None
    max_output_tokens: int = 2048
    temperature: float | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _checked_url(self.base_url))
        object.__setattr__(self, "key", _checked_key(self.key))
        if not self.model.strip():
            raise EndpointError(
                "other", "no model is named. Set KIT_MODEL to one the endpoint has."
            )
        if self.max_output_tokens < 1:
            raise EndpointError(
                "other",
                f"max_output_tokens is {self.max_output_tokens}; must be >= 1. Give a reply room.",
            )
        for name in ("price_in", "price_out"):
            object.__setattr__(self, name, _checked_price(name, getattr(self, name)))

    def __repr__(self) -> str:
        return f"Endpoint({self.address!r}, {self.model!r})"

    @property
    def address(self) -> str:
        """The URL without its query, where secrets hide: for messages and records."""
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    @property
    def parameters(self) -> dict[str, float | int]:
        """What steers the decoding."""
        given = {"temperature": self.temperature, "seed": self.seed}
        sent = {name: value for name, value in given.items() if value is not None}
        return {"max_output_tokens": self.max_output_tokens, **sent}

    def price(self, tokens_in: int, tokens_out: int) -> Decimal | None:
        """Return what so many tokens cost; None if a price is unknown."""
        if self.price_in is None or self.price_out is None:
            return None
        return (self.price_in * tokens_in + self.price_out * tokens_out) / _MILLION

    def hide_key(self, text: str) -> str:
        """Return text without the key."""
        return self.key.hidden_in(text) if isinstance(self.key, Secret) else text


def endpoint_from_env(env: Mapping[str, str] | None = None) -> Endpoint | None:
    """Return the endpoint that the environment names; None for the built-in helpers.

    Reads ``OPENAI_BASE_URL``, ``OPENAI_API_KEY``, ``KIT_MODEL``, and for money limits
    ``KIT_PRICE_IN`` and ``KIT_PRICE_OUT``, the price of a million tokens.

    Parameters
    ----------
    env : mapping of str to str, optional
        Default the process's environment.

    Raises
    ------
    EndpointError
        If a key or a URL is there but no model, or a value is not usable.

    Examples
    --------
    >>> endpoint_from_env({"KIT_MODEL": "qwen"}) is None
    True
    >>> endpoint_from_env({"OPENAI_BASE_URL": "http://localhost:8080/v1", "KIT_MODEL": "qwen"})
    Endpoint('http://localhost:8080/v1', 'qwen')
    >>> endpoint_from_env({"OPENAI_API_KEY": "sk-0123456789"})
    Traceback (most recent call last):
    kit.base.errors.EndpointError: model: KIT_MODEL is not set, and OPENAI_API_KEY is; must name the model to ask. Set KIT_MODEL, or unset OPENAI_API_KEY to use the built-in helpers.
    """  # noqa: E501
    env = os.environ if env is None else env

    def value(name: str) -> str | None:
        return env.get(name, "").strip() or None

    url, key, model = value("OPENAI_BASE_URL"), value("OPENAI_API_KEY"), value("KIT_MODEL")
    if url is None and key is None:
        return None
    if model is None:
        given = "OPENAI_API_KEY" if key is not None else "OPENAI_BASE_URL"
        raise EndpointError(
            "other",
            f"KIT_MODEL is not set, and {given} is; must name the model to ask. Set KIT_MODEL, or "
            f"unset {given} to use the built-in helpers.",
        )
    return Endpoint(
        url or OPENAI_URL, model, key,
        price_in=_checked_price("KIT_PRICE_IN", value("KIT_PRICE_IN")),
        price_out=_checked_price("KIT_PRICE_OUT", value("KIT_PRICE_OUT")),
    )  # fmt: skip


def _checked_url(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        sound = False
    if not sound or not url.isprintable() or " " in url:
        raise EndpointError(  # the URL itself may hold a secret
            "other",
            "OPENAI_BASE_URL is no http or https URL; must be one like http://127.0.0.1:8080/v1. "
            "Set it, or unset it.",
        )
    if "@" in parts.netloc:
        raise EndpointError(
            "key",
            "OPENAI_BASE_URL holds a user name or a password; must hold none. Set OPENAI_API_KEY "
            "to what the endpoint wants.",
        )
    return url


def _checked_key(key: str | Secret | None) -> Secret | None:
    text = (key.reveal() if isinstance(key, Secret) else key or "").strip()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise EndpointError(
            "key",
            "OPENAI_API_KEY holds a space or a character that no header can carry; must be one "
            "word. Copy the key again.",
        )
    return Secret(text) if text else None


def _checked_price(name: str, price: Decimal | str | None) -> Decimal | None:
    if price is None:
        return None
    try:
        number = Decimal(price)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= _MILLION:
        raise EndpointError(
            "other",
            f"{name} is {str(price)[:40]!r}; must be a price in [0, {_MILLION}] of a million "
            "tokens. Set it, or leave it out: an unknown price is not zero.",
        )
    return number
