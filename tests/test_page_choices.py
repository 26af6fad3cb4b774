"""What a site chooses for one page: the addresses of the links, and whether the chat is offered now."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from consent_middleware import Policy, PolicyError
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.facade import Texts
from consent_middleware.sources import Signals
from tests.exchanges import respond

LOADER = '<script src="https://js.hs-scripts.com/1.js"></script>'
TYPE = (b"Content-Type", b"text/html; charset=utf-8")


class Sent(NamedTuple):
    """A page as a visitor gets it."""

    etag: bytes
    body: str

    @property
    def contact(self) -> str | None:
        """The address of the link for visitors without JavaScript."""
        found = re.search('<a href="([^"]*)">', self.body)
        return html.unescape(found[1]) if found else None

    @property
    def settings(self) -> Any:
        """What the page gives its script."""
        found = re.search("data-conf='([^']*)'", self.body)
        assert found is not None
        return json.loads(html.unescape(found[1]))

    @property
    def links(self) -> Any:
        """The addresses that the page gives its script."""
        return self.settings.get("links")

    @property
    def offers(self) -> Any:
        """What the guard may offer a button for."""
        found = re.search('data-offers="([^"]*)"', self.body)
        return json.loads(html.unescape(found[1])) if found else {}

    @property
    def has_button(self) -> bool:
        return "<aside data-consent-facade" in self.body


def get(engine: Engine, path: str = "/", *, lang: str = "en", mount: str = "", cookie: bytes = b"") -> Sent:
    page = f'<!DOCTYPE html><html lang="{lang}"><body><p>Hi</p>{LOADER}</body></html>'
    exchange = Exchange(engine, RequestHead("GET", path, mount, [(b"Cookie", cookie)] if cookie else []))
    head, body = respond(exchange, 200, [TYPE, (b"ETag", b'"x"')], page.encode())
    return Sent(dict(head)[b"ETag"], body.decode())


def test_contact_url_by_language_follows_the_page() -> None:
    engine = Engine(Policy(contact_url={"en": "/contact", "de": "/kontakt", "pt-BR": "/contato"}))
    found = {lang: get(engine, lang=lang).contact for lang in ("en", "de-AT", "pt-BR", "pt", "fi", "")}
    assert found == {
        "en": "/contact",
        "de-AT": "/kontakt",
        "pt-BR": "/contato",
        "pt": "/contact",
        "fi": "/contact",
        "": "/contact",
    }


def test_first_address_counts_without_english() -> None:
    assert get(Engine(Policy(contact_url={"fr": "/ecrire", "de": "/kontakt"})), lang="fi").contact == "/ecrire"


def test_address_by_language_follows_a_chosen_language() -> None:
    engine = Engine(Policy(contact_url={"en": "/contact", "de": "/kontakt"}, language=lambda _: "de"))
    assert get(engine, lang="en").contact == "/kontakt"


def test_address_of_the_texts_language_is_in_script() -> None:
    engine = Engine(Policy(contact_url={"en": "/contact", "de": "/kontakt"}, privacy_url={"de": "/datenschutz"}))
    page = get(engine, lang="de")
    assert page.links is None
    assert "links" not in page.offers
    body = engine.facade.asset("de").body
    assert b'<a id="contact" href="/kontakt">' in body
    assert b'<a id="privacy" href="/datenschutz">' in body


def test_page_brings_address_that_its_script_lacks() -> None:
    engine = Engine(Policy(contact_url={"en": "/contact", "pt-BR": "/contato"}, privacy_url="/p"))
    page = get(engine, lang="pt-BR")
    assert page.links == {"contact": "/contato"}
    assert page.offers["links"] == page.links


@pytest.mark.parametrize(("mount", "expected"), [("", "/contact"), ("/shop", "/shop/contact"), ("/a/", "/a/contact")])
def test_address_with_tilde_is_below_the_mount(mount: str, expected: str) -> None:
    page = get(Engine(Policy(contact_url="~/contact", privacy_url="/privacy")), mount=mount)
    assert page.contact == expected
    assert page.links == (None if expected == "/contact" else {"contact": expected})


def test_address_with_slash_ignores_the_mount() -> None:
    page = get(Engine(Policy(contact_url="/contact")), mount="/shop")
    assert (page.contact, page.links) == ("/contact", None)


@pytest.mark.parametrize("mount", ["//evil.example", "/\\evil.example", "javascript:"])
def test_mount_that_is_no_path_is_left_out(mount: str) -> None:
    engine = Engine(Policy(contact_url="~/contact"))
    assert get(engine, mount=mount).contact == "/contact"
    assert engine.notices.counts == {"mount": 1}


def shop_contact(signals: Signals) -> str:
    return f"~{signals.path}contact?a=1&b"


def test_callable_chooses_address_for_each_request() -> None:
    engine = Engine(Policy(contact_url=shop_contact, privacy_url=lambda _: None))
    one, other = get(engine, "/one/", mount="/m"), get(engine, "/two/")
    assert (one.contact, other.contact) == ("/m/one/contact?a=1&b", "/two/contact?a=1&b")
    assert one.links == {"contact": "/m/one/contact?a=1&b", "privacy": ""}
    assert one.offers["links"] == one.links


def test_callable_makes_no_further_script() -> None:
    engine = Engine(Policy(contact_url=shop_contact))
    names = set(engine.facade.assets)
    for number in range(9):
        get(engine, f"/{number}/")
    assert set(engine.facade.assets) == names
    body = engine.facade.asset("en").body
    assert b'<a id="contact">Contact us</a>' in body
    assert b"use the contact details on this website" in body


def test_entity_tag_differs_by_chosen_address() -> None:
    told = ["/a"]
    engine = Engine(Policy(contact_url=lambda _: told[0]))
    one = get(engine)
    told[0] = "/b"
    assert get(engine).etag != one.etag
    told[0] = "/a"
    assert get(engine) == one


def test_cached_page_keeps_to_the_chosen_address() -> None:
    told = ["/a"]
    engine = Engine(Policy(contact_url=lambda _: told[0]))
    found = []
    for url in ("/a", "/a", "/a", "/b", "/b", "/a"):
        told[0] = url
        found.append(get(engine).contact)
    assert found == ["/a", "/a", "/a", "/b", "/b", "/a"]


BAD: list[Any] = ["contact", "javascript:alert(1)", "", 5, b"/contact", ValueError]


def telling(said: Any) -> Callable[[Signals], Any]:
    def tell(_: Signals) -> Any:
        if said is ValueError:
            raise ValueError
        return said

    return tell


@pytest.mark.parametrize("said", BAD)
def test_failing_link_callable_leaves_no_link(said: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(Policy(contact_url=telling(said), privacy_url=telling(said)))
    for _ in range(3):
        page = get(engine)
        assert page.contact is None
        assert page.links == {"contact": "", "privacy": ""}
        assert "Live chat needs JavaScript." in page.body
    assert engine.notices.counts == {"contact-url-raised": 3, "privacy-url-raised": 3}
    assert len(caplog.records) == 2


def test_callables_are_asked_once_for_a_page_only() -> None:
    asked: list[str] = []

    def note(signals: Signals) -> Any:
        asked.append(signals.path)
        return "/c"

    engine = Engine(Policy(contact_url=note))
    exchange = Exchange(engine, RequestHead("GET", "/a.png", "", []))
    exchange.start(200, [(b"Content-Type", b"image/png")])
    assert asked == []
    conditional = [(b"If-None-Match", b'"x--consent-y"'), (b"Accept", b"text/html"), (b"Sec-Fetch-Mode", b"navigate")]
    respond(Exchange(engine, RequestHead("GET", "/", "", conditional)), 200, [TYPE, (b"ETag", b'"x"')], LOADER.encode())
    assert asked == ["/"]


def test_fingerprint_differs_by_address_setting() -> None:
    settings: list[Any] = ["/c", "~/c", {"en": "/c"}, {"en": "/c", "fi": "/d"}, shop_contact, None]
    assert len({Engine(Policy(contact_url=each)).fingerprint for each in settings}) == len(settings)


@pytest.mark.parametrize(
    "url",
    [
        "contact",
        "contact.html",
        "./contact",
        "../contact",
        "me@shop.example",
        "www.shop.example",
        "//shop.example/contact",
        "/\\shop.example",
        "~//shop.example",
        "~contact",
        "~",
        "http:",
        "https://",
        "https:///contact",
        "https:contact",
        "mailto:",
        "mailto:me",
        "tel:",
        "tel:me",
        "#",
        "?",
        " ",
        "/a ",
        "ftp://shop.example",
        "JavaScript:alert(1)",
        {},
        {"en": "contact"},
        {"not a tag": "/contact"},
        {5: "/contact"},
        {"en": None},
    ],
)
def test_dead_address_is_refused_with_a_number(url: Any) -> None:
    for name, number in (("contact_url", "CM008"), ("privacy_url", "CM041")):
        with pytest.raises(PolicyError) as caught:
            Policy(**{name: url})
        assert caught.value.numbers == (number,)


@pytest.mark.parametrize("name", ["contact_url", "privacy_url", "chat_when"])
def test_callable_for_a_shared_page_is_refused(name: str) -> None:
    given: dict[str, Any] = {"cacheable": True, name: telling(True)}
    with pytest.raises(PolicyError, match=f"callable for {name} cannot stand together") as caught:
        Policy(**given)
    assert caught.value.numbers == ("CM065",)


def test_shared_page_has_address_by_language() -> None:
    engine = Engine(Policy(cacheable=True, contact_url={"en": "/contact", "fi": "~/yhteys"}))
    assert get(engine, lang="fi", mount="/m").contact == "/m/yhteys"


@pytest.mark.parametrize(
    ("head", "meta", "expected"),
    [("", "", None), ("style-src 'self'", "", 1), ("", "style-src 'self'", 1), ("script-src *", "", None)],
)
def test_page_says_that_its_policy_blocks_styles(head: str, meta: str, expected: int | None) -> None:
    policy = f'<meta http-equiv="Content-Security-Policy" content="{meta}">' if meta else ""
    page = f'<!DOCTYPE html><html lang="en"><head>{policy}</head><body>{LOADER}</body></html>'
    exchange = Exchange(Engine(Policy(contact_url="/c")), RequestHead("GET", "/", "", []))
    fields = [TYPE, *([(b"Content-Security-Policy", head.encode())] if head else [])]
    sent = Sent(b"", respond(exchange, 200, fields, page.encode())[1].decode())
    assert sent.settings.get("blocksStyles") == expected
    assert sent.offers.get("blocksStyles") == expected


class TestChatWhen:
    def test_button_is_there_while_chat_is_offered(self) -> None:
        is_open = [True]
        engine = Engine(Policy(contact_url="/c", chat_when=lambda _: is_open[0]))
        first = get(engine)
        is_open[0] = False
        second = get(engine)
        assert first.has_button
        assert first.offers["chat"] == 1
        assert not second.has_button
        assert "chat" not in second.offers
        assert 'data-consent="tracking"' in second.body
        assert first.etag != second.etag

    def test_cached_page_follows_the_answer(self) -> None:
        is_open = [True]
        engine = Engine(Policy(contact_url="/c", chat_when=lambda _: is_open[0]))
        found = []
        for each in (True, True, True, False, False, False, True):
            is_open[0] = each
            found.append(get(engine).has_button)
        assert found == [True, True, True, False, False, False, True]

    def test_callable_gets_the_request(self) -> None:
        engine = Engine(Policy(contact_url="/c", chat_when=lambda signals: signals.path == "/open"))
        assert (get(engine, "/open").has_button, get(engine, "/shut").has_button) == (True, False)

    def test_chat_pages_still_counts(self) -> None:
        engine = Engine(Policy(contact_url="/c", chat_when=lambda _: True, chat_pages=["/help"]))
        assert (get(engine, "/help").has_button, get(engine, "/").has_button) == (True, False)

    def test_allowed_chat_stays_as_the_site_wrote_it(self) -> None:
        engine = Engine(Policy(contact_url="/c", chat_when=lambda _: False))
        page = get(engine, cookie=b"consent=functional,analytics,marketing")
        assert LOADER in page.body
        assert "data-conf" not in page.body

    @pytest.mark.parametrize("said", [None, 1, "yes", ValueError])
    def test_failing_callable_means_no_button(self, said: Any, caplog: pytest.LogCaptureFixture) -> None:
        engine = Engine(Policy(contact_url="/c", chat_when=telling(said)))
        for _ in range(2):
            assert not get(engine).has_button
        assert engine.notices.counts == {"chat-when-raised": 2}
        assert len(caplog.records) == 1

    def test_wrong_value_is_refused(self) -> None:
        given: Any = "9-17"
        with pytest.raises(PolicyError) as caught:
            Policy(chat_when=given)
        assert caught.value.numbers == ("CM064",)


class TestEmptyTexts:
    @pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u200b", "\u00ad \u2060"])
    @pytest.mark.parametrize(
        "name",
        [
            "label",
            "button",
            "description",
            "summary",
            "privacy",
            "loading",
            "failed",
            "failed_alone",
            "offline",
            "contact",
            "embed",
            "embed_loading",
            "embed_failed",
        ],
    )
    def test_needed_text_must_not_be_empty(self, name: str, text: str) -> None:
        with pytest.raises(ValueError, match=f"{name} must not be empty"):
            Texts(**{name: text})
        with pytest.raises(PolicyError, match=f"{name} must not be empty") as caught:
            Policy(texts={"en": {name: text}})
        assert caught.value.numbers == ("CM009",)

    @pytest.mark.parametrize("name", ["ready", "without_script", "forms", "meetings", "calls_to_action", "video"])
    def test_white_space_counts_as_left_out(self, name: str) -> None:
        assert getattr(Texts(**{name: " \u200b"}), name) == ""

    def test_every_text_is_needed_or_may_be_empty(self) -> None:
        empty = []
        for name in Texts.__dataclass_fields__:
            try:
                Texts(**{name: ""})
            except ValueError:
                continue
            empty.append(name)
        assert empty == ["ready", "without_script", "forms", "meetings", "calls_to_action", "video"]
