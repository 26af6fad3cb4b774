"""HubSpot's hosts, tags and cookies, and how its chat alone is loaded."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

import consent_middleware
from consent_middleware.patterns import compile_host_search
from consent_middleware.purpose import ChatScript, Purpose
from consent_middleware.rules import ChatContext, HostRule, PageElement, TagRule, TextRule
from consent_middleware.vendors.hubspot import HUBSPOT
from consent_middleware.vendors.hubspot.chat import PORTAL_PATTERNS, REGION_PATTERNS
from consent_middleware.vendors.hubspot.hosts import ADDRESS_PATTERNS, SERVICES, TAG_HOSTS
from consent_middleware.vendors.hubspot.tags import ADDRESS_PARTS, LATER_LIBRARY, OPTIONAL_LIBRARY, SNIPPET_WORDS
from tests.growth import assert_linear

PACKAGE = Path(consent_middleware.__file__).parent


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


def test_proxied_hosts_are_told_apart_by_path() -> None:
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
def test_loader_chat_has_its_portal_and_region(rule: str, region: str, host: str, hublet: str) -> None:
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


def test_chat_tag_keeps_its_own_attributes() -> None:
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
def test_invalid_portal_gives_no_chat(portal: str) -> None:
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
        pytest.param("app.hubspot.com", Purpose.CHAT, id="a host for the chat and embeds"),
        pytest.param("js.hubspot.com", Purpose.TRACKING, id="a host for tracking and embeds"),
        pytest.param("static.hsappstatic.net", Purpose.CHAT, id="a host for everything"),
        pytest.param("perf-eu1.hsforms.com", Purpose.EMBEDS, id="a tracker on a domain for embeds"),
        pytest.param("x.hs-data.com", None, id="a domain that nobody has seen in use"),
        ("www.hubspot.com", None),
        ("hubspot.com", None),
        ("cdn2.hubspot.net", None),
        ("f.hubspotusercontent-na1.net", None),
        ("nothubspot.com", None),
        ("hubspot.com.evil.example", None),
        ("", None),
    ],
)
def test_hint_purpose_depends_on_host(host: str, purpose: Purpose | None) -> None:
    assert HUBSPOT.host_purpose(host) is purpose


def test_domains_include_hosts_of_rules_and_hints() -> None:
    assert {host.domain for rule in HUBSPOT.tag_rules for host in rule.hosts} <= HUBSPOT.domains
    assert set(HUBSPOT.host_purposes) <= HUBSPOT.domains


def test_first_purpose_is_the_most_demanding() -> None:
    order = [Purpose.TRACKING, Purpose.EMBEDS, Purpose.CHAT]
    rules: list[TagRule | TextRule] = [*HUBSPOT.tag_rules, *HUBSPOT.text_rules]

    assert all(rule.purpose is min(rule.purposes, key=order.index) for rule in rules)
    assert {rule.id for rule in rules if Purpose.CHAT in rule.purposes and rule.purpose is Purpose.TRACKING} == {
        "hubspot.loader",
        "hubspot.analytics",
        "hubspot.inline-loader",
    }


def test_only_embeds_have_a_kind() -> None:
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
def test_host_search_finds_every_host(text: bytes) -> None:
    assert NEEDLE.search(text)


@pytest.mark.parametrize("text", [b"hs-scripts", b"hs-scripts.org", b"xhubspot.com", b"227.0.0.1", b"example.com"])
def test_host_search_finds_no_other_text(text: bytes) -> None:
    assert not NEEDLE.search(text)


def test_host_rule_reads_and_writes_regions() -> None:
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
def test_script_cost_is_linear(mention: str) -> None:
    assert_linear(
        lambda times: "".join(f"{mention}{at:05};" for at in range(times)),
        lambda text: HUBSPOT.recognize(PageElement("script", text=text)),
        start=500,
    )


def test_host_search_without_domains_finds_nothing() -> None:
    assert compile_host_search([]).search(b".a.example") is None


# The table of hosts


@cache
def strings() -> Sequence[tuple[str, str]]:
    """Return every string of the package with its file's name, without docstrings and the settings' examples."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        if path.name == "settings.py":
            continue
        nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        found += [
            (path.name, node.value.replace("\\.", "."))
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
        ]
    return found


@pytest.mark.parametrize("domain", sorted({service.host.domain for service in SERVICES}))
def test_each_domain_is_written_once(domain: str) -> None:
    pattern = re.compile(rf"(?<![\w-]){re.escape(domain)}(?![\w-])", re.IGNORECASE)

    found = [name for name, text in strings() for _ in pattern.finditer(text)]

    assert found == ["hosts.py"]


def test_each_host_is_written_once() -> None:
    hosts = {id(service.host): service.host for service in SERVICES}.values()

    assert len({host.rule for host in hosts}) == len(hosts)
    assert len({(service.host, service.purpose) for service in SERVICES}) == len(SERVICES)


def test_domains_of_inline_scripts_and_snippets() -> None:
    embeds = {"hsforms.net", "hsforms.com", "hscta.net", "hsappstatic.net"}

    assert HUBSPOT.script_domains - HUBSPOT.snippets.domains == embeds
    assert HUBSPOT.snippets.domains == {
        *("hs-scripts.com", "hs-analytics.net", "hs-banner.com", "usemessages.com", "hscollectedforms.net"),
        *("hsleadflows.net", "hsadspixel.net", "hubspotfeedback.com", "hubapi.com", "hubspot.com", "leadin.com"),
    }


def test_rules_use_every_group_of_hosts() -> None:
    used = {rule.hosts for rule in HUBSPOT.tag_rules}
    source = (PACKAGE / "vendors" / "hubspot" / "tags.py").read_text("utf-8")

    assert set(re.findall(r'TAG_HOSTS\["([a-z-]+)"\]', source)) == set(TAG_HOSTS)
    assert set(re.findall(r'ADDRESS_PATTERNS\["([a-z-]+)"\]', source)) == set(ADDRESS_PATTERNS)
    assert used - {()} == set(TAG_HOSTS.values())


#: Addresses that inline scripts load, by the rule that recognizes them.
ADDRESSES = {
    "loader": [
        "js-eu1.hs-scripts.com/1.js",
        "js.hs-analytics.net/analytics/1/1.js",
        "api.hubapi.com/scriptloader/v1/1.js",
        "js-na2.hubspot.com/analytics/1/1.js",
    ],
    "tracking": [
        "track.hubspot.com/__ptq.gif",
        "track-eu1.hubspot.com/__ptq.gif",
        "js.hs-banner.com/v2/1/banner.js",
        "js.hscollectedforms.net/collectedforms.js",
        "js.hsleadflows.net/leadflows.js",
        "js.hsadspixel.net/fb.js",
        "js.hubspot.com/web-interactives-embed.js",
        "js-eu1.hubspot.com/web-interactives-embed.js",
        "cta.app7.hubspot.com/x.js",
        "js.hubspotfeedback.com/feedbackweb-new.js",
        "js.leadin.com/js/v1/1.js",
    ],
    "chat": ["js.usemessages.com/x.js", "api-eu1.usemessages.com/x.js", "shop.example/conversations-embed.js"],
    "forms": ["js.hsforms.net/forms/v2.js", "forms.hsforms.com/embed/v3/form"],
    "meetings": [
        "meetings.hubspot.com/anna",
        "meetings-eu1.hubspot.com/anna",
        "static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js",
    ],
    "payments": ["static.hsappstatic.net/payments-embed/ex/PaymentsEmbedCode.js"],
    "video": ["static.hsappstatic.net/video-embed/ex/loader.js"],
    "calls-to-action": ["js.hscta.net/cta/current.js"],
}


@pytest.mark.parametrize(("group", "address"), [(group, each) for group, found in ADDRESSES.items() for each in found])
def test_inline_script_is_recognized_by_address(group: str, address: str) -> None:
    script = f"var s=document.createElement('script');s.src='https://{address}';document.head.append(s)"

    found = HUBSPOT.recognize(PageElement("script", text=script))

    assert found is not None
    assert found.rule.id == f"hubspot.inline-{group}"


@pytest.mark.parametrize(
    "address",
    ["api.hsforms.com/submissions/v3", "www.hubspot.com/x.js", "xhs-scripts.com/1.js", "js.hs-scripts.com.example"],
)
def test_inline_script_for_other_address_stays(address: str) -> None:
    script = f"var s=document.createElement('script');s.src='https://{address}';document.head.append(s)"

    assert HUBSPOT.recognize(PageElement("script", text=script)) is None


@pytest.mark.parametrize("group", sorted(ADDRESS_PATTERNS))
def test_each_address_pattern_has_a_sample(group: str) -> None:
    for pattern in ADDRESS_PATTERNS[group].split("|"):
        assert any(re.search(pattern, address) for address in ADDRESSES[group]), pattern


# Tables of patterns


def named(table: Mapping[str, re.Pattern[str]], text: str) -> dict[str, str]:
    """Return what each pattern of a table reads from a text."""
    return {name: found[1] for name, pattern in table.items() if (found := pattern.search(text))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("//js.hs-scripts.com/12", {"the loader's address": "12"}),
        ("//api.hubapi.com/scriptloader/v1/12", {"the loader's path": "12"}),
        ("/hs/scriptloader/12", {"the loader's path": "12"}),
        ("//cdn.example/123.js", {"a file's name": "123"}),
        ("//cdn.example/12.js", {}),
        ("s.setAttribute('data-hsjs-portal', 12)", {"an attribute that is set": "12"}),
        ('{"data-hsjs-portal":12}', {"an attribute that is set": "12"}),
        ("s.dataset.hsjsPortal='12'", {"an attribute that is set": "12"}),
        ('{portalId: "12"}', {"a property": "12"}),
        ('{"portalId":12}', {"a property": "12"}),
    ],
)
def test_snippet_names_the_portal(text: str, expected: dict[str, str]) -> None:
    assert named(PORTAL_PATTERNS, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("//js-eu1.hs-scripts.com/1.js", {"a host": "eu1"}),
        ("//js.hs-scripts.com/1.js", {}),
        ('{"data-hsjs-hublet":"na2"}', {"an attribute that is set": "na2"}),
        ("s.dataset.hsjsHublet='na2'", {"an attribute that is set": "na2"}),
    ],
)
def test_snippet_names_the_region(text: str, expected: dict[str, str]) -> None:
    assert named(REGION_PATTERNS, text) == expected


SAMPLES: list[tuple[Mapping[str, str], dict[str, list[str]]]] = [
    (
        OPTIONAL_LIBRARY,
        {
            "assigns it": ["hbspt =", "hbspt="],
            "asks for its type": ["typeof hbspt", "typeof window.hbspt"],
            "tests it": ["if (hbspt)", "if(!window . hbspt &"],
        },
    ),
    (
        LATER_LIBRARY,
        {
            "assigns it": ["HubSpotFormsV4 =", "window.HubSpotCallsToActions="],
            "asks for its type": ["typeof HubspotFormsV4", "typeof window . HubSpotCallsToActions"],
            "tests it": ["HubSpotFormsV4 &&", "window.HubSpotFormsV4)", "HubSpotCallsToActions ||", "HubspotFormsV4?"],
            "listens to an event": ["addEventListener (", "addEventListener("],
            "is called by the library": ["hsCallsToActionsReady", "hsCallsToActionReady"],
            "declares a function": ["function fill", "function  $"],
            "keeps a function": ["= function", "=async function", "=()=>", "= async ( a, b ) =>", "=x =>"],
        },
    ),
    (
        ADDRESS_PARTS,
        {
            "scheme, slashes and the first label": ["https://js-", "//api", "http:"],
            "the portal and the end of its file": ["/12345.js", ".js", "-1"],
            "the tracking script's path": ["/analytics/", "/analytics/170/"],
            "the loader's older path": ["/scriptloader/v1/"],
            "the loader's path on the site's own host": ["/hs/scriptloader/"],
            "the chat's script": ["/conversations-embed.js", "conversations-embed.js"],
            "the banner's version": ["/v2/"],
        },
    ),
    (
        SNIPPET_WORDS,
        {
            "a region": ["eu1", "na12"],
            "the production environment": ["prod"],
            "the test environment": ["qa"],
            "an attribute of a script": ["data-loader", "data-hsjs-portal", "data-leadin-portal-id", "data-hs-ignore"],
            "an attribute's value": ["ignore"],
            "the loader's mark": ["hs-scriptloader"],
            "the chat's id": ["hubspot-messages-loader"],
            "the loader's id": ["hs-script-loader"],
            "the tracking script's id": ["hs-analytics"],
            "the pop-ups' id": ["hubspot-web-interactives-loader"],
            "an id with the portal": ["CollectedForms-1", "hs-ads-pixel-12"],
        },
    ),
]


@pytest.mark.parametrize(
    ("table", "samples"), SAMPLES, ids=["optional library", "later library", "address parts", "snippet words"]
)
def test_each_alternative_matches_its_samples(table: Mapping[str, str], samples: dict[str, list[str]]) -> None:
    assert samples.keys() == table.keys()
    for name, texts in samples.items():
        for text in texts:
            assert [each for each, pattern in table.items() if re.fullmatch(pattern, text)] == [name]
