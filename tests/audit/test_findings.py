"""What counts as a finding: a small page for each way in which a browser contacts a vendor by itself."""

from __future__ import annotations

from base64 import b64encode

import pytest

from consent_middleware import Policy
from consent_middleware.audit.findings import Classifier, Finding
from consent_middleware.audit.pages import Auditor, Page
from consent_middleware.audit.states import read_page
from consent_middleware.audit.unseen import unseen

LOADER = "https://js.hs-scripts.com/12345.js"
PIXEL = "https://track.hubspot.com/__ptq.gif?a=1"
FORMS = "https://js.hsforms.net/forms/embed/v2.js"
SHEET = "https://js.hubspot.com/a.css"
INSERTS = f"var s=document.createElement('script');s.src='{LOADER}';document.head.appendChild(s)"
IN_BASE64 = b64encode(INSERTS.encode()).decode()


def findings(markup: str, base: str | None = None, policy: Policy | None = None) -> list[Finding]:
    classifier = Classifier(policy or Policy())
    reading = read_page(markup.encode(), "utf-8")
    return classifier.page(reading.document, base, without=reading.without)


#: The markup, and for each finding: rule, element, attribute, load.
TABLE: dict[str, tuple[str, list[str]]] = {
    "script": (f"<script src={LOADER}></script>", ["hubspot.loader script src at once"]),
    "script by its id": ("<script id=hs-script-loader src=/x.js></script>", ["hubspot.loader script src at once"]),
    "module": (f"<script type=MODULE src={LOADER}></script>", ["hubspot.loader script src at once"]),
    "language": (f"<script language=JavaScript src={LOADER}></script>", ["hubspot.loader script src at once"]),
    "unknown language": (f"<script language=vb src={LOADER}></script>", ["hubspot.loader script src later"]),
    "inline": (f"<script>{INSERTS}</script>", ["hubspot.inline-loader script - at once"]),
    "data address": (
        f"<script src='data:text/javascript;base64,{IN_BASE64}'></script>",
        ["hubspot.inline-loader script src at once"],
    ),
    "SVG href": (f"<svg><script href={LOADER} /></svg>", ["hubspot.loader script href at once"]),
    "SVG xlink": (f"<svg><script xlink:href={LOADER} /></svg>", ["hubspot.loader script xlink:href at once"]),
    "SVG inline": (f"<svg><script>{INSERTS}</script></svg>", ["hubspot.inline-loader script - at once"]),
    "SVG image": (f"<svg><image href={PIXEL} /></svg>", ["hubspot.host image href at once"]),
    "picture": (f"<img src={PIXEL}>", ["hubspot.pixel img src at once"]),
    "srcset": (f"<img srcset='a.png 1x, {PIXEL} 2x'>", ["hubspot.pixel img srcset at once"]),
    "source": (f"<picture><source srcset={PIXEL}></picture>", ["hubspot.host source srcset at once"]),
    "lazy picture": (f"<img src=data:, data-src={PIXEL}>", ["hubspot.pixel img data-src later"]),
    "video": (
        f"<video src={PIXEL} poster={PIXEL}></video>",
        ["hubspot.host video src at once", "hubspot.host video poster at once"],
    ),
    "audio": (f"<audio src={PIXEL}></audio>", ["hubspot.host audio src at once"]),
    "plug-in": (
        f"<embed src={PIXEL}><object data={PIXEL}></object>",
        ["hubspot.host embed src at once", "hubspot.host object data at once"],
    ),
    "input": (f"<input type=image src={PIXEL}><input src={PIXEL}>", ["hubspot.host input src at once"]),
    "frame": ("<iframe src=https://meetings.hubspot.com/a></iframe>", ["hubspot.meetings iframe src at once"]),
    "frame with srcdoc": (
        f"<iframe srcdoc='<p><script src={LOADER}></script>' src={PIXEL}></iframe>",
        ["hubspot.loader script src at once nested"],
    ),
    "frame in a frame": (
        "<iframe srcdoc='<iframe srcdoc=\"&lt;img src=//track.hubspot.com/a.gif>\"></iframe>'></iframe>",
        ["hubspot.pixel img src at once nested"],
    ),
    "frame with data": (
        f"<iframe src='data:text/html,<script src={LOADER}></script>'></iframe>",
        ["hubspot.loader script src at once nested"],
    ),
    "frame with a script": (
        f'<iframe src="javascript:{INSERTS}"></iframe>',
        ["hubspot.inline-loader iframe src at once"],
    ),
    "custom element": (f"<amp-img src={PIXEL}></amp-img>", ["hubspot.pixel amp-img src at once"]),
    "background": (f"<body background={PIXEL}>", ["hubspot.host body background at once"]),
    "preconnect": ("<link rel=preconnect href=//js.hs-scripts.com>", ["hubspot.hint link href at once"]),
    "preload of a script": (f"<link rel=preload as=script href={LOADER}>", ["hubspot.hint link href at once"]),
    "preload of a picture": (
        f"<link rel=preload as=image imagesrcset='{PIXEL} 1x'>",
        ["hubspot.hint link imagesrcset at once"],
    ),
    "preload of content": (
        f"<link rel=preload as=style href={SHEET}><link rel=preload as=image href=//static.hsappstatic.net/a.png>",
        ["hubspot.host link href at once", "hubspot.host link href at once"],
    ),
    "prefetch of another file": (f"<link rel=prefetch href={SHEET}>", ["hubspot.hint link href at once"]),
    "style sheet": (f"<link rel='preconnect stylesheet' href={SHEET}>", ["hubspot.host link href at once"]),
    "style sheet that is off": (f"<link rel=stylesheet disabled href={SHEET}>", []),
    "icon": (f"<link rel='shortcut icon' href={SHEET}>", ["hubspot.host link href at once"]),
    "refresh": (
        "<meta http-equiv=Refresh content='5; URL=\"https://meetings.hubspot.com/a\"'>",
        ["hubspot.host meta content at once"],
    ),
    "style attribute": (f"<p style='background:url( &quot;{PIXEL}&quot; )'>", ["hubspot.host p style at once"]),
    "style element": (
        (
            f"<style>@import '{SHEET}'; /* url({PIXEL}) */ p {{ background: u\\72l({PIXEL}) }} "
            f"a {{ b: url() }} i {{ c: \\url({PIXEL}) }}</style>"
        ),
        ["hubspot.host style - at once"] * 3,
    ),
    "style with bad escapes": ("<style>@x \\110000 \\0 url(//a.example)</style>", []),
    "speculation rules": (
        f'<script type=speculationrules>{{"prefetch": [{{"urls": ["{LOADER}"]}}]}}</script>',
        ["hubspot.hint script - at once"],
    ),
    "delay plugin": (
        f"<script type=rocketlazyloadscript data-rocket-src={LOADER}></script>",
        ["hubspot.loader script data-rocket-src later"],
    ),
    "delayed text": (f"<script type=litespeed/javascript>{INSERTS}</script>", ["hubspot.inline-loader script - later"]),
    "delayed by an attribute": (
        f"<script data-src={LOADER} data-type=lazy></script>",
        ["hubspot.loader script data-src later"],
    ),
    "text beside a delayed address": (
        f"<script data-rocket-src={LOADER}>{INSERTS}</script>",
        ["hubspot.inline-loader script - at once", "hubspot.loader script data-rocket-src later"],
    ),
    "loaded by the site": (f"<script data-src={LOADER}></script>", ["hubspot.loader script data-src held"]),
    "held by a consent tool": (
        f"<script type=text/plain data-cookieconsent=x src={LOADER}></script>",
        ["hubspot.loader script src held"],
    ),
    "waits here": (
        (
            f"<script type=text/x-consent data-consent=tracking data-consent-id=x data-consent-src={LOADER}></script>"
            f"<script type=text/x-consent data-consent=tracking>{INSERTS}</script>"
            "<script type=text/x-consent data-consent=chat data-consent-id=hs-script-loader data-consent-src=/x>"
            "</script>"
            "<link data-consent=tracking data-consent-rel=preconnect data-consent-href=//js.hs-scripts.com>"
            f"<img data-consent=tracking data-consent-srcset='{PIXEL} 2x'>"
        ),
        [
            "hubspot.loader script data-consent-src waits",
            "hubspot.inline-loader script - waits",
            "hubspot.loader script data-consent-src waits",
            "hubspot.hint link data-consent-href waits",
            "hubspot.pixel img data-consent-srcset waits",
        ],
    ),
    "a mark of ours on a live script": (
        f"<script data-consent=tracking src={LOADER}></script>",
        ["hubspot.loader script src at once"],
    ),
    "behind the guard": (
        f"<script data-guard='' src=/g.js></script><script>document.title += 1; {INSERTS}</script>",
        ["hubspot.inline-loader script - guarded"],
    ),
    "an address behind the guard": (
        f"<script data-guard='' src=/g.js></script><script src={LOADER}></script>",
        ["hubspot.loader script src at once"],
    ),
    "an import behind the guard": (
        f"<script data-guard='' src=/g.js></script><script type=module>import '{LOADER}'</script>",
        ["hubspot.inline-loader script - at once"],
    ),
    "a worker behind the guard": (
        f"<script data-guard='' src=/g.js></script><script>new Worker(x); {INSERTS}</script>",
        ["hubspot.inline-loader script - at once"],
    ),
    "without scripts": (
        f"<noscript><img src={PIXEL}><script src={LOADER}></script></noscript>",
        ["hubspot.pixel img src at once without"],
    ),
    "a script without scripts": (f'<noscript><iframe src="javascript:{INSERTS}"></iframe></noscript>', []),
    "with and without scripts": (
        f"<img src={PIXEL}><noscript></noscript>",
        ["hubspot.pixel img src at once"],
    ),
    "a long script": (f"<script>{INSERTS}//{'x' * 65_536}</script>", []),
    "content and look-alikes": (
        (
            f"<!-- <script src={LOADER}> --><a href={LOADER}>x</a><template><img src={PIXEL}></template>"
            f"<textarea><script src={LOADER}></textarea><script type=application/json>'{LOADER}'</script>"
            "<script src=//js.hs-scripts.com.example/1.js></script><script src=''></script><script> </script>"
            f"<link href={LOADER}><meta http-equiv=refresh content=5><img src='http://[bad'><form action={LOADER}>"
            f"<script type=application/ld+json>{INSERTS}</script><math><mi href={PIXEL}></math>"
        ),
        ["hubspot.inline-loader script - held"],
    ),
}


def line(finding: Finding) -> str:
    marks = " nested" * finding.nested + " without" * finding.without_scripts
    return f"{finding.rule} {finding.element} {finding.attribute or '-'} {finding.load.value}{marks}"


@pytest.mark.parametrize(("markup", "expected"), TABLE.values(), ids=TABLE)
def test_page_has_these_findings(markup: str, expected: list[str]) -> None:
    assert [line(each) for each in findings(markup)] == expected


def test_finding_says_where_it_is_and_no_query() -> None:
    (found,) = findings(f"<p>\n  <img src={PIXEL}&secret=1>")

    assert (found.line, found.column, found.host, found.purpose) == (2, 3, "track.hubspot.com", "tracking")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("markup", "address", "hosts"),
    [
        ("<base href=//js.hs-scripts.com><script src=/1.js></script>", None, ["js.hs-scripts.com"]),
        (
            "<base href=//js.hs-scripts.com:8080/a/><base href=//b.example><script src=/1.js></script>",
            None,
            ["js.hs-scripts.com"],
        ),
        ("<base href=mailto:x><script src=/1.js></script>", None, []),
        ("<script src=/hs/scriptloader/1.js></script>", "https://www.shop.example/", ["www.shop.example"]),
        ("<script src=/1.js></script>", "https://js.hs-scripts.com/", ["js.hs-scripts.com"]),
        ("<iframe srcdoc='<script src=/1.js></script>'></iframe>", "https://js.hs-scripts.com/", ["js.hs-scripts.com"]),
    ],
)
def test_address_is_resolved_against_the_base(markup: str, address: str | None, hosts: list[str]) -> None:
    assert [each.host for each in findings(markup, address)] == hosts


def test_proxied_origin_stands_for_the_vendor() -> None:
    policy = Policy(proxied={"js.hs-scripts.com": "https://assets.shop.example"})

    found = findings("<script src=https://assets.shop.example/12345.js></script>", policy=policy)

    assert [each.rule for each in found] == ["hubspot.loader"]


def test_head_has_findings_by_links_and_cookie_names() -> None:
    headers = [
        (b"link", b"</a.css>; rel=preload; as=style, <https://js.hs-scripts.com>; rel=Preconnect"),
        (b"set-cookie", b"hubspotutk=SECRET; Path=/"),
        (b"set-cookie", b"hubspotutk=; Max-Age=0"),
        (b"set-cookie", b"__hssc=x; Max-Age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"Set-Cookie", b"__hstc=; expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"set-cookie", b"session=SECRET"),
        (b"x-other", b"hubspotutk=1"),
        (b"reporting-endpoints", b'a="https://js.hs-scripts.com/r", b="https://shop.example/r"'),
        (b"content-security-policy", b"default-src 'self'; report-uri https://track.hubspot.com/r"),
    ]

    found = Classifier(Policy()).head(headers, None)

    assert [(each.rule, each.element, each.attribute) for each in found] == [
        ("hubspot.hint", "Link", ""),
        ("hubspot.cookie", "Set-Cookie", "hubspotutk"),
        ("hubspot.cookie", "Set-Cookie", "__hssc"),
        ("hubspot.hint", "Reporting-Endpoints", ""),
        ("hubspot.hint", "Content-Security-Policy", ""),
    ]
    assert "SECRET" not in repr(found)


def test_cookie_with_a_known_beginning_is_found() -> None:
    found = Classifier(Policy(vendors=["intercom"])).head([(b"set-cookie", b"intercom-id-abc=1")], None)

    assert [(each.rule, each.attribute) for each in found] == [("intercom.cookie", "intercom-id-abc")]


def test_deep_nested_documents_end() -> None:
    markup = f"<img src={PIXEL}>"
    for _ in range(5):
        markup = "<iframe srcdoc='{}'></iframe>".format(markup.replace("&", "&amp;").replace("'", "&#39;"))

    assert findings(markup) == []


# What cannot be seen


GTM_SNIPPET = (
    "(function(w,d,s,l,i){j.src='https://www.googletagmanager.com/gtm.js?id='+i+dl;})(window,document,'script',"
    "'dataLayer','GTM-ABC123');"
)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (f"<script>{GTM_SNIPPET}</script>", [("tag manager", "Google Tag Manager GTM-ABC123")]),
        (
            "<script src='https://www.googletagmanager.com/gtm.js?id=GTM-XYZ99'></script>" * 2,
            [("tag manager", "Google Tag Manager GTM-XYZ99")],
        ),
        (
            "<script src=//assets.adobedtm.com/launch-EN0.min.js></script>",
            [("tag manager", "Adobe launch-EN0.min.js")],
        ),
        ("<script src=//cdn.matomo.cloud/></script>", [("tag manager", "Matomo")]),
        (
            "<script>navigator.serviceWorker.register('/sw.js')</script>",
            [("service worker", "registered by a script in the page")],
        ),
        ("<script src=//cdn.example/a.js></script><script src=/b.js></script>", [("other script", "cdn.example")]),
        ("<script src=//www.shop.example/a.js></script>", []),
        (f"<script src={LOADER}></script>", []),
        ("<script type=text/plain src=//cdn.example/a.js></script>", []),
        (f"<p onclick=\"load('{LOADER}')\" onload='x.y()'>", [("event handler", "onclick: js.hs-scripts.com")]),
        (f'<script type=speculationrules>{{"a": "{LOADER}"}}</script>', []),
        (f"<p on{'x' * 500}='{LOADER}'>", [("event handler", f"on{'x' * 98}: js.hs-scripts.com")]),
    ],
    ids=range(12),
)
def test_what_cannot_be_seen_is_named(markup: str, expected: list[tuple[str, str]]) -> None:
    classifier, address = Classifier(Policy()), "https://www.shop.example/"
    document = read_page(markup.encode(), "utf-8").document
    found = classifier.page(document, address)

    seen = unseen(document, address, classifier, found)

    assert [(each.kind, each.what) for each in seen] == expected
    assert all(each.line == 1 for each in seen)


# One page


def test_page_without_policy_counts_live_tags_only() -> None:
    markup = f"<script src={LOADER}></script><script type=text/plain src={LOADER}></script><link rel=icon href={SHEET}>"

    report = Auditor().audit(Page("a.html", markup.encode()))
    strict = Auditor(strict=True).audit(Page("a.html", markup.encode()))

    assert [each.counts for each in report.findings] == [True, False, False]
    assert [each.counts for each in strict.findings] == [True, False, True]


def test_all_known_vendors_count_without_policy() -> None:
    report = Auditor().audit(Page("a", b"<script src=https://widget.intercom.io/widget/abcd1234></script>"))

    assert [each.finding.rule for each in report.findings] == ["intercom.widget"]


def test_fingerprint_stays_when_a_tag_moves() -> None:
    tag = f"<script src={LOADER}?v=%d></script>"
    pages = [tag % 1 + tag % 2, "<p>\n\n" + tag % 3 + "\n" + tag % 4]

    first, second = (
        [each.fingerprint for each in Auditor().audit(Page("a", page.encode())).findings] for page in pages
    )
    other = [each.fingerprint for each in Auditor().audit(Page("b", pages[0].encode())).findings]

    assert first == second
    assert len({*first, *other}) == 4


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        (b"text/html; charset=koi8-r", "koi8-r"),
        (b'text/html; charset="UTF-8"', "utf-8"),
        (b"text/html;charset", "windows-1252"),
        (b"text/html; charset=\xff\r\n", "windows-1252"),
    ],
)
def test_charset_of_the_content_type_counts(content_type: bytes, encoding: str) -> None:
    assert Auditor().audit(Page("a", b"x", [(b"a", b"b"), (b"Content-Type", content_type)])).encoding == encoding


def test_too_long_page_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.audit.pages.MAX_PAGE", 10)

    assert Auditor().audit(Page("a", b"x" * 11)).error == "the page has more than 10 bytes"
