"""The privacy notice: what it lists, that it follows the policy, and that each format contains all data."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as ET

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.commands.main import main
from consent_middleware.consent import Category
from consent_middleware.disclosed import (
    STATUTORY_CATEGORIES,
    ContactedHost,
    DisclosureData,
    PersonalInformation,
    UnlistedCookie,
)
from consent_middleware.disclosure import ListedCookie, LoadingTerms, disclosure, to_html, to_json, to_markdown
from consent_middleware.purpose import Purpose
from consent_middleware.rules import CookieDomain, CookieRule, CookieSetter
from consent_middleware.vendor import Vendor
from consent_middleware.vendors import KNOWN_VENDORS
from consent_middleware.vendors.hubspot import HUBSPOT

EVERY = Policy(contact_url="/contact", vendors=["hubspot", "intercom"])
DATA = disclosure(EVERY)
ODD = "a|b `c` *d* __e__ <f> [g](h) &amp; \"i\" 'j' \\k \\| ~l~"


def vendor(text: str, *, lifetime: int | None = 86_400, name: str = "odd") -> Vendor:
    """Return a vendor of a site's own with one entry of each kind, and `text` wherever there may be text."""
    return Vendor(
        id="own",
        name=text,
        tag_rules=(),
        host_purposes=MappingProxyType({"chat.example": Purpose.CHAT}),
        cookie_rules=(
            CookieRule(
                name=name,
                purpose=Purpose.CHAT,
                category=Category.FUNCTIONAL,
                lifetime=lifetime,
                domain=CookieDomain.HOST,
                set_by=CookieSetter.SERVER,
                description=text,
            ),
        ),
        requires=MappingProxyType({Purpose.CHAT: frozenset({Category.FUNCTIONAL})}),
        disclosed=DisclosureData(
            policy_url="https://chat.example/privacy?a=1&b=2",
            contacts=(ContactedHost(Purpose.CHAT, "js.chat.example", text),),
            information=(PersonalInformation(Purpose.CHAT, "A", text),),
            sharing=((Purpose.CHAT, text),),
            unlisted=(UnlistedCookie("other", text),),
        ),
    )


def listed(name: str, policy: Policy = EVERY) -> ListedCookie:
    (found,) = [cookie for cookie in disclosure(policy).cookies if cookie.rule.name == name]
    return found


def terms_of(which: Purpose, policy: Policy) -> LoadingTerms:
    (found,) = [terms for terms in disclosure(policy).purposes if terms.purpose is which]
    return found


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Return the tables of a Markdown text as rows of cells, with escapes resolved."""
    tables: list[list[list[str]]] = []
    for block in text.split("\n\n"):
        if block.startswith("| "):
            rows = [re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in block.splitlines()]
            tables.append([[re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip()) for cell in cells] for cells in rows])
    return tables


def html_tables(text: str) -> list[list[list[str]]]:
    """Return the tables of an HTML fragment as rows of cells, as a browser reads them."""
    tree = html5lib.parseFragment(text, treebuilder="etree", namespaceHTMLElements=False)
    return [[["".join(cell.itertext()) for cell in line] for line in table.iter("tr")] for table in tree.iter("table")]


# What is listed


def test_own_cookies_come_first() -> None:
    first, second, third, *rest = json.loads(to_json(DATA))["cookies"]

    keys = ("name", "provider", "lifetime", "set_by", "domain")
    assert [first[key] for key in keys] == ["consent", "", "site", "site", "site"]
    assert [second[key] for key in keys] == ["consent_chat", "", "session", "script", "host"]
    assert [third[key] for key in keys] == ["consentNote", "", "session", "script", "host"]
    assert third["does"].startswith("Not a cookie")
    assert first["categories"] == second["categories"] == third["categories"] == ["necessary"]
    assert all(cookie["provider"] for cookie in rest)
    assert markdown_tables(to_markdown(DATA))[0][2][1:7] == [
        "this site",
        "none (necessary)",
        "necessary",
        "as this site decides",
        "this site",
        "as this site decides",
    ]


def test_each_cookie_is_listed_once_or_left_out() -> None:
    cookies = [(cookie.provider, cookie.rule.name) for cookie in DATA.cookies[3:]]
    unlisted = [(row["provider"], row["name"]) for row in json.loads(to_json(DATA))["left_out"]]

    assert cookies == [(vendor.name, rule.name) for vendor in KNOWN_VENDORS for rule in vendor.cookie_rules]
    assert unlisted == [(vendor.name, cookie.name) for vendor in KNOWN_VENDORS for cookie in vendor.disclosed.unlisted]
    assert len({*cookies, *unlisted}) == len(cookies) + len(unlisted)


#: HubSpot's domains that are blocked to be safe, although nobody has seen what they serve to a site's visitors.
UNSEEN = {"hs-growth-metrics.com", "hs-data.com"}


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_hosts_of_blocked_tags_are_disclosed(vendor: Vendor) -> None:
    """Property: the notice names the host of every tag that may be released."""
    disclosed = {(contact.host, contact.purpose) for contact in vendor.disclosed.contacts}
    domains = {(".".join(host.split(".")[-2:]), purpose) for host, purpose in disclosed}

    for rule in vendor.tag_rules:
        for host in rule.hosts:
            if host.label == "*":
                assert (host.domain, rule.purpose) in domains or host.domain in UNSEEN
            elif not rule.id.endswith((".service", ".pixel")):
                assert (host.default, rule.purpose) in disclosed


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_hints_to_disclosed_hosts_wait(vendor: Vendor) -> None:
    """Property: every host that the notice names waits for consent."""
    assert [contact.host for contact in vendor.disclosed.contacts if vendor.host_purpose(contact.host) is None] == []


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_each_purpose_has_complete_data(vendor: Vendor) -> None:
    purposes = set(vendor.host_purposes.values())

    assert {contact.purpose for contact in vendor.disclosed.contacts} == purposes
    assert {kind.purpose for kind in vendor.disclosed.information} == purposes
    assert [purpose for purpose, _ in vendor.disclosed.sharing] == [each for each in Purpose if each in purposes]
    assert {kind.letter for kind in vendor.disclosed.information} <= set(STATUTORY_CATEGORIES)


def test_information_has_the_right_letters() -> None:
    information = [each for vendor in KNOWN_VENDORS for each in vendor.disclosed.information]
    kinds = {
        which: "".join(sorted({each.letter for each in information if each.purpose is which}))
        for which in (Purpose.CHAT, Purpose.TRACKING)
    }

    assert kinds == {Purpose.CHAT: "ABFG", Purpose.TRACKING: "ABDFGK"}
    assert all("approximate" in each.what for each in information if each.letter == "G")
    assert {each.letter for each in information if each.inferred} == {"D", "G", "K"}
    assert all(each.condition for each in information if each.letter in "BDK")


@pytest.mark.parametrize(
    ("purpose", "letter", "words"),
    [
        (Purpose.TRACKING, "F", ["text", "class", "link", "place in the page", "position of the mouse"]),
        (Purpose.TRACKING, "F", ["cookie banner", "clicks in it"]),
        (
            Purpose.TRACKING,
            "A",
            ["user agent", "language", "color depth", "time zone", "platform", "storage", "Do Not Track"],
        ),
        (Purpose.TRACKING, "A", ["identifiers in cookies", "links to the other domains"]),
        (Purpose.CHAT, "A", ["identifiers", "cookies of HubSpot's tracking code"]),
        (Purpose.CHAT, "A", ["e-mail address", "logged in"]),
        (Purpose.CHAT, "F", ["address", "page before it", "written in the chat"]),
    ],
)
def test_hubspots_notice_names_what_is_sent(purpose: Purpose, letter: str, words: list[str]) -> None:
    rows = [each for each in HUBSPOT.disclosed.information if (each.purpose, each.letter) == (purpose, letter)]

    assert any(all(word in row.what for word in words) for row in rows)


def test_hubspots_regional_hosts_are_marked() -> None:
    regional = {contact.host: contact.regional for contact in HUBSPOT.disclosed.contacts}

    for host in ("track.hubspot.com", "js.hs-banner.com", "exceptions.hs-embed-reporting.com", "api.hubspot.com"):
        assert regional[host]
    assert not regional["exceptions.hubspot.com"]


def test_sale_and_sharing_are_never_answered() -> None:
    text = to_markdown(DATA)
    sharing = [pair for vendor in KNOWN_VENDORS for pair in vendor.disclosed.sharing]

    assert all("depends on" in decides for _, decides in sharing)
    assert "Only this site can answer whether it sells or shares personal information." in text
    (tracking,) = [decides for purpose, decides in sharing if purpose is Purpose.TRACKING]
    assert tracking.startswith("If advertising accounts are connected")
    assert "likely to be sharing for cross-context behavioral advertising" in tracking


# The policy's part in it


def test_names_and_categories_follow_the_policy() -> None:
    policy = Policy(consent_cookie="c", click_cookie="k", requires={"chat": ["marketing"], "tracking": ["analytics"]})

    assert [cookie.rule.name for cookie in disclosure(policy).cookies][:2] == ["c", "k"]
    assert listed("messagesUtk", policy).categories == (Category.MARKETING,)
    assert listed("__hstc", policy).categories == (Category.ANALYTICS,)
    assert listed("__hs_opt_out", policy).categories == (Category.NECESSARY,)
    assert terms_of(Purpose.CHAT, policy).requires == (Category.MARKETING,)


def test_purpose_without_consent_needs_no_click() -> None:
    policy = Policy(requires={"chat": []})
    data = disclosure(policy)

    assert listed("messagesUtk", policy).categories == (Category.FUNCTIONAL,)
    assert not terms_of(Purpose.CHAT, policy).click
    assert [cookie.rule.name for cookie in data.cookies][:2] == ["consent", "messagesUtk"]
    assert ["chat", "without asking for consent"] in markdown_tables(to_markdown(data))[2]


@pytest.mark.parametrize(
    ("policy", "chat", "tracking"),
    [
        (
            Policy(),
            "after functional consent, or on the visitor's click",
            "after analytics and marketing consent",
        ),
        (
            Policy(click_after_refusal=False),
            "after functional consent, or on the visitor's click if nothing is refused",
            "after analytics and marketing consent",
        ),
        (
            Policy(regime="opt-out"),
            "unless functional consent is refused, or on the visitor's click",
            "unless analytics or marketing consent is refused",
        ),
        (
            Policy(regime="opt-out", click_after_refusal=False),
            "unless functional consent is refused",
            "unless analytics or marketing consent is refused",
        ),
        (
            Policy(regime=lambda _: None),
            (
                "after functional consent; where the law only requires an opt-out, unless one is refused, or on the "
                "visitor's click"
            ),
            "after analytics and marketing consent; where the law only requires an opt-out, unless one is refused",
        ),
    ],
)
def test_notice_says_when_each_part_loads(policy: Policy, chat: str, tracking: str) -> None:
    assert markdown_tables(to_markdown(disclosure(policy)))[2][2:4] == [["chat", chat], ["tracking", tracking]]


@pytest.mark.parametrize(
    ("policy", "regime"),
    [(Policy(), "opt-in"), (Policy(regime="opt-out"), "opt-out"), (Policy(regime=lambda _: None), "per request")],
)
def test_regime_is_the_policys(policy: Policy, regime: str) -> None:
    assert disclosure(policy).regime == regime


def test_proxied_origin_is_listed_for_each_region() -> None:
    data = disclosure(
        Policy(
            proxied={
                "js.usemessages.com": "https://chat.shop.example",
                "js-eu1.usemessages.com": "https://eu.shop.example",
                "static-eu1.hsappstatic.net": "https://static.shop.example",
            }
        )
    )
    through = {host.contact.host: host.through for host in data.hosts if host.through}

    assert through == {
        "js.usemessages.com": (
            ("js-eu1.usemessages.com", "https://eu.shop.example"),
            ("js.usemessages.com", "https://chat.shop.example"),
        )
    }
    assert "js\\-eu1" not in to_markdown(data)
    assert "js.usemessages.com through https://chat.shop.example" in to_markdown(data)


def test_only_active_vendors_are_listed() -> None:
    data = disclosure(Policy(vendors=["intercom"]))

    assert {cookie.provider for cookie in data.cookies} == {"", "Intercom"}
    assert [terms.purpose for terms in data.purposes] == [Purpose.CHAT]
    assert "HubSpot" not in to_html(data) + to_markdown(data) + to_json(data)
    assert json.loads(to_json(data))["left_out"] == []


# The formats


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (None, "until the browser is closed"),
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (1800, "30 minutes"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (180 * 86_400, "180 days"),
        (365 * 86_400, "1 year"),
        (730 * 86_400, "2 years"),
        (400 * 86_400, "400 days"),
    ],
)
def test_lifetime_has_the_longest_exact_unit(lifetime: int | None, words: str) -> None:
    data = disclosure(Policy(vendors=[vendor("x", lifetime=lifetime)]))

    assert markdown_tables(to_markdown(data))[0][-1][4] == words


def test_prefix_is_marked_with_an_asterisk() -> None:
    names = [cells[0] for cells in markdown_tables(to_markdown(DATA))[0]]

    assert "intercom-session-*" in names
    assert "messagesUtk" in names


def test_cookies_of_vendor_pages_have_their_own_table() -> None:
    here, hosted, *_ = markdown_tables(to_markdown(DATA))

    assert [cells[0] for cells in hosted[2:]] == [
        "hs_ab_test",
        "__hsmem",
        "hs-membership-csrf",
        "hs_langswitcher_choice",
    ]
    assert not {cells[0] for cells in hosted[2:]} & {cells[0] for cells in here}


@pytest.mark.parametrize("policy", [EVERY, Policy(vendors=[vendor(ODD)])], ids=["known vendors", "odd texts"])
def test_markdown_and_html_have_the_same_tables(policy: Policy) -> None:
    data = disclosure(policy)
    from_markdown = [[table[0], *table[2:]] for table in markdown_tables(to_markdown(data))]

    assert html_tables(to_html(data)) == from_markdown
    assert len(from_markdown) == (6 if policy is EVERY else 5)


@given(st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool))
def test_formats_keep_any_text(text: str) -> None:
    """Property: no text of a vendor ends a cell, a table or an element, and none is lost."""
    data = disclosure(Policy(vendors=[vendor(text)]))

    assert markdown_tables(to_markdown(data))[0][-1][-1] == text
    if re.fullmatch("[\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]*", text):  # what HTML can hold as it is
        assert html_tables(to_html(data))[0][-1][-1] == text


def test_line_breaks_do_not_end_a_markdown_row() -> None:
    data = disclosure(Policy(vendors=[vendor("one\n\n| two |\r\nthree")]))

    assert markdown_tables(to_markdown(data))[0][-1][-1] == "one | two | three"


def test_cookie_name_may_be_any_token() -> None:
    name = "a!#$%&'*+-.^_`|~z"
    data = disclosure(Policy(consent_cookie=name))

    assert markdown_tables(to_markdown(data))[0][2][0] == name
    assert html_tables(to_html(data))[0][1][0] == name


@pytest.mark.parametrize("policy", [EVERY, Policy(vendors=[vendor(ODD)])], ids=["known vendors", "odd texts"])
def test_html_is_well_formed_and_has_no_style(policy: Policy) -> None:
    tree = ET.fromstring(to_html(disclosure(policy)))  # noqa: S314 - our own text
    elements = list(tree.iter())

    assert tree.tag == "section"
    assert tree.attrib == {"data-consent-disclosure": "", "lang": "en"}
    assert {element.tag for element in elements} == {
        *("section", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "ul", "li", "a")
    }
    assert {name for element in elements[1:] for name in element.attrib} == {"scope", "href"}
    for table in tree.iter("table"):
        assert [head.get("scope") for head in table.iterfind("thead/tr/th")] == ["col"] * len(
            table.findall("thead//th")
        )
        assert all(
            [cell.get("scope") for cell in line if cell.tag == "th"] == ["row"] for line in table.iter("tbody/tr")
        )


def test_only_https_addresses_become_links() -> None:
    own = vendor("x")
    script = Vendor(
        id="own",
        name="x",
        tag_rules=(),
        host_purposes=own.host_purposes,
        cookie_rules=(),
        requires=own.requires,
        disclosed=DisclosureData(policy_url="javascript:alert(1)"),
    )

    assert '<a href="https://chat.example/privacy?a=1&amp;b=2">' in to_html(disclosure(Policy(vendors=[own])))
    assert "<li>x: javascript:alert(1)</li>" in to_html(disclosure(Policy(vendors=[script])))


def test_vendor_without_data_adds_no_empty_table() -> None:
    bare = Vendor(
        id="bare",
        name="Bare",
        tag_rules=(),
        host_purposes=MappingProxyType({"bare.example": Purpose.TRACKING}),
        cookie_rules=(),
        requires=MappingProxyType({}),
    )
    data = disclosure(Policy(vendors=[bare]))

    assert [cookie.rule.name for cookie in data.cookies] == ["consent"]
    assert len(markdown_tables(to_markdown(data))) == len(html_tables(to_html(data))) == 2
    assert "policies" not in to_markdown(data)
    assert "<ul>" not in to_html(data)


def test_json_has_exactly_these_names() -> None:
    parsed = json.loads(to_json(DATA))

    names = {key: sorted(value[0]) if isinstance(value, list) else None for key, value in parsed.items()}
    assert names == {
        "schema": None,
        "regime": None,
        "purposes": ["click", "click_after_refusal", "purpose", "requires"],
        "cookies": [
            *("categories", "does", "domain", "hosted", "lifetime", "lifetime_seconds", "name", "prefix", "provider"),
            *("purpose", "set_by"),
        ],
        "hosts": ["does", "host", "provider", "purpose", "regional", "through"],
        "personal_information": ["category", "inferred", "letter", "only_if", "provider", "purpose", "what"],
        "sold_or_shared": ["decides", "provider", "purpose"],
        "left_out": ["name", "provider", "why"],
        "privacy_policies": None,
    }
    assert parsed["schema"] == 1
    assert parsed["privacy_policies"]["Intercom"] == "https://www.intercom.com/legal/privacy"
    assert parsed["hosts"][0]["through"] == {}
    (stored,) = [cookie for cookie in parsed["cookies"] if cookie["name"] == "messagesUtk"]
    assert stored == {
        "name": "messagesUtk",
        "prefix": False,
        "provider": "HubSpot",
        "purpose": "chat",
        "categories": ["functional"],
        "lifetime_seconds": 15_552_000,
        "lifetime": "fixed",
        "set_by": "script",
        "domain": "parent",
        "does": "Recognizes a visitor who has used the chat, and brings earlier messages back.",
        "hosted": False,
    }


def test_documentation_names_every_json_field() -> None:
    documented = (Path(__file__).parents[1] / "docs" / "disclosure.md").read_text("utf-8")
    parsed = json.loads(to_json(DATA))

    fields = {field for rows in parsed.values() if isinstance(rows, list) for field in rows[0]}
    assert [
        name
        for name in sorted({*parsed, *fields})
        if not re.search(rf"`(?:[a-z_]+\[\]\.)?{name}(?:\[\])?`", documented)
    ] == []


def test_same_policy_gives_the_same_notice() -> None:
    assert disclosure(Policy(vendors=["hubspot", "intercom"])) == DATA
    assert to_json(disclosure(EVERY)) == to_json(DATA)


# The command line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], to_markdown(disclosure(Policy()))),
        (["--format", "markdown"], to_markdown(disclosure(Policy()))),
        (["--format", "html"], to_html(disclosure(Policy()))),
        (["--format", "json"], to_json(disclosure(Policy())) + "\n"),
        (["--vendor", "hubspot", "--vendor", "intercom", "--vendor", "hubspot"], to_markdown(DATA)),
        (["--vendor", "intercom"], to_markdown(disclosure(Policy(vendors=["intercom"])))),
    ],
)
def test_command_writes_each_format(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    assert main(["disclosure", *arguments]) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("arguments", [["--vendor", "drift"], ["--format", "pdf"]])
def test_command_rejects_other_choices(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["disclosure", *arguments])

    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_command_has_no_language_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["disclosure", "--language", "en"])

    assert stopped.value.code == 2
    assert "unrecognized arguments: --language en" in capsys.readouterr().err
