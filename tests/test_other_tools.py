"""Each mark of another tool has a sample here, and each sample is recognized by its own mark alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from consent_middleware import Consent, Policy
from consent_middleware.blocking import TagBlocker
from consent_middleware.engine import Engine
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.other_tools import (
    BLOCKED_OR_DATA_TYPES,
    CONSENT_TOOLS,
    DELAY_PLUGINS,
    TAG_MANAGERS,
    DelayPlugin,
    TagManager,
    asks_for_consent,
    is_blocked_or_data_type,
    is_delayed_type,
    is_managed,
    is_tag_manager,
)

#: One sample for each pattern of a product, in the table's order.
ATTRIBUTES = {
    "Axeptio": ["data-requires-vendor-consent"],
    "Borlabs Cookie": ["data-borlabs-cookie-id"],
    "consentmanager": ["data-cmp-src"],
    "Cookie Information": ["data-consent-src"],
    "CookieYes": ["data-cookieyes"],
    "CookieYes, older (Cookie Law Info)": ["data-cli-category"],
    "Cookiebot": ["data-cookieconsent"],
    "Didomi": ["data-didomi-vendor", "data-vendor", "data-purposes"],
    "iubenda": ["data-iub-purposes", "data-suppressedsrc"],
    "Klaro": ["data-name", "data-klaro"],
    "Real Cookie Banner": ["consent-original-src-_"],
    "tarteaucitron": ["data-tarteaucitron"],
    "TermsFeed": ["data-cookie-consent"],
    "Termly": ["data-categories"],
    "Usercentrics": ["data-usercentrics", "data-uc-src"],
    "vanilla-cookieconsent": ["data-cookiecategory", "data-category", "data-service"],
}
CLASSES = {
    "Borlabs Cookie": ["brlbs-cmpnt"],
    "Complianz": ["cmplz-script"],
    "CookieYes": ["cky-script"],
    "iubenda": ["_iub_cs_activate"],
    "OneTrust": ["optanon-category-C0004"],
    "tarteaucitron": ["tarteaucitron"],
}
SETUP = {
    "Cookiebot": [
        "window.CookieConsentDialog = {}",
        "CookiebotCallback_OnAccept = f",
        "function CookiebotCallback_OnDecline(){}",
    ],
    "Didomi": ["window.didomiConfig={}"],
    "iubenda": ["_iub.csConfiguration = {}"],
    "Klaro": ["klaroConfig = {}", "klaro.render()"],
    "OneTrust": ["OptanonWrapper = f", "function OptanonWrapper () {}"],
    "Osano's open-source banner": ["cookieconsent.initialise({})"],
    "tarteaucitron": ["tarteaucitron.init({})"],
    "vanilla-cookieconsent": ["CookieConsent.run({})", "initCookieConsent()"],
}
TYPES = {
    "most consent tools": "text/plain",
    "a word for consent before the slash": "cmp-blocked/javascript",
    "a word for consent after the slash": "text/x-Cookie-script",
    "Didomi": "didomi/javascript",
    "an import map": "importmap",
    "data": "application/ld+json",
}
DELAYED_TYPES = {
    "WP Rocket": "rocketlazyloadscript",
    "LiteSpeed Cache": "litespeed/javascript",
    "WP Meteor": "javascript/blocked",
    "Perfmatters": "pmdelayedscript",
    "NitroPack": "nitropack/inlinescript",
    "Swift Performance": "swift/javascript",
    "Partytown": "text/partytown",
    "Cloudflare's Rocket Loader": "c4b1f0a29e7d-text/javascript",
}
MANAGER_ADDRESSES = {
    "Google Tag Manager": ["https://www.googletagmanager.com/gtm.js?x", "/gtm.js?id=GTM-ABC"],
    "Segment": ["https://cdn.segment.com/analytics.js/v1/a.js"],
    "Tealium": ["//tags.tiqcdn.com/utag/a/b/prod/utag.js"],
    "Adobe": ["https://assets.adobedtm.com/launch.min.js"],
    "Matomo": ["https://cdn.matomo.cloud/a/container_x.js", "/js/container_AbCdEf12_dev.js"],
    "Piwik PRO": ["https://shop.piwik.pro/containers/a.js"],
    "Commanders Act": ["https://cdn.tagcommander.com/1/tc_a.js"],
}


def rows(part: str, samples: dict[str, list[str]]) -> list[object]:
    """Return each pattern in one column of the consent tools' table, with its sample."""
    return [
        pytest.param(pattern, samples[tool.name][number], id=f"{tool.name} {number}")
        for tool in CONSENT_TOOLS
        for number, pattern in enumerate(getattr(tool, part))
    ]


def fitting(patterns: Iterable[str], sample: str) -> list[str]:
    return [pattern for pattern in patterns if re.match(pattern, sample)]


@pytest.mark.parametrize(("pattern", "sample"), rows("attributes", ATTRIBUTES))
def test_attribute_marks_a_managed_tag(pattern: str, sample: str) -> None:
    assert fitting((each for tool in CONSENT_TOOLS for each in tool.attributes), sample) == [pattern]
    assert is_managed(["src", sample], "")
    assert not is_managed(["src", f"x-{sample}"], "")


@pytest.mark.parametrize(("pattern", "sample"), rows("classes", CLASSES))
def test_class_marks_a_managed_tag(pattern: str, sample: str) -> None:
    assert fitting((each for tool in CONSENT_TOOLS for each in tool.classes), sample) == [pattern]
    assert is_managed(["src"], f"a {sample}")
    assert not is_managed(["src"], f"x{sample}")


@pytest.mark.parametrize(("pattern", "sample"), rows("setup", SETUP))
def test_setup_code_asks_for_consent(pattern: str, sample: str) -> None:
    fitting = [each for tool in CONSENT_TOOLS for each in tool.setup if re.search(each, sample)]

    assert fitting == [pattern]
    assert asks_for_consent(f"a();{sample};b()")


@pytest.mark.parametrize(
    "code", ["CookieConsent.get()", "klaroConfig == 1", "function initCookieConsent() {}", "run()"]
)
def test_other_code_asks_for_nothing(code: str) -> None:
    assert not asks_for_consent(code)


@pytest.mark.parametrize("name", BLOCKED_OR_DATA_TYPES)
def test_type_of_a_consent_tool_or_of_data(name: str) -> None:
    every = BLOCKED_OR_DATA_TYPES.items()
    sample = TYPES[name]

    assert [key for key, pattern in every if re.fullmatch(pattern, sample, re.IGNORECASE)] == [name]
    assert is_blocked_or_data_type(sample)
    assert not is_delayed_type(sample)


@pytest.mark.parametrize("plugin", [row for row in DELAY_PLUGINS if row.script_type], ids=lambda row: row.name)
def test_type_of_a_delay_plugin(plugin: DelayPlugin) -> None:
    sample = DELAYED_TYPES[plugin.name]

    fitting = [row.name for row in DELAY_PLUGINS if row.script_type and re.fullmatch(row.script_type, sample)]
    assert fitting == [plugin.name]
    assert is_delayed_type(sample)
    assert is_delayed_type(sample.upper())
    assert not is_delayed_type(f"{sample}x")


@pytest.mark.parametrize("plugin", [row for row in DELAY_PLUGINS if row.src], ids=lambda row: row.name)
def test_address_that_a_delay_plugin_keeps(plugin: DelayPlugin) -> None:
    policy = Policy(contact_url="/c")
    address = plugin.src + b'="https://track.hubspot.com/__ptq.gif"'

    out = HTMLRewriter(TagBlocker(Engine(policy), policy.decide(Consent()), "/f.js")).rewrite(b"<img " + address + b">")

    assert out.startswith(b'<img data-consent="tracking" data-consent-src=')


@pytest.mark.parametrize("manager", TAG_MANAGERS, ids=lambda row: row.name)
def test_address_of_a_tag_manager(manager: TagManager) -> None:
    samples = MANAGER_ADDRESSES[manager.name]
    patterns = {row.name: [row.address, *filter(None, [row.own_file])] for row in TAG_MANAGERS}

    for pattern, sample in zip(patterns[manager.name], samples, strict=True):
        assert [each for row in patterns.values() for each in row if re.search(each, sample)] == [pattern]
        assert is_tag_manager(sample)
