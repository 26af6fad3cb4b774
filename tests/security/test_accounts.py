"""Words that a visitor chose decide neither which tags are blocked, nor whose chat a page offers."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_middleware import Category, Consent, Policy, State
from consent_middleware.blocking import TagBlocker
from consent_middleware.consent import OPTIONAL_CATEGORIES
from consent_middleware.html.rewriter import HTMLRewriter
from consent_middleware.purpose import ChatScript
from consent_middleware.vendors.hubspot import HUBSPOT
from tests.engines import engine_for
from tests.growth import assert_linear
from tests.pages import CHAT, LOADER, page

#: Words of an attack: addresses and code of a foreign account, and code that sets up a consent platform.
ATTACKS = [
    "js.hs-scripts.com/666.js createElement",
    "js.usemessages.com/ portalId:666 createElement",
    "fetch( js.hs-scripts.com/666.js",
    "//js.hs-scripts.com/666.js",
    "https://js-eu1.usemessages.com/conversations-embed.js",
    "/666.js",
    "';s.src='//js.hs-scripts.com/666.js';'",
    '";s.src="//js.hs-scripts.com/666.js";"',
    '<script src="//js.hs-scripts.com/666.js"></script>',
    "CookieConsent.run(",
    "hbspt.forms.create(",
    "typeof hbspt",
    "*/ s.src='//js.hs-scripts.com/666.js' /*",
    "`${s.src='//js.hs-scripts.com/666.js'}`",
    "widget.intercom.io/widget/abc666 app_id:'abc666'",
]
HARMLESS = "green shoes"

TAG_MANAGER = (
    "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});"
    "var f=d.getElementsByTagName(s)[0],j=d.createElement(s),dl=l!='dataLayer'?'&l='+l:'';j.async=true;"
    "j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;f.parentNode.insertBefore(j,f)})"
    "(window,document,'script','dataLayer','GTM-X');"
)
TRACKER = (
    "(function(d,s,i,r){if(d.getElementById(i)){return}var n=d.createElement(s),e=d.getElementsByTagName(s)[0];n.id=i;"
    "n.src='//js.hs-analytics.net/analytics/'+(Math.ceil(new Date()/r)*r)+'/12345.js';e.parentNode.insertBefore(n,e)})"
    "(document,'script','hs-analytics',300000);"
)
FORM = "hbspt.forms.create({portalId:'12345',formId:'a'});"


def _plain(words: str, quote: str) -> str:
    return words.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("</", "<\\/")


#: Ways in which a site writes words into a string of a script, with the quotation marks.
SPELLINGS: dict[str, Callable[[str], str]] = {
    "JSON": lambda words: json.dumps(words).replace("</", "<\\/"),
    "JSON, as HTML-safe templates write it": lambda words: (
        json.dumps(words).replace("<", "\\u003C").replace(">", "\\u003E").replace("'", "\\u0027")
    ),
    "single quotes": lambda words: f"'{_plain(words, chr(39))}'",
    "double quotes": lambda words: f'"{_plain(words, chr(34))}"',
    "a template": lambda words: f"`{_plain(words, '`').replace('${', chr(92) + '${')}`",
    "numbers": lambda words: '"' + "".join(f"\\x{ord(letter):02x}" for letter in words) + '"',
    "as HTML": lambda words: f'"{html.escape(words)}"',
}

#: Places for such a string. Q stands for it.
SCRIPTS = {
    "a data layer": 'dataLayer.push({"event":"search","term":Q});',
    "a data layer and a tag manager": f'window.dataLayer=window.dataLayer||[];dataLayer.push({{"q":Q}});{TAG_MANAGER}',
    "a variable": f"var q=Q;{TAG_MANAGER}",
    "a variable of a common name": f"var s=Q;{TAG_MANAGER}",
    "a variable that is shown": f"var q=Q;document.title=q;$('#q').val(q);ga('send','event',q);{TAG_MANAGER}",
    "a page's state": f'window.STATE={{"search":{{"q":Q,"list":[Q]}},"base":"/js/"}};{TAG_MANAGER}',
    "an event": f"function gtag(){{dataLayer.push(arguments)}}gtag('event','search',{{search_term:Q}});{TAG_MANAGER}",
    "a key": f"var seen={{[Q]:1}};{TAG_MANAGER}",
    "a text": f"document.getElementById('r').textContent=Q;{TAG_MANAGER}",
    "a text node": f"p.appendChild(document.createTextNode(Q));{TAG_MANAGER}",
    "a query of a picture": "new Image().src='/t?q='+Q;",
    "a query with a default": "fetch('/s?q='+(q||Q));",
    "a query in a template": "fetch(`/s?q=${Q}`);",
    "a query by a variable": "var q=Q;new Image().src='/t?q='+encodeURIComponent(q);",
    "a query of a fetch": "var q=Q;fetch('/s?q='+q);",
    "a body": "fetch('/log',{method:'POST',body:JSON.stringify({q:Q})});$.post('/log',{q:Q});",
    "a log": f"console.log(Q);localStorage.setItem('q',Q);{TAG_MANAGER}",
    "a function elsewhere": f"search.init(Q);results.show('x',Q);{TAG_MANAGER}",
    "a form's data": f"fd.append('q',Q);{TAG_MANAGER}",
    "a condition": f"if(q===Q){{go()}}var a=['x',Q];a.indexOf(Q);{TAG_MANAGER}",
    "beside a loader": f"var q=Q;{TRACKER}",
    "behind a loader": f"{TRACKER}dataLayer.push({{term:Q}});",
    "for the vendor": f'_hsq.push(["trackEvent",{{id:Q}}]);{TRACKER}',
    "for the vendor's forms": f"var q=Q;{FORM}",
    "in a platform's script": f"CookieConsent.run({{onAccept(){{{TRACKER}}}}});var q=Q;",
    "a division": f"var a=b/c;var q=Q;var d=e/f;{TAG_MANAGER}",
    "behind a regular expression": f"var a=/[\"'/]/.test(b);var q=Q;{TAG_MANAGER}",
}
#: Places outside the strings of scripts. W stands for the words, escaped for HTML; C for the words in a comment.
MARKUP = {
    "an attribute": '<input value="W"><div data-q="W" title="W"></div>',
    "text": "<p>W</p>",
    "a comment of a script": f"<script>/* C */{TAG_MANAGER}</script>",
    "a line comment of a script": f"<script>// C\n{TAG_MANAGER}</script>",
    "JSON-LD": '<script type="application/ld+json">{"query":"W"}</script>',
    "a link": '<a href="/s?q=W">W</a>',
}

POLICIES = {
    "the defaults": Policy(contact_url="/c"),
    "both vendors": Policy(contact_url="/c", vendors=["hubspot", "intercom"]),
    "a guard on every page": Policy(contact_url="/c", guard="always"),
}
CONSENTS = {
    "none": Consent(),
    "functional": Consent({Category.FUNCTIONAL: State.GRANTED}),
    "everything": Consent(dict.fromkeys(OPTIONAL_CATEGORIES, State.GRANTED)),
}


def rewrite(document: bytes, policy: Policy = POLICIES["the defaults"], consent: Consent = CONSENTS["none"]) -> bytes:
    blocker = TagBlocker(engine_for(policy), policy.decide(consent), "/f.js", authority="www.shop.example")
    return HTMLRewriter(blocker).rewrite(document)


def portal(document: bytes) -> str:
    found = re.findall(rb'"data-hsjs-portal":"([^"]*)"', document)
    return b",".join(found).decode()


def written(markup: str, spelled: str, policy: Policy, consent: Consent) -> bytes:
    """Return the rewritten page without the site's markup that contains the words."""
    out = rewrite(page(markup.encode() + LOADER), policy, consent)
    inside = re.fullmatch(r"<script>(.*)</script>", markup, re.DOTALL)
    own = (inside[1] if inside else markup).encode()
    assert own in out, spelled
    return out.replace(own, b"")


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_words_in_strings_change_nothing(script: str) -> None:
    for name, spell in SPELLINGS.items():

        def put(words: str, spell: Callable[[str], str] = spell, name: str = name) -> bytes:
            markup = f"<script>{script.replace('Q', spell(words))}</script>"
            return written(markup, name, POLICIES["the defaults"], CONSENTS["none"])

        expected = put(HARMLESS)
        for words in ATTACKS:
            assert put(words) == expected, (name, words)


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("consent", CONSENTS.values(), ids=CONSENTS)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_words_change_nothing_under_any_policy(policy: Policy, consent: Consent) -> None:
    for name, script in SCRIPTS.items():

        def put(words: str, script: str = script, name: str = name) -> bytes:
            return written(f"<script>{script.replace('Q', json.dumps(words))}</script>", name, policy, consent)

        expected = put(HARMLESS)
        for words in (ATTACKS[0], ATTACKS[3], ATTACKS[-1]):
            assert put(words) == expected, (name, words)


@pytest.mark.parametrize("markup", MARKUP.values(), ids=MARKUP)
def test_words_in_markup_change_nothing(markup: str) -> None:
    def put(words: str) -> bytes:
        comment = words.replace("*/", "").replace("</", "").replace("\n", " ")
        text = markup.replace("W", html.escape(words)).replace("C */", f"{comment} */").replace("// C", f"// {comment}")
        return written(text, words, POLICIES["the defaults"], CONSENTS["none"])

    expected = put(HARMLESS)
    for words in ATTACKS:
        assert put(words) == expected, words


@pytest.mark.slow
@pytest.mark.no_cover
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*ATTACKS, "'", '"', "\\", "`", "${", "}", "//", "/*", "*/", "\n", "</script>", "é", "x"])
    ),
    st.sampled_from(sorted(SCRIPTS)),
    st.sampled_from(["JSON", "single quotes", "a template", "numbers"]),
)
def test_mixed_words_change_nothing(parts: list[str], script: str, spelling: str) -> None:
    spell = SPELLINGS[spelling]
    words = "".join(parts).encode("ascii", "replace").decode()
    if spelling in {"single quotes", "double quotes"}:
        words = words.replace("\n", " ")

    def put(text: str) -> bytes:
        markup = f"<script>{SCRIPTS[script].replace('Q', spell(text))}</script>"
        return written(markup, spelling, POLICIES["the defaults"], CONSENTS["none"])

    assert put(f"x {words}") == put(HARMLESS)


def test_words_in_a_multibyte_page_change_nothing() -> None:
    """In Shift_JIS the second byte of this letter is a backslash, which would escape the quotation mark."""
    policy = Policy(contact_url="/c", guard="never")
    script = '<script>var q="\u8868";var w="{}";{}</script>'

    def put(words: str) -> bytes:
        blocker = TagBlocker(engine_for(policy), policy.decide(Consent()), "/f.js")
        own = script.replace("{}", words, 1).replace("{}", TAG_MANAGER).encode("shift_jis")
        out = HTMLRewriter(blocker, charset="shift_jis").rewrite(b"<meta charset=shift_jis>" + own)
        assert own in out
        return out.replace(own, b"")

    assert put(";s.src='//js.hs-scripts.com/666.js';") == put(HARMLESS)


# Which account the chat belongs to.


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(TRACKER, "12345", id="a pure snippet"),
        pytest.param(f"var q='x';{TRACKER}", "", id="a variable of the site's own"),
        pytest.param(f"site.start();{TRACKER}", "", id="a call of the site's own"),
        pytest.param(f"var a=/x/;{TRACKER}", "", id="a regular expression"),
        pytest.param(f"{TRACKER}{TRACKER.replace('12345', '666')}", "", id="two accounts"),
        pytest.param(
            TRACKER.replace("js.hs", "js-eu1.hs") + TRACKER.replace("js.hs", "js-na2.hs"), "", id="two regions"
        ),
        pytest.param(f'_hsq.push(["identify",{{portalId:"666",email:"a b"}}]);{TRACKER}', "", id="two, one in data"),
        pytest.param(f'_hsq.push(["setPath","//js.hs-scripts.com/666.js"]);{TRACKER}', "12345", id="the vendor's data"),
        pytest.param(
            "(function(p,q){var s=document.createElement('script');s.src='//js.hs-scripts.com/'+p+'.js';"
            "document.head.append(s)})(12345,'//js.hs-scripts.com/666.js')",
            "",
            id="an argument that is not loaded",
        ),
        pytest.param(
            "var s=document.createElement('script');s.src='//js.hs-scripts.com/12345.js?r=/666.js';"
            "document.head.append(s)",
            "12345",
            id="another in the query",
        ),
        pytest.param(
            "var s=document.createElement('script');s.src='//js.hs-scripts.com/12345.js';document.head.append(s);"
            "function add(u){var t=document.createElement('script');t.src=u}add('/js/slider.js')",
            "",
            id="one helper for the site's files too",
        ),
        pytest.param("var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js';'", "", id="uncertain"),
    ],
)
def test_only_pure_script_names_an_account(script: str, expected: str) -> None:
    document = page(f"<script>{script}</script>".encode())

    assert portal(rewrite(document)) == expected
    unguarded = rewrite(document, Policy(guard="never"))
    assert portal(unguarded) == expected
    assert b'<script type="text/x-consent" data-consent="tracking">' in unguarded


SHOP = "https://www.shop.example"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        pytest.param('<script src="//js.hs-scripts.com/12345.js"></script>', "12345", id="the vendor's host"),
        pytest.param('<script src="/hs/scriptloader/12345.js"></script>', "12345", id="a relative address"),
        pytest.param(f'<script src="{SHOP}/hs/scriptloader/12345.js"></script>', "12345", id="the page's own host"),
        pytest.param('<script src="https://hs.shop.example/12345.js"></script>', "12345", id="a proxied origin"),
        pytest.param('<script src="https://evil.example/hs/scriptloader/666.js"></script>', "", id="a foreign path"),
        pytest.param(
            '<script id="hs-script-loader" src="https://evil.example/666.js"></script>', "", id="a foreign id"
        ),
        pytest.param(f'<script src="{SHOP}:8443/hs/scriptloader/666.js"></script>', "", id="another port"),
        pytest.param(
            '<base href="https://evil.example/"><script src="hs/scriptloader/666.js"></script>', "", id="a foreign base"
        ),
        pytest.param(
            '<script src="https://evil.example/conversations-embed.js" data-hsjs-portal="666"></script>',
            "",
            id="a foreign chat",
        ),
        pytest.param('<amp-img src="//js.hs-scripts.com/666.js"></amp-img>', "", id="an element of AMP"),
        pytest.param('<phoenix-script src="//js.hs-scripts.com/666.js"></phoenix-script>', "", id="a custom element"),
        pytest.param('<own-script src="//js.hs-scripts.com/12345.js"></own-script>', "12345", id="one the site names"),
    ],
)
def test_only_certain_tag_names_an_account(markup: str, expected: str) -> None:
    policy = Policy(
        contact_url="/c", proxied={"js.hs-scripts.com": "https://hs.shop.example"}, loading_elements=["own-script"]
    )
    out = rewrite(page(markup.encode()), policy)

    assert portal(out) == expected
    assert b'data-consent="' in out


def test_mixed_script_is_not_asked_for_a_chat() -> None:
    chat = ChatScript("https://js.usemessages.com/x.js", (("data-hsjs-portal", "666"),), "666")
    rules = tuple(replace(rule, chat=lambda _: chat) for rule in HUBSPOT.text_rules)
    policy = Policy(contact_url="/c", guard="never", vendors=[replace(HUBSPOT, text_rules=rules)])
    mixed = f"<script>var q='x';{TRACKER}</script>"

    assert portal(rewrite(page(f"<script>{TRACKER}</script>".encode()), policy)) == "666"
    assert portal(rewrite(page(mixed.encode()), policy)) == ""


def test_listed_account_may_come_from_any_tag() -> None:
    policy = Policy(contact_url="/c", chat_accounts=["12345"])
    tag = b'<script id="hs-script-loader" src="https://cdn.example/%s.js"></script>'

    assert portal(rewrite(page(tag % b"12345"), policy)) == "12345"
    assert portal(rewrite(page(tag % b"666"), policy)) == ""
    mixed = f"<script>var q='x';{TRACKER}</script>".encode()
    assert portal(rewrite(page(mixed), policy)) == ""


def test_two_accounts_on_one_page_give_a_notice() -> None:
    policy = Policy(contact_url="/c", vendors=["hubspot", "intercom"])
    other = LOADER.replace(b"12345", b"666")
    widget = b'<script src="https://widget.intercom.io/widget/abc12345"></script>'

    assert portal(rewrite(page(LOADER + CHAT + LOADER + widget), policy)) == "12345"
    assert "several-accounts" not in engine_for(policy).notices.counts
    assert portal(rewrite(page(LOADER + other), policy)) == "12345"
    assert engine_for(policy).notices.counts["several-accounts"] == 1


def test_account_is_not_learned_from_other_pages() -> None:
    policy = POLICIES["the defaults"]
    rewrite(page(LOADER), policy)
    mixed = f"<script>var q='x';{TRACKER}</script>".encode()

    assert portal(rewrite(page(mixed), policy)) == ""


@pytest.mark.parametrize("words", ["typeof hbspt", "CookieConsent.run("])
def test_uncertain_script_is_never_excused(words: str) -> None:
    policy = Policy(guard="never")
    form = rewrite(page(f'<script>var q="{words}";{FORM}\'</script>'.encode()), policy)
    loader = rewrite(page(f'<script>var q="{words}";{TRACKER}\'</script>'.encode()), policy)

    assert b'data-consent="embeds"' in form
    assert b'data-consent="tracking"' in loader


# Cost.


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "piece",
    [
        "dataLayer.push({term:'js.hs-scripts.com/666.js'});",
        "s.src='//js.hs-scripts.com/12345.js';",
        "a=b=",
        "a.b().c(",
        "function a(u){s.src=u}a('js.hs-scripts.com/1.js');",
        "o={a(u){s.src=u}};o.a(b);",
        "x=>",
        "[{",
        "`${",
        "/*/",
        "//",
        "'",
        "\\",
        "<!--",
        "class a ",
        "'?js.hs-scripts.com '+",
        "document.write('<a href=\"//js.hs-scripts.com/1.js');",
        "'<p '+",
        "s.textContent=a;s=b;",
        "var {a}=",
        "(a,b)=>(",
        "a/",
        "/a/.b(",
        "unescape(",
        "return ",
        "for(a of ",
    ],
)
def test_cost_is_linear(piece: str) -> None:
    def prepare(size: int) -> bytes:
        text = piece * (size // len(piece)) + "'js.hs-scripts.com/1.js'"
        return f"<script>{text}</script>".encode()

    assert_linear(prepare, rewrite)
