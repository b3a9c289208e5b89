"""Endpoints: what the environment may say, and that the key is never shown."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, replace
from decimal import Decimal

import pytest

from kit.ai.endpoint import Endpoint, Secret, endpoint_from_env
from kit.base.errors import EndpointError

KEY = "sk-0123456789abcdef"
URL = "http://127.0.0.1:8080/v1"


def test_no_key_and_no_url_is_no_endpoint() -> None:
    assert endpoint_from_env({}) is None
    assert endpoint_from_env({"OPENAI_API_KEY": " ", "KIT_MODEL": "qwen"}) is None


def test_the_environment_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f" {URL}/ ")
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n")
    monkeypatch.setenv("KIT_MODEL", "qwen")
    monkeypatch.setenv("KIT_PRICE_IN", "0.15")
    monkeypatch.setenv("KIT_PRICE_OUT", "0.60")
    endpoint = endpoint_from_env()
    assert endpoint == Endpoint(
        f"{URL}/", "qwen", KEY, price_in=Decimal("0.15"), price_out=Decimal("0.60")
    )
    assert endpoint is not None
    assert endpoint.address == URL
    assert endpoint.price(1_000_000, 500_000) == Decimal("0.45")


def test_only_a_key_is_the_first_endpoint_of_its_kind() -> None:
    endpoint = endpoint_from_env({"OPENAI_API_KEY": KEY, "KIT_MODEL": "qwen"})
    assert endpoint is not None
    assert endpoint.address.startswith("https://")
    assert not endpoint.is_loopback


@pytest.mark.parametrize("given", ["OPENAI_API_KEY", "OPENAI_BASE_URL"])
def test_a_model_must_be_named(given: str) -> None:
    with pytest.raises(EndpointError, match=f"KIT_MODEL is not set, and {given} is; .* unset"):
        endpoint_from_env({given: "http://127.0.0.1:1"})


@pytest.mark.parametrize("price", ["free", "-1", "nan", "1e999999999", "0,15"])
def test_a_price_is_a_number(price: str) -> None:
    env = {"OPENAI_BASE_URL": URL, "KIT_MODEL": "qwen", "KIT_PRICE_IN": price}
    with pytest.raises(EndpointError, match=r"KIT_PRICE_IN is .* must be a price in \[0, "):
        endpoint_from_env(env)


def test_half_a_price_is_unknown() -> None:
    assert Endpoint(URL, "qwen", price_in=Decimal(1)).price(10, 10) is None


@pytest.mark.parametrize(
    "url", ["", "10.0.0.1:8080", "ftp://x/v1", "https://", "http://x:y/v1", "http://a b/", "http://x\x00"]
)  # fmt: skip
def test_an_unusable_url_is_not_repeated(url: str) -> None:
    with pytest.raises(EndpointError, match="OPENAI_BASE_URL is no http or https URL") as caught:
        Endpoint(url, "qwen")
    assert not url or url not in str(caught.value)


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(EndpointError, match="Set OPENAI_API_KEY") as caught:
        Endpoint(f"https://ann:{KEY}@example.com/v1", "qwen")
    assert (caught.value.kind, KEY in str(caught.value)) == ("key", False)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "naïve-key-0123"])
def test_an_unusable_key_is_not_repeated(key: str) -> None:
    with pytest.raises(EndpointError) as caught:
        Endpoint(URL, "qwen", key)
    assert caught.value.kind == "key"
    assert key not in str(caught.value)


@pytest.mark.parametrize("fields", [{"model": " "}, {"max_output_tokens": 0}])
def test_other_fields_are_checked(fields: dict[str, object]) -> None:
    with pytest.raises(EndpointError):
        Endpoint(**{"base_url": URL, "model": "qwen", **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:1/v1", True), ("http://localhost/v1", True), ("http://[::1]:1/", True),
        ("http://127.9.9.9/", True), ("http://kit.localhost/", True), ("http://10.0.0.1/", False),
        ("https://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
    ],
)  # fmt: skip
def test_loopback_is_known(url: str, near: bool) -> None:
    assert Endpoint(url, "qwen").is_loopback is near


def test_the_key_is_shown_nowhere() -> None:
    url = f"https://example.com:8443/v1/?key={KEY}#{KEY}"
    endpoint = Endpoint(url, "qwen", KEY)
    assert endpoint.address == "https://example.com:8443/v1"
    for shown in (repr(endpoint), str(endpoint), f"{endpoint.key}", repr(endpoint.key)):
        assert KEY not in shown
    plain = replace(endpoint, base_url=URL)
    assert KEY not in repr(asdict(plain))
    assert copy.deepcopy(plain) == plain != replace(plain, key="sk-another-0123456789")
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(plain)
    assert len({Secret(KEY), Secret(KEY)}) == 1


def test_a_word_that_local_servers_take_for_a_key_ruins_no_reply() -> None:
    assert Endpoint(URL, "qwen", "none").hide_key("none of them") == "none of them"
