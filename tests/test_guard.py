"""The guard in pages with the default settings: where it is put, in what form, and which pages stay unchanged."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.blocking import TagBlocker
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag
from tests.engines import engine_for
from tests.exchanges import respond
from tests.pages import BLOCKED_SCRIPT, LOADER, TAG_MANAGER, page

POLICY = Policy(contact_url="/contact")
CODE = engine_for(POLICY).facade.guard.body.rstrip().decode()
GRANTED = b"consent=functional,analytics,marketing"
OWN = "<script>menu()</script>"
NAME = "content-security-policy"

#: A guard in the page itself, and one in a file (`FILE`).
WITHIN = re.compile(
    r"<script(?: nonce=\"[^\"]*\")? data-file=\"[^\"]+\"(?: data-ask=\"\")?(?: data-offers=\"[^\"]+\")?"
    r" data-guard='[^']*'>\(f=>f\(.*?</script>"
)
#: A guard without quotation marks.
BARE = re.compile(
    r"<script src=/_consent/guard\.[0-9a-f]+\.js data-file=/_consent/facade\.[0-9a-f]+\.js"
    r" data-offers={[^ >]*} data-guard={}></script>"
)
FILE = re.compile(r"<script src=\"[^\"]*/guard\.[0-9a-f]+\.js\"[^>]* data-guard='[^']*'></script>")


def sent(
    body: str,
    *headers: tuple[str, str],
    policy: Policy = POLICY,
    kind: str = "text/html; charset=utf-8",
    cookie: bytes = b"",
    host: bytes = b"shop.example",
) -> str:
    """Return the page that a visitor gets."""
    asked = [(b"host", host), *([(b"cookie", cookie)] if cookie else [])]
    head = [(b"content-type", kind.encode()), *((name.encode(), value.encode()) for name, value in headers)]
    exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", asked))
    return respond(exchange, 200, head, body.encode())[1].decode()


class TestPlace:
    @pytest.mark.parametrize(
        "script",
        [
            OWN,
            '<script src="/app.js"></script>',
            '<script type="module">import "/app.js"</script>',
            "<script async src=/app.js>",
            TAG_MANAGER.decode(),
            LOADER.decode(),
        ],
    )
    def test_before_the_first_script(self, script: str) -> None:
        out = sent(f"<title>Shop</title><p>x</p>{script}{OWN}")

        [guard] = WITHIN.findall(out)
        assert out.partition("<script")[0] == script.partition("<script")[0].join(("<title>Shop</title><p>x</p>", ""))
        assert out.index(guard) == out.index("<script")

    @pytest.mark.parametrize(
        "tag",
        [
            '<body onload="start()">',
            "<body class=x\nONLOAD = start()>",
            '<img alt="a" onerror=start()>',
            "<button type=button onclick='buy()'>",
            '<link rel="stylesheet" href="/a.css" onload="this.media=1">',
            '<iframe src="/own" onload="start()"></iframe>',
        ],
    )
    def test_before_an_event_handler(self, tag: str) -> None:
        out = sent(f"<title>Shop</title>{tag}<p>x</p>")

        [guard] = WITHIN.findall(out)
        assert out == f"<title>Shop</title>{guard}{tag}<p>x</p>"

    @pytest.mark.parametrize("size", [1, 7])
    def test_before_a_streamed_event_handler(self, size: int) -> None:
        source = b"<title>Shop</title><body class='a' onload='start()'><p>x</p>"
        rewriter = HTMLRewriter(
            TagBlocker(engine_for(POLICY), engine_for(POLICY).shared_page_plan, "/_consent/facade.js", inline=True)
        )

        out = b"".join(rewriter.feed(source[at : at + size]) for at in range(0, len(source), size)) + rewriter.close()

        [guard] = WITHIN.findall(out.decode())
        assert out.decode() == source.decode().replace("<body", guard + "<body")

    @pytest.mark.parametrize(
        "body",
        [
            "<title>Shop</title><p>Hello</p>",
            '<p title="a onload=b">x</p><p on="a" one>Hello on=x</p>',
            "<svg><g onclick='a()'></g></svg>",
            "<noscript><p onclick='a()'></p></noscript>",
            '<script type="application/ld+json">{"a": 1}</script><p>Hello</p>',
            "<!-- <script>x</script> --><title><script></title>",
            "<template><script>x</script></template>",
            "<noscript><script>x</script></noscript>",
            "",
        ],
    )
    def test_page_without_scripts_stays(self, body: str) -> None:
        given = Exchange(engine_for(POLICY), RequestHead("GET", "/", "", []))
        source = body.encode()

        assert respond(given, 200, [(b"content-type", b"text/html; charset=utf-8")], source)[1] is source

    def test_page_with_full_consent_stays(self) -> None:
        assert sent(OWN, cookie=GRANTED) == OWN

    def test_data_before_the_first_script_stays(self) -> None:
        data = '<script type="application/json">{"a": 1}</script>'

        assert sent(data + OWN).startswith(data + "<script data-file=")

    @pytest.mark.parametrize("size", [10, 64, 100])
    def test_before_a_late_script(self, size: int) -> None:
        source = f"<body><p>{'x' * 90}{OWN}{'y' * 90}<script>late()</script>".encode()
        blocker = TagBlocker(
            engine_for(POLICY), engine_for(POLICY).shared_page_plan, "/_consent/facade.js", inline=True
        )
        rewriter = HTMLRewriter(blocker)

        out = b"".join(rewriter.feed(source[at : at + size]) for at in range(0, len(source), size)) + rewriter.close()

        [guard] = WITHIN.findall(out.decode())
        assert out.decode() == source.decode().replace(OWN, guard + OWN)

    def test_other_bytes_stay(self) -> None:
        body = f"<title>Caf\xe9</title><p a=1 a=2>&copy;{OWN}<br/>{OWN}</p></x>"

        assert WITHIN.sub("", sent(body)) == body

    @pytest.mark.parametrize("mark", ["amp", "\u26a1", "lang=en amp", "AMP=''"])
    def test_amp_page_stays(self, mark: str) -> None:
        body = f"<!doctype html><html {mark}><head><script async src=https://cdn.ampproject.org/v0.js></script>"

        assert sent(body) == body
        assert WITHIN.search(sent(body.replace(mark, "lang=amp")))

    def test_auto_setting_needs_a_tag_manager(self) -> None:
        policy = Policy(contact_url="/contact", guard="auto")

        assert sent(OWN, policy=policy) == OWN
        out = sent(OWN + TAG_MANAGER.decode(), policy=policy)
        assert out.index(OWN) < out.index(" data-guard=")

    def test_never_setting_adds_no_guard(self) -> None:
        policy = Policy(contact_url="/contact", guard="never")

        assert sent(OWN + TAG_MANAGER.decode(), policy=policy) == OWN + TAG_MANAGER.decode()

    def test_after_tags_that_may_be_in_svg(self) -> None:
        body = "<svg></a><script>a()</script></svg><p>x</p><script>b()</script>"

        [guard] = BARE.findall(sent(body))
        assert sent(body) == body.replace("<script>b", guard + "<script>b")

    def test_each_frame_has_its_own(self) -> None:
        frame = "<iframe srcdoc='<script>a()</script>'></iframe>"

        out = sent(frame + OWN + frame)

        within = [unescape(each) for each in re.findall(r"srcdoc='([^']*)'", out)]
        assert [len(FILE.findall(each)) for each in within] == [1, 1]
        assert len(WITHIN.findall(out)) == 1

    def test_blocked_tags_get_a_facade_too(self) -> None:
        out = sent(page(LOADER).decode())

        assert BLOCKED_SCRIPT.decode() in out
        assert out.count(" data-guard=") == out.count(" data-conf=") == 1

    def test_rewriting_again_changes_nothing(self) -> None:
        for body in (OWN, page(LOADER).decode(), "<iframe srcdoc='<script>a()</script>'></iframe>" + OWN):
            once = sent(body)
            assert sent(once) == once


class TestForm:
    @pytest.mark.parametrize("kind", ["text/html", "application/xhtml+xml; charset=utf-8"])
    def test_file_where_inline_text_would_harm(self, kind: str) -> None:
        body = f'<html xmlns="http://www.w3.org/1999/xhtml"><head><meta charset="utf-8"/>{OWN}</head></html>'

        out = sent(body, kind=kind)

        assert len(FILE.findall(out)) == 1
        assert FILE.sub("", out) == body

    @pytest.mark.parametrize(
        ("policies", "within"),
        [
            (["script-src 'unsafe-inline' 'self'"], True),
            (["default-src 'self'; script-src-elem 'unsafe-inline'"], True),
            (["img-src 'none'"], True),
            (["script-src 'self'"], False),
            (["default-src 'self'"], False),
            (["script-src 'unsafe-inline' 'self'", "script-src 'self'"], False),
            (["script-src https://shop.example"], False),
            (["script-src 'self' 'unsafe-inline' 'sha256-AAAA'"], False),
            (["script-src 'nonce-abc'"], True),
            (["script-src 'nonce-abc' 'strict-dynamic'"], True),
        ],
    )
    def test_csp_decides_inline_or_file(self, policies: list[str], within: bool) -> None:
        out = sent(OWN, *((NAME, each) for each in policies))

        assert (len(WITHIN.findall(out)), len(FILE.findall(out))) == (within, not within)
        assert out.count(' nonce="abc"') == ("nonce" in policies[0])

    def test_csp_digest_allows_inline(self) -> None:
        digest = b64encode(sha256(CODE.encode()).digest()).decode()

        assert len(WITHIN.findall(sent(OWN, (NAME, f"script-src 'sha256-{digest}'")))) == 1

    @pytest.mark.parametrize("sources", ["'none'", "'sha256-AAAA'", "https://cdn.example", "'strict-dynamic'"])
    def test_no_guard_if_csp_stops_it(self, sources: str) -> None:
        policy = Policy(contact_url="/contact")

        assert sent(OWN * 3, (NAME, f"script-src {sources}"), policy=policy) == OWN * 3
        assert engine_for(policy).notices.counts == {"csp-refuses-guard": 1}

    @pytest.mark.parametrize(
        ("meta", "within", "nonce"),
        [
            ("<meta http-equiv=Content-Security-Policy content=\"script-src 'self'\">", False, ""),
            ("<META HTTP-EQUIV=content-security-policy CONTENT=\"script-src 'nonce-x1'\">", True, "x1"),
            ("<meta http-equiv=content-security-policy content=\"script-src 'unsafe-inline'\">", True, ""),
            ("<meta http-equiv=content-security-policy>", True, ""),
            ("<meta name=policy content=\"script-src 'none'\">", True, ""),
            # Browsers ignore a policy in the body, and anyone may have written it.
            ("<meta http-equiv=content-security-policy content=\"script-src 'none'\">", False, ""),
        ],
    )
    def test_meta_csp_counts(self, meta: str, within: bool, nonce: str) -> None:
        out = sent(f"<title>x</title>{meta}{OWN}")

        assert (len(WITHIN.findall(out)), len(FILE.findall(out))) == (within, not within)
        assert re.findall(' nonce="([^"]*)"', out) == ([nonce] if nonce else [])
        assert WITHIN.sub("", FILE.sub("", out)) == f"<title>x</title>{meta}{OWN}"

    def test_later_meta_csp_is_ignored(self) -> None:
        meta = "<meta http-equiv=content-security-policy content=\"script-src 'self'\">"

        assert len(WITHIN.findall(sent(f"<title>x</title>{OWN}{meta}{OWN}"))) == 1

    def test_foreign_base_adds_the_page_host(self) -> None:
        out = sent(f'<base href="https://cdn.example/">{OWN}')

        assert 'data-file="//shop.example/_consent/facade.' in out

    def test_no_guard_if_own_host_is_unknown(self) -> None:
        body = f'<base href="https://cdn.example/">{OWN}'

        assert sent(body, host=b"") == body

    def test_shared_page_asks_for_the_decision(self) -> None:
        policy = Policy(contact_url="/contact", cacheable=True)

        outs = {sent(OWN, policy=policy, cookie=cookie) for cookie in (b"", GRANTED, b"consent=necessary")}

        assert len(outs) == 1
        assert ' data-ask="" data-offers=' in outs.pop()


class RecordingBlocker(TagBlocker):
    """A blocker that records the tags it is asked about, and how often it is asked for end markup."""

    tags: list[bytes]
    tails = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tags = []

    def start_tag(self, tag: StartTag) -> list[Edit]:
        self.tags.append(tag.raw)
        return list(super().start_tag(tag))

    def end_markup(self) -> bytes:
        self.tails += 1
        return super().end_markup()


def test_no_tag_is_checked_after_it() -> None:
    blocker = RecordingBlocker(
        engine_for(POLICY), engine_for(POLICY).shared_page_plan, "/_consent/facade.js", inline=True
    )
    meta = '<meta name="description" content="x"><meta http-equiv="content-security-policy" content="a">'
    body = f"<title>x</title>{meta}<link rel=icon href=x>{OWN}<script src=b></script><img src=x>{OWN}</body>"

    HTMLRewriter(blocker).rewrite(body.encode())

    assert blocker.tags == [b'<meta http-equiv="content-security-policy" content="a">', b"<script>"]
    assert blocker.tails == 0


PARTS = st.lists(
    st.sampled_from(
        [
            OWN,
            "<script type=a/json>{}</script>",
            "<script src=/a.js></script>",
            LOADER.decode(),
            "<p>x</p>",
            "<svg><script>a()</script></svg>",
            "<select><style>",
            "</select>",
            "<iframe srcdoc='<script>a()</script>'></iframe>",
            "<noscript><script></script></noscript>",
            "<!--<script>-->",
            "<textarea><script></textarea>",
            "<base href=/x>",
            "<meta http-equiv=content-security-policy content=\"script-src 'self'\">",
            "<svg></x>",
        ]
    ),
    max_size=6,
).map("".join)


@given(PARTS, st.sampled_from((1, 7, 64)))
def test_chunks_change_nothing(body: str, size: int) -> None:
    def rewriter() -> HTMLRewriter:
        return HTMLRewriter(
            TagBlocker(engine_for(POLICY), engine_for(POLICY).shared_page_plan, "/_consent/facade.js", inline=True)
        )

    source = body.encode()
    streamed = rewriter()
    out = b"".join(streamed.feed(source[at : at + size]) for at in range(0, len(source), size)) + streamed.close()

    assert out == rewriter().rewrite(source)
    # docs/tags.md, "Markup in a script": where a select makes it uncertain what is a script, a second rewriting may
    # block one more, and a third changes nothing.
    again = rewriter().rewrite(out)
    assert again == out or ("<select" in body and rewriter().rewrite(again) == again)


def test_digest_matches_the_inline_text() -> None:
    [guard] = WITHIN.findall(sent(OWN))

    assert guard.partition(">")[2].removesuffix("</script>") == CODE
