"""The privacy notice: what it lists, that it follows the policy, and that each format holds what the data says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree as ET

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy, PolicyError
from consent_middleware.__main__ import main
from consent_middleware.consent import Category
from consent_middleware.disclosure import (
    LANGUAGES,
    STATUTORY_CATEGORIES,
    CookieRow,
    PurposeRow,
    disclosure,
    to_html,
    to_json,
    to_markdown,
)
from consent_middleware.rules import (
    ContactedHost,
    CookieDomain,
    CookieRule,
    DisclosureData,
    PersonalInformation,
    Purpose,
    SetBy,
    UnlistedCookie,
    Vendor,
)
from consent_middleware.vendors import KNOWN_VENDORS

EVERY = Policy(contact_url="/contact", vendors=["hubspot", "intercom"])
TOLD = disclosure(EVERY)
ODD = "a|b `c` *d* __e__ <f> [g](h) &amp; \"i\" 'j' \\k \\| ~l~"


def vendor(text: str, *, lifetime: int | None = 86_400, name: str = "odd") -> Vendor:
    """A vendor of a site's own, with one row of each kind and `text` wherever text may stand."""
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
                set_by=SetBy.SERVER,
                purpose_text=text,
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


def row(name: str, policy: Policy = EVERY) -> CookieRow:
    (found,) = [row for row in disclosure(policy).cookies if row.name == name]
    return found


def purpose(which: Purpose, policy: Policy) -> PurposeRow:
    (found,) = [row for row in disclosure(policy).purposes if row.purpose is which]
    return found


def markdown_tables(text: str) -> list[list[list[str]]]:
    """The tables of a Markdown text as a reader of the standard finds them: rows of cells, escapes resolved."""
    tables: list[list[list[str]]] = []
    for block in text.split("\n\n"):
        if block.startswith("| "):
            rows = [re.split(r"(?<!\\)(?:\\\\)*\|", line)[1:-1] for line in block.splitlines()]
            tables.append([[re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell.strip()) for cell in cells] for cells in rows])
    return tables


def html_tables(text: str) -> list[list[list[str]]]:
    """The tables of an HTML fragment as a browser finds them: rows of cells."""
    tree = html5lib.parseFragment(text, treebuilder="etree", namespaceHTMLElements=False)
    return [[["".join(cell.itertext()) for cell in line] for line in table.iter("tr")] for table in tree.iter("table")]


# What is listed


def test_the_middleware_s_own_cookies_come_first() -> None:
    first, second, *rest = TOLD.cookies

    assert (first.name, first.provider, first.lifetime, first.set_by) == ("consent", "", "site", "site")
    assert (second.name, second.provider, second.lifetime, second.set_by) == ("consent_chat", "", "session", "script")
    assert first.categories == second.categories == (Category.NECESSARY,)
    assert all(row.provider for row in rest)


def test_every_cookie_is_listed_once_or_named_as_left_out() -> None:
    listed = [(row.provider, row.name) for row in TOLD.cookies[2:]]
    left_out = [(row.provider, row.name) for row in TOLD.left_out]

    assert listed == [(vendor.name, rule.name) for vendor in KNOWN_VENDORS for rule in vendor.cookie_rules]
    assert left_out == [(vendor.name, cookie.name) for vendor in KNOWN_VENDORS for cookie in vendor.disclosed.unlisted]
    assert len({*listed, *left_out}) == len(listed) + len(left_out)


#: Domains of HubSpot's that are held to be safe, though nobody has seen what they serve to a site's visitors.
UNSEEN = {"hs-growth-metrics.com", "hs-data.com"}


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_every_host_whose_script_waits_is_disclosed_for_that_purpose(vendor: Vendor) -> None:
    """Law: no tag is held, and then released, whose host the notice does not name."""
    disclosed = {(contact.host, contact.purpose) for contact in vendor.disclosed.contacts}
    domains = {(".".join(host.split(".")[-2:]), purpose) for host, purpose in disclosed}

    for rule in vendor.tag_rules:
        for host in rule.hosts:
            if host.label == "*":
                assert (host.domain, rule.purpose) in domains or host.domain in UNSEEN
            elif not rule.id.endswith((".service", ".pixel")):
                assert (host.default, rule.purpose) in disclosed


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_every_disclosed_host_is_one_that_no_hint_may_reach_early(vendor: Vendor) -> None:
    """Law: what the notice names, the middleware knows."""
    assert [contact.host for contact in vendor.disclosed.contacts if vendor.host_purpose(contact.host) is None] == []


@pytest.mark.parametrize("vendor", KNOWN_VENDORS, ids=lambda vendor: vendor.id)
def test_every_purpose_of_a_vendor_tells_hosts_information_and_what_decides_on_sharing(vendor: Vendor) -> None:
    purposes = set(vendor.host_purposes.values())

    assert {contact.purpose for contact in vendor.disclosed.contacts} == purposes
    assert {kind.purpose for kind in vendor.disclosed.information} == purposes
    assert [purpose for purpose, _ in vendor.disclosed.sharing] == [each for each in Purpose if each in purposes]
    assert {kind.letter for kind in vendor.disclosed.information} <= set(STATUTORY_CATEGORIES)


def test_chat_and_tracking_collect_these_kinds_of_information() -> None:
    kinds = {
        which: "".join(sorted({row.letter for row in TOLD.personal_information if row.purpose is which}))
        for which in (Purpose.CHAT, Purpose.TRACKING)
    }

    assert kinds == {Purpose.CHAT: "ABFG", Purpose.TRACKING: "ABDFGK"}
    assert all("approximate" in row.what for row in TOLD.personal_information if row.letter == "G")
    assert {row.letter for row in TOLD.personal_information if row.inferred} == {"D", "G", "K"}
    assert all(row.only_if for row in TOLD.personal_information if row.letter in "BDK")


def test_whether_anything_is_sold_or_shared_is_never_answered() -> None:
    text = to_markdown(TOLD)

    assert all("depends on" in row.decides for row in TOLD.sold_or_shared)
    assert "Only this site can answer whether it sells or shares personal information." in text
    (tracking,) = [row.decides for row in TOLD.sold_or_shared if row.purpose is Purpose.TRACKING]
    assert tracking.startswith("If advertising accounts are connected")
    assert "likely to be sharing for cross-context behavioral advertising" in tracking


# The policy's part in it


def test_names_and_categories_follow_the_policy() -> None:
    policy = Policy(consent_cookie="c", click_cookie="k", requires={"chat": ["marketing"], "tracking": ["analytics"]})

    assert [row.name for row in disclosure(policy).cookies][:2] == ["c", "k"]
    assert row("messagesUtk", policy).categories == (Category.MARKETING,)
    assert row("__hstc", policy).categories == (Category.ANALYTICS,)
    assert row("__hs_opt_out", policy).categories == (Category.NECESSARY,)
    assert purpose(Purpose.CHAT, policy).requires == (Category.MARKETING,)


def test_a_part_that_needs_no_consent_keeps_its_category_and_needs_no_click() -> None:
    policy = Policy(requires={"chat": []})
    told = disclosure(policy)

    assert row("messagesUtk", policy).categories == (Category.FUNCTIONAL,)
    assert not purpose(Purpose.CHAT, policy).click
    assert [row.name for row in told.cookies][:2] == ["consent", "messagesUtk"]
    assert ["chat", "without asking for consent"] in markdown_tables(to_markdown(told))[2]


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
            "after functional consent, or on the visitor's click where nothing is refused",
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
                "after functional consent; where the law asks for an opt-out only, unless one is refused, or on the "
                "visitor's click"
            ),
            "after analytics and marketing consent; where the law asks for an opt-out only, unless one is refused",
        ),
    ],
)
def test_the_notice_says_when_each_part_loads(policy: Policy, chat: str, tracking: str) -> None:
    assert markdown_tables(to_markdown(disclosure(policy)))[2][2:4] == [["chat", chat], ["tracking", tracking]]


@pytest.mark.parametrize(
    ("policy", "regime"),
    [(Policy(), "opt-in"), (Policy(regime="opt-out"), "opt-out"), (Policy(regime=lambda _: None), "per request")],
)
def test_the_regime_is_told(policy: Policy, regime: str) -> None:
    assert disclosure(policy).regime == regime


def test_an_origin_of_the_site_s_own_is_told_for_its_host_and_for_its_regional_twin() -> None:
    told = disclosure(
        Policy(
            proxied={
                "js.usemessages.com": "https://chat.shop.example",
                "js-eu1.usemessages.com": "https://eu.shop.example",
                "static-eu1.hsappstatic.net": "https://static.shop.example",
            }
        )
    )
    through = {row.host: row.through for row in told.hosts if row.through}

    assert through == {
        "js.usemessages.com": (
            ("js-eu1.usemessages.com", "https://eu.shop.example"),
            ("js.usemessages.com", "https://chat.shop.example"),
        )
    }
    assert "js\\-eu1" not in to_markdown(told)
    assert "js.usemessages.com through https://chat.shop.example" in to_markdown(told)


def test_only_the_site_s_vendors_are_told_of() -> None:
    told = disclosure(Policy(vendors=["intercom"]))

    assert {row.provider for row in told.cookies} == {"", "Intercom"}
    assert [row.purpose for row in told.purposes] == [Purpose.CHAT]
    assert "HubSpot" not in to_html(told) + to_markdown(told) + to_json(told)
    assert told.left_out == ()


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
def test_a_lifetime_is_said_in_the_longest_unit_that_fits(lifetime: int | None, words: str) -> None:
    told = disclosure(Policy(vendors=[vendor("x", lifetime=lifetime)]))

    assert markdown_tables(to_markdown(told))[0][-1][4] == words


def test_a_name_that_is_only_a_beginning_is_marked() -> None:
    names = [cells[0] for cells in markdown_tables(to_markdown(TOLD))[0]]

    assert "intercom-session-*" in names
    assert "messagesUtk" in names


def test_cookies_of_hosted_pages_stand_in_a_table_of_their_own() -> None:
    here, hosted, *_ = markdown_tables(to_markdown(TOLD))

    assert [cells[0] for cells in hosted[2:]] == [
        "hs_ab_test",
        "__hsmem",
        "hs-membership-csrf",
        "hs_langswitcher_choice",
    ]
    assert not {cells[0] for cells in hosted[2:]} & {cells[0] for cells in here}


@pytest.mark.parametrize("policy", [EVERY, Policy(vendors=[vendor(ODD)])], ids=["known vendors", "odd texts"])
def test_markdown_and_html_hold_the_same_tables(policy: Policy) -> None:
    told = disclosure(policy)
    from_markdown = [[table[0], *table[2:]] for table in markdown_tables(to_markdown(told))]

    assert html_tables(to_html(told)) == from_markdown
    assert len(from_markdown) == (6 if policy is EVERY else 5)


@given(st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool))
def test_any_text_comes_out_of_either_format_as_it_went_in(text: str) -> None:
    """Law: no text of a vendor's ends a cell, a table or an element, and none is lost."""
    told = disclosure(Policy(vendors=[vendor(text)]))

    assert markdown_tables(to_markdown(told))[0][-1][-1] == text
    if re.fullmatch("[\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd]*", text):  # what HTML can hold as it is
        assert html_tables(to_html(told))[0][-1][-1] == text


def test_line_breaks_do_not_end_a_row_of_markdown() -> None:
    told = disclosure(Policy(vendors=[vendor("one\n\n| two |\r\nthree")]))

    assert markdown_tables(to_markdown(told))[0][-1][-1] == "one | two | three"


def test_a_cookie_s_name_may_hold_every_character_that_a_token_may() -> None:
    name = "a!#$%&'*+-.^_`|~z"
    told = disclosure(Policy(consent_cookie=name))

    assert markdown_tables(to_markdown(told))[0][2][0] == name
    assert html_tables(to_html(told))[0][1][0] == name


@pytest.mark.parametrize("policy", [EVERY, Policy(vendors=[vendor(ODD)])], ids=["known vendors", "odd texts"])
def test_the_html_fragment_is_well_formed_says_its_language_and_has_no_style(policy: Policy) -> None:
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


def test_only_an_address_that_a_visitor_may_follow_becomes_a_link() -> None:
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


def test_a_vendor_that_discloses_nothing_leaves_no_empty_table() -> None:
    bare = Vendor(
        id="bare",
        name="Bare",
        tag_rules=(),
        host_purposes=MappingProxyType({"bare.example": Purpose.TRACKING}),
        cookie_rules=(),
        requires=MappingProxyType({}),
    )
    told = disclosure(Policy(vendors=[bare]))

    assert [row.name for row in told.cookies] == ["consent"]
    assert len(markdown_tables(to_markdown(told))) == len(html_tables(to_html(told))) == 2
    assert "policies" not in to_markdown(told)
    assert "<ul>" not in to_html(told)


def test_the_json_has_these_names_and_no_others() -> None:
    parsed = json.loads(to_json(TOLD))

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
        "does": "Recognises a visitor who has used the chat, and brings earlier messages back.",
        "hosted": False,
    }


def test_the_documentation_names_every_field_of_the_json() -> None:
    documented = (Path(__file__).parents[1] / "docs" / "disclosure.md").read_text("utf-8")
    parsed = json.loads(to_json(TOLD))

    fields = {field for rows in parsed.values() if isinstance(rows, list) for field in rows[0]}
    assert [
        name
        for name in sorted({*parsed, *fields})
        if not re.search(rf"`(?:[a-z_]+\[\]\.)?{name}(?:\[\])?`", documented)
    ] == []


def test_the_same_policy_tells_the_same() -> None:
    assert disclosure(Policy(vendors=["hubspot", "intercom"])) == TOLD
    assert to_json(disclosure(EVERY)) == to_json(TOLD)


@pytest.mark.parametrize("write", [to_markdown, to_html])
def test_a_language_without_words_is_told_by_number(write: Callable[..., str]) -> None:
    with pytest.raises(PolicyError, match=r"\(CM061\) language is 'xx'; it must be one of en"):
        write(TOLD, "xx")


# The command line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], to_markdown(disclosure(Policy()))),
        (["--format", "markdown", "--language", "en"], to_markdown(disclosure(Policy()))),
        (["--format", "html"], to_html(disclosure(Policy()))),
        (["--format", "json"], to_json(disclosure(Policy())) + "\n"),
        (["--vendor", "hubspot", "--vendor", "intercom", "--vendor", "hubspot"], to_markdown(TOLD)),
        (["--vendor", "intercom"], to_markdown(disclosure(Policy(vendors=["intercom"])))),
    ],
)
def test_the_command_line_writes_it(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    assert main(["disclosure", *arguments]) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("arguments", [["--vendor", "drift"], ["--format", "pdf"], ["--language", "xx"]])
def test_the_command_line_says_what_is_allowed(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["disclosure", *arguments])

    assert stopped.value.code == 2
    assert "invalid choice" in capsys.readouterr().err
    assert LANGUAGES == ("en",)
