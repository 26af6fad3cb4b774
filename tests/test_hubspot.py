"""HubSpot's hosts, tags and cookies, and how its chat alone is loaded."""

from __future__ import annotations

import pytest

from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.rules import ChatContext, HostRule, PageElement, TagRule, TextRule, compile_host_search
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.growth import assert_linear


def recognize(host: str, path: str = "/12345.js") -> tuple[str, str, str] | None:
    found = HUBSPOT.recognize(PageElement("script", f"//{host}{path}", (host,), path))
    return None if found is None else (found.rule.id, found.region, found.account)


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("js.hs-scripts.com", "/12345.js", ("hubspot.loader", "", "12345")),
        ("js-eu1.hs-scripts.com", "/12345.js", ("hubspot.loader", "eu1", "12345")),
        ("js-na1.hs-scripts.com", "/12345.js", ("hubspot.loader", "na1", "12345")),
        ("js-zz99.hs-scripts.com", "/12345.js", ("hubspot.loader", "zz99", "12345")),
        ("js.hs-scripts.com", "/1452689439a4a.js", ("hubspot.service", "", "")),
        ("evil-js.hs-scripts.com", "/12345.js", ("hubspot.service", "", "")),
        ("cdn.js-eu1.hs-scripts.com", "/12345.js", ("hubspot.service", "", "")),
        ("hs-scripts.com", "/12345.js", ("hubspot.service", "", "")),
        ("js.usemessages.com", "/conversations-embed.js", ("hubspot.chat", "", "")),
        ("js-na2.usemessages.com", "/anything", ("hubspot.chat-host", "na2", "")),
        ("js.hs-analytics.net", "/analytics/1700000000000/12345.js", ("hubspot.analytics", "", "12345")),
        ("js-eu1.hs-banner.com", "/v2/12345/banner.js", ("hubspot.banner", "eu1", "12345")),
        ("js.hs-banner.com", "/12345.js", ("hubspot.banner", "", "")),
        ("js.hscollectedforms.net", "/collectedforms.js", ("hubspot.collected-forms", "", "")),
        ("js.hsleadflows.net", "/leadflows.js", ("hubspot.lead-flows", "", "")),
        ("js.hsadspixel.net", "/fb.js", ("hubspot.ads-pixel", "", "")),
    ],
)
def test_scripts_are_recognized_in_every_region(host: str, path: str, expected: tuple[str, str, str]) -> None:
    found = recognize(host, path)

    assert found is not None
    assert found == expected


@pytest.mark.parametrize(
    "host",
    [
        "js.hs-scripts.com.evil.example",
        "myhs-scripts.com",
        "js.myhs-scripts.com",
        "notjs.hubspot.com",
        "js-eu.hubspot.com",
        "js-eu123.hubspot.com",
        "a.js.hubspot.com",
        "cdn2.hubspot.net",
        "www.hubspot.com",
        "hs-scripts.com.",
        "",
    ],
)
def test_look_alikes_are_not_recognized(host: str) -> None:
    assert recognize(host) is None


def test_an_origin_that_serves_several_hosts_tells_them_apart_by_path() -> None:
    def served(path: str) -> str | None:
        hosts = ("hs.example.com", "js.usemessages.com", "js.hs-scripts.com")
        found = HUBSPOT.recognize(PageElement("script", f"//hs.example.com{path}", hosts, path))
        return found and found.rule.id

    assert served("/12345.js") == "hubspot.loader"
    assert served("/conversations-embed.js") == "hubspot.chat"
    assert served("/other.js") is None


def chat(rule: str, *, region: str = "", account: str = "12345", **attributes: str) -> ChatScript | None:
    build = next(tag_rule.chat for tag_rule in HUBSPOT.tag_rules if tag_rule.id == rule)
    assert build is not None
    named = {name.replace("_", "-"): value for name, value in attributes.items()}
    return build(ChatContext("//js.usemessages.com/x.js", region, account, named, lambda host: f"https://{host}"))


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
        "12345",
    )


def test_a_standalone_chat_keeps_its_own_attributes() -> None:
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
    assert found.src == "https://js-eu1.usemessages.com/conversations-embed.js"
    assert found.account == "777"
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
        ("track-eu1.hubspot.com", Purpose.TRACKING),
        ("meetings-na2.hubspot.com", Purpose.EMBEDS),
        ("js.hsforms.net", Purpose.EMBEDS),
        ("www.hubspot.com", None),
        ("hubspot.com", None),
        ("cdn2.hubspot.net", None),
        ("f.hubspotusercontent-na1.net", None),
        ("nothubspot.com", None),
        ("hubspot.com.evil.example", None),
        ("", None),
    ],
)
def test_hints_to_hubspot_s_hosts_have_a_purpose(host: str, purpose: Purpose | None) -> None:
    assert HUBSPOT.host_purpose(host) is purpose


def test_every_host_that_a_rule_or_a_hint_knows_is_a_domain_of_the_vendor() -> None:
    assert {host.domain for rule in HUBSPOT.tag_rules for host in rule.hosts} <= HUBSPOT.domains
    assert set(HUBSPOT.host_purposes) <= HUBSPOT.domains


def test_the_most_demanding_purpose_decides_over_a_tag() -> None:
    order = [Purpose.TRACKING, Purpose.EMBEDS, Purpose.CHAT]
    rules: list[TagRule | TextRule] = [*HUBSPOT.tag_rules, *HUBSPOT.text_rules]

    assert all(rule.purpose is min(rule.purposes, key=order.index) for rule in rules)
    assert {rule.id for rule in rules if Purpose.CHAT in rule.purposes and rule.purpose is Purpose.TRACKING} == {
        "hubspot.loader",
        "hubspot.analytics",
        "hubspot.inline-loader",
    }


def test_every_embed_has_a_kind_and_nothing_else_has_one() -> None:
    rules: list[TagRule | TextRule] = [*HUBSPOT.tag_rules, *HUBSPOT.text_rules]

    assert all(bool(rule.kind) == (rule.purpose is Purpose.EMBEDS) for rule in rules)


NEEDLE = compile_host_search(
    ["hs-scripts.com", "hs-banner.com", "hubspot.com"], ["127.0.0.1", "hs.example.com", "localhost"]
)


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
    assert rule.region_of("js.example.net") == ""
    assert rule.region_of("js-eu1.example.net") == "eu1"
    for other in ("jsx.example.net", "xjs.example.net", "xy-eu1.example.net", "js-eu1.x.example.net", "example.net"):
        assert rule.region_of(other) is None
    anything = HostRule("*", "example.net")
    assert [anything.region_of(host) for host in ("example.net", "a.example.net", "a-na2.example.net")] == [
        "",
        "",
        "na2",
    ]
    assert anything.region_of("badexample.net") is None


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "mention",
    [
        ".hs-scripts.com/x ",
        "'js.hubspot.com',",
        "//hsforms.net\n",
        "a('<a href=//hsforms.net/');",
        "\n /* //hsforms.net/ */",
        "s.src='//js.hubspot.com/';",
    ],
)
def test_a_script_s_cost_grows_with_its_length(mention: str) -> None:
    assert_linear(
        lambda times: "".join(f"{mention}{at:05};" for at in range(times)),
        lambda text: HUBSPOT.recognize(PageElement("script", text=text)),
        start=500,
    )


def test_needles_without_domains_find_nothing() -> None:
    assert compile_host_search([]).search(b".a.example") is None
