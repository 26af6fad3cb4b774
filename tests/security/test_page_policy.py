"""Which scripts a page's policy lets run: the source expressions of CSP Level 3."""

from __future__ import annotations

import base64
import hashlib

import pytest

from consent_middleware.csp import ContentSecurityPolicy, ScriptElement
from consent_middleware.urls import parse_url

TEXT = "alert('\N{DEGREE SIGN}')"


def digest(name: str, text: str = TEXT) -> str:
    return name + "-" + base64.b64encode(hashlib.new(name, text.encode()).digest()).decode()


def lets_run(policies: list[str], script: ScriptElement, authority: str = "") -> bool:
    return ContentSecurityPolicy(script_sources=tuple(policies)).allows(script, authority)


def script(url: str | None = "https://js.hs-scripts.com/1.js", **said: str) -> ScriptElement:
    parsed = None if url is None else parse_url(url)
    return ScriptElement(parsed, text=TEXT if url is None else None, **said)


@pytest.mark.parametrize(
    ("policy", "url"),
    [
        ("*", "https://js.hs-scripts.com/1.js"),
        ("*", "/own.js"),
        ("https:", "https://js.hs-scripts.com/1.js"),
        ("HTTP:", "https://js.hs-scripts.com/1.js"),
        ("https:", "//js.hs-scripts.com/1.js"),
        ("data:", "data:text/javascript,1"),
        ("'self'", "/own.js"),
        ("'Self'", "//www.shop.example:8000/own.js"),
        ("js.hs-scripts.com", "https://js.hs-scripts.com/1.js"),
        ("JS.hs-scripts.com", "//js.hs-scripts.com/1.js"),
        ("http://js.hs-scripts.com", "https://js.hs-scripts.com/1.js"),
        ("*.hs-scripts.com", "https://js.hs-scripts.com/1.js"),
        ("https://*:443", "https://js.hs-scripts.com/1.js"),
        ("js.hs-scripts.com:*", "https://js.hs-scripts.com:8443/1.js"),
        ("js.hs-scripts.com:8443", "https://js.hs-scripts.com:8443/1.js"),
        ("js.hs-scripts.com/", "https://js.hs-scripts.com/1.js"),
        ("js.hs-scripts.com/a/", "https://js.hs-scripts.com/a/1.js"),
        ("js.hs-scripts.com/1.js", "https://js.hs-scripts.com/1.js?x"),
        ("www.shop.example:8000", "/own.js"),
        ("'none' https://js.hs-scripts.com", "https://js.hs-scripts.com/1.js"),
    ],
)
def test_listed_address_runs(policy: str, url: str) -> None:
    assert lets_run([policy], script(url), "www.shop.example:8000")


@pytest.mark.parametrize(
    ("policy", "url"),
    [
        ("", "https://js.hs-scripts.com/1.js"),
        ("'none'", "https://js.hs-scripts.com/1.js"),
        ("*", "data:text/javascript,1"),
        ("https:", "http://js.hs-scripts.com/1.js"),
        ("'self'", "https://js.hs-scripts.com/1.js"),
        ("'self'", "data:text/javascript,1"),
        ("'self'", "//www.shop.example/own.js"),
        ("hs-scripts.com", "https://js.hs-scripts.com/1.js"),
        ("*.hs-scripts.com", "https://hs-scripts.com/1.js"),
        ("https://js.hs-scripts.com", "http://js.hs-scripts.com/1.js"),
        ("js.hs-scripts.com", "https://js.hs-scripts.com:8443/1.js"),
        ("js.hs-scripts.com", "data:text/javascript,1"),
        ("js.hs-scripts.com/a", "https://js.hs-scripts.com/a/1.js"),
        ("js.hs-scripts.com/a/", "https://js.hs-scripts.com/1.js"),
        ("https://js.hs-scripts.com 'strict-dynamic'", "https://js.hs-scripts.com/1.js"),
        ("'nonce-abc'", "https://js.hs-scripts.com/1.js"),
        ("\"x'", "https://js.hs-scripts.com/1.js"),
    ],
)
def test_unlisted_address_is_stopped(policy: str, url: str) -> None:
    assert not lets_run([policy], script(url), "www.shop.example:8000")


def test_self_without_a_page_host() -> None:
    assert lets_run(["'self'"], script("/own.js"))
    assert not lets_run(["www.shop.example"], script("/own.js"))
    assert not lets_run(["'self'"], script("//www.shop.example/own.js"))


@pytest.mark.parametrize("url", [None, "https://js.hs-scripts.com/1.js", "data:text/javascript,1"])
def test_nonce_is_case_sensitive(url: str | None) -> None:
    policy = "'NONCE-aBc' 'strict-dynamic'"
    assert lets_run([policy], script(url, nonce="aBc"))
    assert not lets_run([policy], script(url, nonce="abc"))
    assert not lets_run([policy], script(url))


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512"])
def test_digest_allows_text_and_integrity(name: str) -> None:
    policy = f"'{digest(name)}'"
    assert lets_run([policy], script(None))
    assert not lets_run([policy], ScriptElement(None, text="other"))
    assert not lets_run([policy], ScriptElement(None))
    assert lets_run([policy + " 'strict-dynamic'"], script(integrity=digest(name)))
    assert lets_run([policy], script(integrity=digest(name) + "?x"))
    assert not lets_run([policy], script(integrity=f"{digest(name)} {digest(name, 'other')}"))
    assert not lets_run([policy], script(integrity="sha256-@@"))


def test_invalid_digest_is_ignored() -> None:
    assert not lets_run(["'sha256-a'"], script(None))
    assert not lets_run(["'sha256-a' 'unsafe-inline' 'sha256-" + "A" * 5 + "'"], script(integrity="sha256-a"))


@pytest.mark.parametrize(
    ("policy", "runs"),
    [
        ("'unsafe-inline'", True),
        ("'UNSAFE-INLINE' 'self'", True),
        ("'unsafe-inline' 'nonce-abc'", False),
        (f"'unsafe-inline' '{digest('sha256', 'other')}'", False),
        ("'unsafe-inline' 'strict-dynamic'", False),
        ("'self'", False),
    ],
)
def test_unsafe_inline_allows_inline_scripts(policy: str, runs: bool) -> None:
    assert lets_run([policy], script(None)) is runs


def test_every_policy_has_to_allow() -> None:
    assert lets_run([], script())
    assert not lets_run(["*", "'none'"], script())
