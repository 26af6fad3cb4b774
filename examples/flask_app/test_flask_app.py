"""Tests of the shop as a Flask site, by Flask's test client."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from examples.shop import CHOICES, PAGES, split_inside_tags

from . import create_app

WITH_TAG = ("/", "/about", "/csp", "/stream")
OFFICIAL = 'id="hs-script-loader" async defer src="//js.hs-scripts.com/4711.js"'


def visitor(*, protected: bool = True) -> FlaskClient:
    return create_app(portal="4711", pause=0, protected=protected).test_client()


def body(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def choose(client: FlaskClient, choice: str) -> None:
    response = client.post("/consent", data={"choice": choice, "next": "/about"})
    assert (response.status_code, response.headers["Location"]) == (303, "/about")


@pytest.mark.parametrize("path", WITH_TAG)
def test_unprotected_page_has_the_official_tag(path: str) -> None:
    html = body(visitor(protected=False), path)
    assert re.sub(' nonce="[^"]+"', "", html).count(OFFICIAL) == 1


@pytest.mark.parametrize("path", WITH_TAG)
def test_new_visitor_gets_blocked_tag_and_one_facade(path: str) -> None:
    html = body(visitor(), path)
    assert ' src="//js.hs-scripts.com' not in html
    assert html.count('data-consent="tracking"') == 1
    assert html.count("<aside data-consent-facade") == 1


@pytest.mark.parametrize("path", WITH_TAG)
def test_full_consent_leaves_the_page_unchanged(path: str) -> None:
    client, plain = visitor(), visitor(protected=False)
    for each in (client, plain):
        choose(each, "everything")
    pages = [re.sub(r"nonce[-=]\"?[\w-]+", "nonce", body(each, path)) for each in (client, plain)]
    assert pages[0] == pages[1]


def test_functional_consent_allows_the_chat_alone() -> None:
    client = visitor()
    choose(client, "functional")
    html = body(client, "/")
    assert ' src="//js.hs-scripts.com' not in html
    assert re.search(r"live(?:&quot;|\"):{(?:&quot;|\")chat", html)


def test_page_without_tag_is_unchanged() -> None:
    assert body(visitor(), "/contact") == body(visitor(protected=False), "/contact")
    assert "hs-script" not in body(visitor(), "/contact")


def test_choice_lasts_half_a_year_until_withdrawn() -> None:
    client = visitor()
    choose(client, "functional")
    cookie = client.get_cookie("consent")
    assert cookie is not None
    assert cookie.max_age == 180 * 86400
    client.set_cookie("consent_chat", "1")
    choose(client, "withdraw")
    assert client.get_cookie("consent_chat") is None
    cookie = client.get_cookie("consent")
    assert cookie is not None
    assert cookie.value == "necessary"


@pytest.mark.parametrize("choice", CHOICES)
def test_choice_is_shown_on_the_page(choice: str) -> None:
    client = visitor()
    assert "You have not chosen yet." in body(client, "/")
    choose(client, choice)
    assert "You have not chosen yet." not in body(client, "/")


def test_unknown_choice_sets_nothing_and_goes_home() -> None:
    client = visitor()
    response = client.post("/consent", data={"choice": "?", "next": "//elsewhere.example/"})
    assert response.headers["Location"] == "/"
    assert client.get_cookie("consent") is None


def test_strict_page_gives_each_facade_a_new_nonce() -> None:
    client = visitor()
    nonces = []
    for _ in range(2):
        response = client.get("/csp")
        nonce = re.search("'nonce-([^']+)' 'strict-dynamic'", response.headers["Content-Security-Policy"])
        assert nonce is not None
        nonces.append(nonce[1])
        html = response.get_data(as_text=True)
        facade = re.search("<script[^>]+/_consent/facade[^>]+>", html)
        assert facade is not None
        assert f'nonce="{nonce[1]}"' in facade[0]
    assert nonces[0] != nonces[1]


def test_streamed_page_is_split_inside_the_tag() -> None:
    html = body(visitor(protected=False), "/stream")
    chunks = split_inside_tags(html)
    assert "".join(chunks) == html
    assert not any(OFFICIAL in chunk for chunk in chunks)
    assert len(chunks) == 5


def test_any_host_name_is_served() -> None:
    assert visitor().get("/", headers={"Host": "shop.example"}).status_code == 200


def test_contact_form_is_answered() -> None:
    assert b"Thank you" in visitor().post("/contact", data={"email": "a@b.example", "message": "Hello"}).data


def test_proxied_host_is_in_the_tag_and_the_policy() -> None:
    proxied = {"js.hs-scripts.com": "http://127.0.0.1:9101", "app.hubspot.com": "http://127.0.0.1:9102"}
    plain = create_app(portal="4711", proxied=proxied, protected=False).test_client()
    assert 'src="http://127.0.0.1:9101/4711.js"' in body(plain, "/")
    assert "frame-src http://127.0.0.1:9102;" in plain.get("/csp").headers["Content-Security-Policy"]
    protected = create_app(portal="4711", proxied=proxied).test_client()
    assert ' src="http://127.0.0.1:9101/4711.js"' not in body(protected, "/")
    assert 'data-consent-src="http://127.0.0.1:9101/4711.js"' in body(protected, "/")


def test_region_is_in_the_tag() -> None:
    app = create_app(portal="4711", region="eu1", protected=False)
    assert 'src="//js-eu1.hs-scripts.com/4711.js"' in body(app.test_client(), "/")


def test_menu_pages_are_found() -> None:
    for path, _ in PAGES:
        assert body(visitor(), path)
