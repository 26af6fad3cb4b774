"""A vendor of a site's own: the example of docs/vendors.md works as the page says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from consent_middleware import Policy, vendors
from consent_middleware.disclosure import disclosure, to_markdown
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from tests.documentation.blocks import code_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DOCUMENT = (Path(__file__).parents[1] / "docs" / "vendors.md").read_text("utf-8")
(EXAMPLE,) = code_of("vendors.md", "python")
BLOCKED = code_of("vendors.md", "html")[0].rstrip("\n")
TAG = '<script src="https://widget.acme-chat.example/chat.js"></script>'
OTHER = '<script src="https://widget.acme-chat.example/other.js"></script>'
HINT = '<link rel="preconnect" href="https://widget.acme-chat.example">'
COOKIE = "acme_visitor=7; Path=/"


def site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", COOKIE)])
    return [f"<!doctype html><html><head>{HINT}</head><body>{TAG}{OTHER}</body></html>".encode()]


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    """Return the names that the page's example defines, around `site`."""
    names: dict[str, Any] = {"application": site}
    exec(EXAMPLE, names)  # noqa: S102
    return names


def answer(application: Any, cookies: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the body and the header fields that a visitor with these cookies gets."""
    heads: list[list[tuple[str, str]]] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", "HTTP_COOKIE": cookies}
    body = b"".join(application(environ, lambda status, headers, exc_info=None: heads.append(headers)))
    return body.decode(), heads[-1]


@pytest.mark.parametrize("cookies", ["", "consent=necessary", "consent=analytics", "consent_chat=0"])
def test_script_waits_without_consent(example: dict[str, Any], cookies: str) -> None:
    body, headers = answer(example["application"], cookies)

    assert TAG in DOCUMENT
    assert BLOCKED in body
    assert TAG not in body
    assert "data-consent-rel" in body
    assert COOKIE not in [value for _, value in headers]


def test_script_loads_with_functional_consent(example: dict[str, Any]) -> None:
    body, headers = answer(example["application"], "consent=functional")

    assert TAG in body
    assert HINT in body
    assert COOKIE in [value for _, value in headers]


def test_no_button_stands_in(example: dict[str, Any]) -> None:
    assert "data-consent-facade" not in answer(example["application"], "")[0]


def test_files_outside_the_path_load(example: dict[str, Any]) -> None:
    assert OTHER in answer(example["application"], "")[0]


def test_cookie_is_deleted_after_refusal(example: dict[str, Any]) -> None:
    _, headers = answer(example["application"], "consent=necessary; acme_visitor=7")

    assert any(value.startswith("acme_visitor=;") for name, value in headers if name.lower() == "set-cookie")


def test_privacy_notice_lists_the_cookie(example: dict[str, Any]) -> None:
    assert "Recognizes a visitor who has used the chat." in to_markdown(disclosure(example["policy"]))


def test_inline_rule_of_the_page_works() -> None:
    (rule,) = re.findall(r"`(TextRule\(.*?\))`", DOCUMENT, re.DOTALL)
    text_rule = eval(rule, {**vars(vendors), "re": re})  # noqa: S307
    acme = vendors.Vendor(
        id="acme",
        name="Acme",
        tag_rules=(),
        host_purposes={"acme-chat.example": vendors.Purpose.CHAT},
        cookie_rules=(),
        requires={vendors.Purpose.CHAT: frozenset({vendors.Category.FUNCTIONAL})},
        text_rules=(text_rule,),
        script_domains=frozenset({"acme-chat.example"}),
    )
    code = "var s=document.createElement('script');s.src='https://widget.acme-chat.example/chat.js';document.body.append(s)"
    page = f"<!doctype html><body><script>{code}</script>".encode()

    def rewritten(guard: Literal["always", "never"]) -> str:
        exchange = Exchange(
            Engine(Policy(vendors=[acme], guard=guard, contact_url="/c")), RequestHead("GET", "/", "", [])
        )
        exchange.start(200, [(b"content-type", b"text/html; charset=utf-8")])
        return (exchange.feed(page) + exchange.close()).decode()

    assert f'<script type="text/x-consent" data-consent="chat">{code}' in rewritten("never")
    assert f"<script>{code}" in rewritten("always")
    assert "acme-chat.example" in rewritten("always").partition(f"<script>{code}")[0]


@pytest.mark.parametrize("name", re.findall(r"`([A-Z][A-Za-z]+)`", DOCUMENT))
def test_vendors_exports_names_of_the_page(name: str) -> None:
    assert name in vendors.__all__
