"""The facade on the server's side: the markup, its settings, and the one script that is put together at import."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import string
import subprocess
from dataclasses import fields, replace
from pathlib import Path
from shutil import which
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

import consent_middleware
from consent_middleware.facade import ASSET, Facade, Texts, compose, strip_script, strip_style
from consent_middleware.facade.markup import SCRIPT_TEXTS
from consent_middleware.rules import ChatScript

PACKAGE = Path(consent_middleware.__file__).parent
CHAT = ChatScript(
    "https://js.usemessages.com/conversations-embed.js",
    (
        ("id", "hubspot-messages-loader"),
        ("data-loader", "hs-scriptloader"),
        ("data-hsjs-portal", "12345678"),
        ("data-hsjs-env", "prod"),
        ("data-hsjs-hublet", "na1"),
    ),
)
FACADE = Facade(vendor="HubSpot", contact_url="/contact")
ASSET_URL = f"/_consent/{ASSET.name}"
NONCE = "nS3bFJ1yY4q0n3h8m2T5Zg=="


def markup(facade: Facade = FACADE, **options: Any) -> bytes:
    return facade.markup(CHAT, **{"asset_url": ASSET_URL, "nonce": None, "granted": False, **options})


def read(found: bytes) -> tuple[Any, Any, dict[str, Any]]:
    """The aside, the script and the settings, as a browser reads them."""
    body = html5lib.parse(b"<!DOCTYPE html><body>" + found, namespaceHTMLElements=False, transport_encoding="utf-8")[1]
    aside, script = list(body)
    return aside, script, json.loads(script.get("data-conf") or "")


def without_string(node: Any) -> str:
    return "".join(node.itertext())


class TestMarkup:
    def test_it_is_a_place_with_a_link_and_a_script_with_its_settings(self) -> None:
        aside, script, settings = read(markup(nonce=NONCE, lang="en"))
        assert (aside.tag, aside.attrib) == (
            "aside",
            {"data-consent-facade": "", "lang": "en", "aria-label": "Live chat"},
        )
        (link,) = aside
        assert (link.tag, link.attrib, link.text) == ("a", {"href": "/contact"}, "Contact us")
        assert script.tag == "script"
        assert script.attrib.keys() == {"src", "async", "nonce", "data-conf"}
        assert (script.get("src"), script.get("nonce"), script.text) == (ASSET_URL, NONCE, None)
        assert settings == {
            "vendor": "HubSpot",
            "src": CHAT.src,
            "attrs": dict(CHAT.attributes),
            "cookie": "consent_chat",
            "granted": False,
        }

    def test_without_a_nonce_and_a_language_neither_is_written(self) -> None:
        aside, script, _ = read(markup())
        assert "lang" not in aside.attrib
        assert "nonce" not in script.attrib

    def test_a_page_on_which_the_chat_is_granted_says_so(self) -> None:
        assert read(markup(granted=True))[2]["granted"] is True

    def test_without_a_contact_url_there_is_text_for_visitors_without_script_and_no_button(self) -> None:
        found = markup(replace(FACADE, contact_url=None))
        assert b"<noscript>Live chat needs JavaScript.</noscript>" in found
        assert b"<button" not in found
        assert b"<a " not in found

    def test_without_a_contact_url_and_without_that_text_the_place_is_empty(self) -> None:
        found = markup(Facade(vendor="HubSpot", texts=Texts(without_script="")))
        assert b'aria-label="Live chat"></aside>' in found

    def test_only_texts_that_differ_from_the_english_ones_travel(self) -> None:
        texts = Texts(button="Chatten", contact="Kontakt", label="Chat")
        aside, _, settings = read(markup(replace(FACADE, texts=texts)))
        assert settings["texts"] == {"button": "Chatten"}
        assert (aside.get("aria-label"), aside[0].text) == ("Chat", "Kontakt")

    def test_the_order_and_the_values_of_the_chats_attributes_survive(self) -> None:
        odd = ChatScript("https://x.example/?a=1&b='2'", (("data-b", "<'\">"), ("data-a", ""), ("id", "é&amp;")))
        settings = read(FACADE.markup(odd, asset_url="/a.js", nonce=None, granted=False))[2]
        assert settings["src"] == odd.src
        assert tuple(settings["attrs"].items()) == odd.attributes

    def test_a_page_grows_by_at_most_700_bytes(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = markup(nonce=NONCE, lang="en")
        with capsys.disabled():
            print(f"\nfacade markup: {len(found)} bytes; 700 allowed")
        assert len(found) <= 700

    def test_a_character_that_no_page_can_hold_is_refused_in_a_text(self) -> None:
        with pytest.raises(ValueError, match="button holds a character that no page can hold"):
            Texts(button="a\0b")

    def test_a_character_that_no_page_can_hold_is_replaced_elsewhere(self) -> None:
        aside, _, _ = read(markup(replace(FACADE, contact_url="/a\x01b")))
        assert aside[0].get("href") == "/a\ufffdb"

    @given(
        words=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1),
        value=st.text(),
        nonce=st.none() | st.text(string.ascii_letters + string.digits + "+/=-_", min_size=1),
        granted=st.booleans(),
    )
    def test_whatever_the_words_it_is_ascii_and_reads_the_same_as_html_and_as_xml(
        self, words: str, value: str, nonce: str | None, granted: bool
    ) -> None:
        """Law: every byte is ASCII; the markup is well-formed XML; an HTML parser and an XML parser find the same
        elements, attributes and settings, and these are the ones given; no text ends its element or attribute."""
        texts = Texts(button=words, label=words, contact=words)
        facade = Facade(vendor=words, contact_url="/?" + words, texts=texts)
        chat = ChatScript("https://x.example/" + value, (("data-x", value),))
        found = facade.markup(chat, asset_url=ASSET_URL, nonce=nonce, granted=granted, lang=None)
        assert found.isascii()
        as_html = read(found)[:2]
        as_xml = list(ElementTree.fromstring(b"<body>" + found + b"</body>"))  # noqa: S314 - our own markup
        for html, xml in zip(as_html, as_xml, strict=True):
            assert (html.tag, html.attrib, without_string(html)) == (xml.tag, dict(xml.attrib), without_string(xml))
        aside, script = as_xml
        settings = json.loads(script.attrib["data-conf"])
        assert settings["src"] == chat.src
        assert settings["attrs"] == {"data-x": value}
        assert settings["vendor"] == words
        assert settings["granted"] is granted
        assert settings.get("texts", {}).get("button", Texts().button) == words
        assert (aside.get("aria-label"), aside[0].get("href"), aside[0].text) == (words, "/?" + words, words)


class TestAsset:
    def test_its_name_is_made_of_its_content(self) -> None:
        assert ASSET.name == f"facade.{hashlib.sha256(ASSET.body).hexdigest()[:16]}.js"
        assert ASSET.content_type == "text/javascript; charset=utf-8"

    def test_putting_it_together_again_gives_the_same(self) -> None:
        assert compose() == ASSET

    def test_it_is_ascii_and_small(self, capsys: pytest.CaptureFixture[str]) -> None:
        packed = len(gzip.compress(ASSET.body, 9, mtime=0))
        with capsys.disabled():
            print(f"\nfacade script: {len(ASSET.body)} bytes, {packed} as gzip; 4096 allowed")
        assert ASSET.body.isascii()
        assert packed <= 4096

    def test_it_holds_no_comment_and_no_empty_line(self) -> None:
        lines = ASSET.body.decode("ascii").splitlines()
        assert not [line for line in lines if not line or line.startswith(("//", " ", "\t"))]
        assert b"/*" not in ASSET.body

    def test_it_brings_every_english_text_that_it_uses(self) -> None:
        declared = re.search(rb"^const TEXTS = (.+);$", ASSET.body, re.MULTILINE)
        assert declared is not None
        assert json.loads(declared[1]) == SCRIPT_TEXTS
        texts = Texts()
        assert {name: getattr(texts, name) for name in SCRIPT_TEXTS} == SCRIPT_TEXTS
        assert {field.name for field in fields(Texts)} - SCRIPT_TEXTS.keys() == {"label", "contact", "without_script"}

    def test_a_script_engine_takes_it(self, tmp_path: Path) -> None:
        node = which("node")
        if node is None:
            pytest.skip("NOT TESTED: node is missing, which checks the script's syntax")
        file = tmp_path / ASSET.name
        file.write_bytes(ASSET.body)
        done = subprocess.run([node, "--check", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_the_sources_are_written_so_that_stripping_them_is_safe(self) -> None:
        """No template literal, block comment or continued line, within which the start of a line would mean more."""
        for source in [PACKAGE / "facade" / "assets" / "facade.js", *(PACKAGE / "vendors").glob("*.js")]:
            text = source.read_text("utf-8")
            code = "\n".join(line for line in text.splitlines() if not line.strip().startswith("//"))
            assert "`" not in code, source
            assert "/*" not in code, source
            assert "\\\n" not in code, source

    def test_the_style_sheet_is_written_so_that_joining_its_lines_is_safe(self) -> None:
        text = (PACKAGE / "facade" / "assets" / "facade.css").read_text("utf-8")
        while "/*" in text:
            before, _, rest = text.partition("/*")
            text = before + rest.partition("*/")[2]
        ends = {line.rstrip()[-1] for line in text.splitlines() if line.strip()}
        assert ends <= set("{};")

    def test_no_vendor_is_named_in_the_facade(self) -> None:
        named = re.compile("hubspot|usemessages|hs-|hsjs|_hs[pq]|conversations", re.IGNORECASE)
        for source in (PACKAGE / "facade").rglob("*"):
            if source.suffix in {".py", ".js", ".css"}:
                assert not named.search(source.read_text("utf-8")), source

    def test_nothing_in_it_can_contact_anyone_before_the_click(self) -> None:
        text = ASSET.body.decode("ascii").lower()
        for way in (
            "preconnect",
            "dns-prefetch",
            "preload",
            "fetch(",
            "xmlhttprequest",
            "sendbeacon",
            "url('",
            'url("',
            "url(/",
            "url(h",
            "@import",
        ):
            assert way not in text

    def test_it_listens_to_nothing_that_keeps_a_page_from_the_back_forward_cache(self) -> None:
        assert b"unload" not in ASSET.body


@pytest.mark.parametrize(
    ("source", "stripped"),
    [
        pytest.param("a;\n  b;\n", "a;\nb;", id="the space before a line goes"),
        pytest.param("// why\na;\n  // because\n", "a;", id="a line that is a comment goes"),
        pytest.param("\n\na;\n\n", "a;", id="an empty line goes"),
        pytest.param('a("//x");', 'a("//x");', id="two slashes within a line stay"),
        pytest.param("a; // b", "a; // b", id="a comment after code stays"),
    ],
)
def test_stripping_a_script_keeps_its_code(source: str, stripped: str) -> None:
    assert strip_script(source) == stripped


@pytest.mark.parametrize(
    ("source", "stripped"),
    [
        pytest.param("a {\n  b: c;\n}\n", "a {b: c;}", id="lines are joined"),
        pytest.param("/* a { */b {/* c */}", "b {}", id="comments go"),
        pytest.param("a b{}", "a b{}", id="a space within a line stays"),
    ],
)
def test_stripping_a_style_sheet_keeps_its_rules(source: str, stripped: str) -> None:
    assert strip_style(source) == stripped
