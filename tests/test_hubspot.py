"""HubSpot's hosts, tags and cookies, and how its chat alone is loaded."""

from __future__ import annotations

import pytest

from consent_middleware.rules import ChatScript, HostRule, Purpose, Recognition, TagRule, needle
from consent_middleware.vendors.hubspot import HUBSPOT


def recognise(host: str, path: str = "/12345.js") -> tuple[str, str, str] | None:
    found = HUBSPOT.recognise(host, path, any_path=True)
    return None if found is None else (found[0].id, found[1], found[2])


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("js.hs-scripts.com", "/12345.js", ("hubspot.loader", "", "12345")),
        ("js-eu1.hs-scripts.com", "/12345.js", ("hubspot.loader", "eu1", "12345")),
        ("js-na1.hs-scripts.com", "/12345.js", ("hubspot.loader", "na1", "12345")),
        ("js-zz99.hs-scripts.com", "/12345.js", ("hubspot.loader", "zz99", "12345")),
        ("js.hs-scripts.com", "/1452689439a4a.js", ("hubspot.loader", "", "")),
        ("js.usemessages.com", "/conversations-embed.js", ("hubspot.chat", "", "")),
        ("js-na2.usemessages.com", "/anything", ("hubspot.chat", "na2", "")),
        ("js.hs-analytics.net", "/analytics/1700000000000/12345.js", ("hubspot.analytics", "", "12345")),
        ("js-eu1.hs-banner.com", "/v2/12345/banner.js", ("hubspot.banner", "eu1", "12345")),
        ("js.hs-banner.com", "/12345.js", ("hubspot.banner", "", "")),
        ("js.hscollectedforms.net", "/collectedforms.js", ("hubspot.collected-forms", "", "")),
        ("js.hsleadflows.net", "/leadflows.js", ("hubspot.lead-flows", "", "")),
        ("js.hsadspixel.net", "/fb.js", ("hubspot.ads-pixel", "", "")),
    ],
)
def test_scripts_are_recognised_in_every_region(host: str, path: str, expected: tuple[str, str, str]) -> None:
    found = recognise(host, path)

    assert found is not None
    assert found == expected


@pytest.mark.parametrize(
    "host",
    [
        "js.hs-scripts.com.evil.example",
        "myhs-scripts.com",
        "js.myhs-scripts.com",
        "evil-js.hs-scripts.com",
        "js-eu.hs-scripts.com",
        "js-eu123.hs-scripts.com",
        "xjs.hs-scripts.com",
        "cdn2.hubspot.net",
        "www.hubspot.com",
        "hs-scripts.com",
        "",
    ],
)
def test_look_alikes_are_not_recognised(host: str) -> None:
    assert recognise(host) is None


def test_an_origin_that_serves_several_hosts_tells_them_apart_by_path() -> None:
    found = HUBSPOT.recognise("js.usemessages.com", "/12345.js", any_path=False)
    other = HUBSPOT.recognise("js.hs-scripts.com", "/12345.js", any_path=False)

    assert found is None
    assert other is not None
    assert other[0].id == "hubspot.loader"


def chat(rule: str, *, region: str = "", account: str = "12345", **attributes: str) -> ChatScript | None:
    by_id = {tag_rule.id: tag_rule for tag_rule in HUBSPOT.tag_rules}
    build = by_id[rule].chat
    assert build is not None
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return build(Recognition("//js.usemessages.com/x.js", region, account, named, lambda host: f"https://{host}"))


@pytest.mark.parametrize("rule", ["hubspot.loader", "hubspot.analytics"])
@pytest.mark.parametrize(
    ("region", "host", "hublet"),
    [
        ("", "js.usemessages.com", "na1"),
        ("na1", "js.usemessages.com", "na1"),
        ("eu1", "js-eu1.usemessages.com", "eu1"),
        ("ap1", "js-ap1.usemessages.com", "ap1"),
    ],
)
def test_the_chat_alone_is_loaded_for_portal_and_region_of_the_full_tag(
    rule: str, region: str, host: str, hublet: str
) -> None:
    assert chat(rule, region=region) == ChatScript(
        f"https://{host}/conversations-embed.js",
        (
            ("id", "hubspot-messages-loader"),
            ("data-loader", "hs-scriptloader"),
            ("data-hsjs-portal", "12345"),
            ("data-hsjs-env", "prod"),
            ("data-hsjs-hublet", hublet),
        ),
    )


def test_a_standalone_chat_keeps_its_own_url_and_attributes() -> None:
    found = chat(
        "hubspot.chat",
        account="",
        data_hsjs_portal="777",
        data_hsjs_hublet="eu1",
        data_hsjs_env="qa",
        crossorigin="anonymous",
        ungated_for="x",
        async_="",
        id="other",
    )

    assert found is not None
    assert found.src == "//js.usemessages.com/x.js"
    assert dict(found.attributes) == {
        "id": "hubspot-messages-loader",
        "data-loader": "hs-scriptloader",
        "data-hsjs-portal": "777",
        "data-hsjs-env": "qa",
        "data-hsjs-hublet": "eu1",
        "crossorigin": "anonymous",
        "ungated-for": "x",
    }


@pytest.mark.parametrize("portal", ["", "0", "12a", "-1", "1" * 20])
def test_a_portal_that_is_none_gives_no_chat(portal: str) -> None:
    assert chat("hubspot.loader", account=portal) is None
    assert chat("hubspot.chat", data_hsjs_portal=portal) is None


@pytest.mark.parametrize(
    ("host", "purpose"),
    [
        ("js.hs-scripts.com", Purpose.TRACKING),
        ("js-eu1.usemessages.com", Purpose.CHAT),
        ("forms-eu1.hscollectedforms.net", Purpose.TRACKING),
        ("track.hubspot.com", Purpose.TRACKING),
        ("hubspot.com", Purpose.TRACKING),
        ("cdn2.hubspot.net", None),
        ("f.hubspotusercontent-na1.net", None),
        ("nothubspot.com", None),
        ("hubspot.com.evil.example", None),
        ("", None),
    ],
)
def test_hints_to_hubspot_s_hosts_have_a_purpose(host: str, purpose: Purpose | None) -> None:
    assert HUBSPOT.hint_purpose(host) is purpose


def test_every_host_that_a_rule_or_a_hint_knows_is_a_domain_of_the_vendor() -> None:
    assert {rule.host.domain for rule in HUBSPOT.tag_rules} <= HUBSPOT.domains
    assert set(HUBSPOT.hint_domains) <= HUBSPOT.domains


def test_the_most_demanding_purpose_decides_over_a_tag() -> None:
    by_id = {rule.id: rule for rule in HUBSPOT.tag_rules}

    assert by_id["hubspot.loader"].purpose is Purpose.TRACKING
    assert by_id["hubspot.analytics"].purpose is Purpose.TRACKING
    assert by_id["hubspot.chat"].purpose is Purpose.CHAT
    assert isinstance(by_id["hubspot.chat"], TagRule)


NEEDLE = needle(["hs-scripts.com", "hs-banner.com", "hubspot.com"], ["127.0.0.1", "hs.example.com", "localhost"])


@pytest.mark.parametrize(
    "text",
    [
        b"//js.hs-scripts.com/1.js",
        b"//JS-EU1.HS-Scripts.COM/1.js",
        b"//track.hubspot.com",
        b"https://hubspot.com",
        b"https://u@hubspot.com",
        b"\\\\hubspot.com",
        b"http://127.0.0.1:9101/1.js",
        b"//HS.example.com/1.js",
        b"http://localhost:3/",
    ],
)
def test_the_needle_finds_every_host(text: bytes) -> None:
    assert NEEDLE.search(text)


@pytest.mark.parametrize("text", [b"hs-scripts", b"hs-scripts.org", b"xhubspot.com", b"227.0.0.1", b"example.com"])
def test_the_needle_leaves_other_text(text: bytes) -> None:
    assert not NEEDLE.search(text)


def test_a_host_rule_names_the_host_of_a_region() -> None:
    rule = HostRule("js", "example.net")

    assert rule.in_region("") == rule.default == "js.example.net"
    assert rule.in_region("eu1") == "js-eu1.example.net"
    assert rule.region_of("jsx.example.net") is None
