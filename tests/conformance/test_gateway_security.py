"""Page security and hints, in process, through both gateways."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from consent_middleware import Policy
from consent_middleware.engine import Engine
from tests.engines import engine_for
from tests.gateways import Reply, Result
from tests.pages import BLOCKED_LOADER, LOADER, page

from .gateway import FULL, TAGGED, Gateway, asking, html


def policies(result: Result) -> list[str]:
    return result.all("content-security-policy") + result.all("content-security-policy-report-only")


def test_added_markup_carries_the_pages_nonce(gateway: Gateway) -> None:
    """8.1 The added markup has the page's nonce and no inline script or style; policies do not change."""
    fields = [
        ("Content-Security-Policy", "default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'; style-src 'self'"),
        ("Content-Security-Policy-Report-Only", "script-src 'nonce-other'"),
    ]
    result = gateway(asking(), html(TAGGED.replace(b"<script", b'<script nonce="abc"'), *fields))
    added = result.body[result.body.index(b"<aside") :].partition(b"</body>")[0]

    assert b'nonce="abc"' in added
    assert not re.search(rb"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", added)
    assert policies(result) == [value for _, value in fields]


def test_policy_of_hashes_leaves_the_tags_waiting(gateway: Gateway, policy: Policy) -> None:
    """8.1 With a policy of hashes only, no facade can run: the tags are blocked, and it is logged."""
    digest = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    for sources in (f"'sha256-{digest}'", "'strict-dynamic' 'self'", "'none'"):
        assert (
            BLOCKED_LOADER in gateway(asking(), html(TAGGED, ("Content-Security-Policy", f"script-src {sources}"))).body
        )
    assert engine_for(policy).notices.counts == {"csp-refuses-facade": 3}
    for sources in ("'self'", "https:", "a.example 'unsafe-inline'", "'nonce-a'"):
        gateway(asking(), html(TAGGED, ("Content-Security-Policy", f"script-src {sources}")))
    gateway(asking(), html(TAGGED, ("Content-Security-Policy", "img-src 'none'")))
    gateway(asking(), html(page(), ("Content-Security-Policy", "script-src 'none'")))
    assert engine_for(policy).notices.counts == {"csp-refuses-facade": 3}


def test_script_uses_a_trusted_types_policy() -> None:
    """8.2 The facade's script sets a script's address through a Trusted Types policy."""
    assert b"createPolicy" in Engine(Policy()).facade.asset().body


def test_blocked_tag_keeps_its_security_attributes(gateway: Gateway) -> None:
    """8.3 A blocked tag keeps its integrity, crossorigin, nonce and referrerpolicy."""
    kept = b'integrity="sha384-x" crossorigin="anonymous" nonce="n" referrerpolicy="no-referrer"'
    given = page(b'<script src="//js.hs-scripts.com/1.js" ' + kept + b"></script>")

    assert kept in gateway(asking(), html(given)).body


def test_hints_to_the_vendor_wait(gateway: Gateway) -> None:
    """8.4 Hints to the vendor are blocked, in Link and in the page; others keep their bytes."""
    hint = b'<link rel="preconnect" href="https://js.hs-scripts.com">'
    link = '<https://js.hs-scripts.com>; rel="preload prefetch"; as=script, </b.css>; rel=preload; title="a, <b>"'
    result = gateway(asking(), html(page(head=hint), ("Link", link)))

    assert result.all("link") == ['</b.css>; rel=preload; title="a, <b>"']
    assert b'data-consent-href="https://js.hs-scripts.com"' in result.body
    assert gateway(asking(cookie=FULL), html(page(head=hint), ("Link", link))).all("link") == [link]


def test_security_fields_stay_to_the_byte(gateway: Gateway) -> None:
    """8.5 Speculation-Rules, Permissions-Policy and report-only policies keep their bytes."""
    fields = [
        ("Speculation-Rules", '"/rules.json"'),
        ("Permissions-Policy", "camera=()"),
        ("Content-Security-Policy-Report-Only", "default-src 'none'; report-to x"),
        ("Reporting-Endpoints", 'x="/r"'),
    ]
    result = gateway(asking(), html(TAGGED, *fields))

    assert [pair for pair in result.headers if pair in {(n.lower(), v) for n, v in fields}] == [
        (name.lower(), value) for name, value in fields
    ]


def test_fragment_gets_no_document_around_it(gateway: Gateway) -> None:
    """8.6 A fragment is rewritten in place and gets no document around it."""
    fragment = b"<div>" + LOADER + b"</div>"
    result = gateway(asking(("HX-Request", "true"), ("Sec-Fetch-Dest", "empty")), html(fragment))

    assert result.body.startswith(b"<div>" + BLOCKED_LOADER + b"</div>")
    assert not re.search(rb"<(?:html|head|body)\b", result.body)
    assert result.body.count(b"<aside") == 1


ROOT = Path(__file__).parents[2]


def test_service_workers_are_documented() -> None:
    """8.7 The documentation says that pages stored by a service worker are up to the site."""
    assert "service worker" in (ROOT / "docs" / "caching.md").read_text("utf-8").lower()


def test_html_inside_json_is_not_touched(gateway: Gateway) -> None:
    """8.8 HTML inside JSON does not change, and the documentation says so."""
    reply = Reply([b'{"html": "<script src=\\"//js.hs-scripts.com/1.js\\"></script>"}'])
    reply.headers = [("Content-Type", "application/json")]

    assert gateway(asking(), reply).body == reply.chunks[0]
    assert "JSON" in (ROOT / "docs" / "http.md").read_text("utf-8")
