"""What a policy does with each finding in four states, and where the engine and html5lib differ."""

from __future__ import annotations

import pytest

from consent_middleware import Policy
from consent_middleware.audit.contacts import Load
from consent_middleware.audit.findings import Classifier
from consent_middleware.audit.pages import Auditor, Judged, Page
from consent_middleware.audit.states import _loads, read_page

from .test_findings import FORMS, INSERTS, LOADER, PIXEL, SHEET

CHAT = "https://js.usemessages.com/conversations-embed.js"
OWN_CODE = f"<script>document.title += ' '; {INSERTS}</script>"


def judged(markup: str, policy: Policy | None = None, **page: object) -> list[Judged]:
    auditor = Auditor(policy or Policy(contact_url="/contact"))
    report = auditor.audit(Page("page.html", markup.encode(), **page))  # type: ignore[arg-type]
    assert report.error == ""
    return list(report.findings)


def states(each: Judged) -> str:
    return " ".join(outcome.load.value.replace(" ", "-") for outcome in each.outcomes.values())


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (f"<script src={LOADER}></script>", "waits waits waits at-once"),
        (f"<script src={CHAT}></script>", "waits at-once at-once at-once"),
        (f"<script src={FORMS}></script>", "waits waits waits at-once"),
        (f"<script>{INSERTS}</script>", "waits waits waits at-once"),
        (OWN_CODE, "guarded guarded guarded at-once"),
        ("<link rel=preconnect href=//js.hs-scripts.com>", "waits waits waits at-once"),
        (f"<noscript><img src={PIXEL}></noscript>", "waits waits waits at-once"),
        (f"<iframe srcdoc='<script src={CHAT}></script>'></iframe>", "waits at-once at-once at-once"),
        (f"<iframe src='data:text/html,<script src={CHAT}></script>'></iframe>", "waits at-once at-once at-once"),
        (f"<script type=text/plain src={LOADER}></script>", "held held held held"),
        (f"<link rel=stylesheet href={SHEET}>", "at-once at-once at-once at-once"),
    ],
    ids=range(11),
)
def test_finding_has_its_outcome_in_four_states(markup: str, expected: str) -> None:
    (found,) = judged(markup)

    assert states(found) == expected
    assert list(found.outcomes) == ["untouched", "click", "functional", "everything"]
    assert not found.counts


def test_fault_of_the_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    markup = f"<script src={LOADER}></script>\n<script src={CHAT}></script>"
    monkeypatch.setattr("consent_middleware.blocking.TagBlocker._block", lambda *_: ())

    loader, chat = judged(markup)

    assert (loader.early, loader.counts) == (["untouched", "click", "functional"], True)
    assert (chat.early, chat.counts) == (["untouched"], True)


def test_one_of_two_equal_tags_that_loads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = __import__("consent_middleware.blocking", fromlist=["TagBlocker"]).TagBlocker._block

    def misses_the_second(blocker: object, tag: object, *rest: object) -> object:
        return () if b"missed" in tag.raw else blocked(blocker, tag, *rest)  # type: ignore[attr-defined]

    monkeypatch.setattr("consent_middleware.blocking.TagBlocker._block", misses_the_second)

    first, second = judged(f"<script src={LOADER}></script>\n<script src={LOADER} data-x=missed></script>")

    assert (first.counts, second.counts) == (False, True)


def test_equal_tags_in_a_moved_line_are_counted() -> None:
    # The facade's markup has line breaks of its own; here nothing has, so equal tags keep their line.
    found = judged(f"<p>{f'<script src={CHAT}></script>' * 3}")

    assert [states(each) for each in found] == ["waits at-once at-once at-once"] * 3


def test_tag_that_moved_to_another_line_is_found() -> None:
    classifier = Classifier(Policy())
    tag = f"<script src={LOADER}></script>"
    before, after = (
        classifier.page(read_page(page.encode(), "utf-8").document, None) for page in (tag + "\n" + tag, "\n\n" + tag)
    )

    assert _loads(before, after) == [Load.AT_ONCE, Load.WAITS]
    assert _loads(before, []) == [Load.WAITS, Load.WAITS]


def test_page_is_rewritten_for_its_host() -> None:
    # The base leads to another host, so the guard's address needs the page's own.
    markup = f"<base href=//cdn.example>{OWN_CODE}"

    (known,) = judged(markup, address="https://www.shop.example/")
    (unknown,) = judged(markup)

    assert (states(known), states(unknown)) == (
        "guarded guarded guarded at-once",
        "waits waits waits at-once",
    )


def test_strict_audit_counts_what_the_policy_leaves() -> None:
    page = Page("page.html", f"<link rel=stylesheet href={SHEET}>".encode())

    (strict,) = Auditor(Policy(contact_url="/c"), strict=True).audit(page).findings

    assert (strict.counts, strict.early) == (True, ["untouched", "click", "functional"])


def test_head_is_judged_too() -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"set-cookie", b"hubspotutk=1"),
        (b"link", b"<https://js.hs-scripts.com>; rel=preconnect"),
    ]

    found = judged("<p>", headers=headers)

    assert {each.finding.element: states(each) for each in found} == {
        "Set-Cookie": "waits waits waits at-once",
        "Link": "waits waits waits at-once",
    }


def test_policy_decides_what_each_state_allows() -> None:
    policy = Policy(contact_url="/c", requires={"tracking": ["functional"]}, consent_cookie="choice")

    (found,) = judged(f"<script src={LOADER}></script>", policy)

    assert states(found) == "waits waits at-once at-once"


def test_click_counts_on_a_site_with_several_chats() -> None:
    policy = Policy(contact_url="/c", vendors=["hubspot", "intercom"])

    (found,) = judged(f"<script src={CHAT}></script>", policy)

    # The facade's script loads the chat of the vendor on whose button the visitor clicked.
    assert states(found) == "waits waits at-once at-once"


def test_shared_pages_hold_everything() -> None:
    (found,) = judged(f"<script src={CHAT}></script>", Policy(contact_url="/c", cacheable=True))

    assert (states(found), found.counts) == ("waits waits waits waits", False)


def test_guard_setting_decides_about_own_code() -> None:
    (found,) = judged(OWN_CODE, Policy(contact_url="/c", guard="never"))

    assert states(found) == "waits waits waits at-once"


# The engine and html5lib


@pytest.mark.parametrize(
    "markup",
    [
        f"<script src={LOADER} data-src={LOADER}></script>{OWN_CODE}<img src={PIXEL} srcset='{PIXEL} 2x'>",
        f"<iframe srcdoc='<script src={LOADER}></script><script src={CHAT}></script>'></iframe>",
        f"<link rel=stylesheet href={SHEET}><script type=text/plain src={LOADER}></script>",
    ],
    ids=["own code", "nested", "not compared"],
)
def test_engine_and_html5lib_agree(markup: str) -> None:
    assert Auditor().audit(Page("a", markup.encode())).disagreements == []


@pytest.mark.parametrize(
    ("markup", "named"),
    [
        # A browser ignores `src` beside `srcdoc`, and runs no `javascript:` without scripts. The engine blocks both.
        (f"<iframe srcdoc='<p>' src={PIXEL}></iframe>", "hubspot.pixel: html5lib finds 0, the engine 1"),
        (
            f'<noscript><iframe src="javascript:{INSERTS}"></iframe></noscript>',
            "hubspot.inline-loader: html5lib finds 0, the engine 1",
        ),
    ],
    ids=["src beside srcdoc", "javascript without scripts"],
)
def test_engine_blocks_what_no_browser_loads(markup: str, named: str) -> None:
    assert Auditor().audit(Page("a", markup.encode())).disagreements == [named]


def test_disagreement_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent_middleware.blocking.TagBlocker._link", lambda *_: ())
    markup = f"<link rel=preconnect href=//js.hs-scripts.com><script src={LOADER}></script>"

    assert Auditor().audit(Page("a", markup.encode())).disagreements == ["hint: html5lib finds 1, the engine 0"]
