"""Inline scripts with a vendor's code and code of the site's own: which run, and which are blocked."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html import unescape

import pytest

from consent_middleware import Policy
from tests.engines import engine_for

from .test_guard import FILE, POLICY, WITHIN, sent

LOADER = "js.hs-scripts.com/12345.js"
INSERT = f"var s=document.createElement('script');s.src='//{LOADER}';document.head.append(s);"
LIBRARY = '<script src="//js.hsforms.net/forms/v2.js"></script>'
FORM = "hbspt.forms.create({portalId:'1',formId:'2',target:'#f'});"
BLOCKED = re.compile(r'<script type="text/x-consent" data-consent="\w+"(?: data-consent-kind="\w+")?>')
STAND_INS = engine_for(POLICY).facade.stand_ins.body.rstrip().decode()


def is_blocked(
    script: str, *headers: tuple[str, str], policy: Policy = POLICY, before: str = "", end: str = ""
) -> bool:
    """Return whether a script is blocked; check that it is unchanged otherwise."""
    out = sent(f"{before}<script>{script}</script>{end}", *headers, policy=policy)
    blocked = bool(BLOCKED.search(out))
    assert blocked != (f"<script>{script}</script>" in out)
    return blocked


class TestWhatRuns:
    @pytest.mark.parametrize(
        "own",
        [
            "menu();",
            "var theme='dark';",
            "document.getElementById('menu').onclick=function(){document.body.classList.toggle('open')};",
            "addEventListener('CookieScriptAccept',function(){});",
            "var a=/x/;",
            "x => y;",
            "import.meta;",
            "import('/own.js');",
            "import x from '/own.js';",
        ],
    )
    @pytest.mark.parametrize(
        "code", [INSERT, LIBRARY.replace("<script src=", "var t='").replace("></script>", "';") + FORM]
    )
    def test_script_with_own_code_runs(self, own: str, code: str) -> None:
        assert not is_blocked(own + code)
        assert not is_blocked(code + own)

    @pytest.mark.parametrize("call", ["HubSpotFormsV4.getForms();", "HubSpotCallsToActions.refresh();"])
    def test_call_without_a_stand_in_is_blocked(self, call: str) -> None:
        assert is_blocked(f"var plan=location.search.slice(6);{call}")
        assert not is_blocked(f"addEventListener('hs-form-event:on-ready',fill);function fill(){{{call}}}")
        assert not is_blocked(f"if(window.{call.partition('.')[0]}){{{call}}}")

    @pytest.mark.parametrize(
        "code",
        [
            INSERT,
            INSERT.replace("var s", "s"),
            f"fetch('https://{LOADER}');",
            FORM,
            "navigator.sendBeacon('https://track.hubspot.com/__ptq.gif');",
        ],
    )
    def test_pure_snippet_is_blocked(self, code: str) -> None:
        assert is_blocked(code)
        assert is_blocked(code, policy=Policy(contact_url="/c", guard="never"))

    @pytest.mark.parametrize(
        "around",
        [
            "addEventListener('load',function(){X});",
            "window.addEventListener('DOMContentLoaded',()=>{X});",
            "document.addEventListener('DOMContentLoaded',function(){X},false);",
            "window.attachEvent('onload',function(){X});",
            "window.onload=function(){X};",
            "onload=function(){X};",
            "document.onreadystatechange=function(){X};",
        ],
    )
    @pytest.mark.parametrize("code", [INSERT, FORM])
    def test_snippet_on_page_load_runs(self, around: str, code: str) -> None:
        assert not is_blocked(around.replace("X", code))
        assert is_blocked(around.replace("X", code), policy=Policy(contact_url="/c", guard="never"))

    @pytest.mark.parametrize(
        "around",
        [
            "addEventListener('scroll',function(){X});",
            "setTimeout(function(){X},3000);",
            "requestIdleCallback(function(){X});",
            "(function(){X})();",
            "X;s.onload=function(){};",
            "if(document.readyState==='complete'){X}else{window.addEventListener('load',function(){X},false)}",
        ],
    )
    def test_snippet_on_other_event_is_blocked(self, around: str) -> None:
        assert is_blocked(around.replace("X", INSERT))

    @pytest.mark.parametrize(
        "code",
        [
            f"import('https://{LOADER}');",
            f"import x from 'https://{LOADER}';",
            f"import 'https://{LOADER}';",
            f"export * from 'https://{LOADER}';",
            f"import(where);{INSERT}",
            f"import('/a/'+where);{INSERT}",
            f"new WebSocket('wss://{LOADER}');",
            f"new Worker(w);{INSERT}",
            f"new EventSource('//{LOADER}');",
        ],
    )
    def test_script_the_guard_misses_is_blocked(self, code: str) -> None:
        assert is_blocked("menu();" + code)

    @pytest.mark.parametrize(("word", "expected"), [("import('/a')", True), ("import.meta", False), ("menu()", False)])
    def test_uncertain_script_with_import_is_blocked(self, word: str, expected: bool) -> None:
        assert is_blocked(f"{word};{INSERT}'") is expected

    def test_allowed_script_stays(self) -> None:
        out = sent(f"<script>menu();{INSERT}</script>", cookie=b"consent=analytics,marketing")
        assert f"<script>menu();{INSERT}</script>" in out

    def test_plugin_script_runs_after_a_guard(self) -> None:
        script = f'<script type="rocketlazyloadscript">menu();{INSERT}</script>'
        out = sent(script)
        assert out.endswith(script)
        assert WITHIN.search(out)


class TestWithoutAGuard:
    """Without a guard, the server judges a script by its text."""

    @pytest.mark.parametrize("guard", ["never", "auto"])
    def test_script_is_blocked(self, guard: str) -> None:
        assert is_blocked(f"menu();{INSERT}", policy=Policy(contact_url="/c", guard=guard))  # type: ignore[arg-type]

    def test_script_is_blocked_if_csp_stops_guard(self) -> None:
        assert is_blocked(f"menu();{INSERT}", ("content-security-policy", "script-src https://other.example"))

    @pytest.mark.parametrize(
        "mark", ["data-guard={}", "data-guard='' src=/other.js", "data-guard='{}' src=//x.example/g.js"]
    )
    def test_fake_guard_does_not_count(self, mark: str) -> None:
        out = sent(f"<script {mark}></script><script>menu();{INSERT}</script>")
        assert len(WITHIN.findall(out)) == 1

    def test_frame_guard_does_not_cover_the_page(self) -> None:
        frame = "<iframe srcdoc='<script>a()</script>'></iframe>"
        assert not is_blocked(f"menu();{INSERT}", before=frame)

    def test_frame_script_runs_after_frame_guard(self) -> None:
        inner = f"<script>menu();{INSERT}</script>".replace('"', "&quot;")
        out = sent(f'<iframe srcdoc="{inner}"></iframe>')
        assert "text/x-consent" not in out
        assert len(FILE.findall(unescape(out))) == 1

    def test_call_in_a_frame_is_blocked(self) -> None:
        inner = f"{LIBRARY}<script>menu();{FORM}</script>".replace('"', "&quot;")
        assert sent(f'<iframe srcdoc="{inner}"></iframe>').count("text/x-consent") == 2


class TestStandIns:
    """The script with stand-ins for globals."""

    def test_before_the_first_library(self) -> None:
        out = sent(f"<script>menu()</script><p>x</p>{LIBRARY}<p>y</p>{LIBRARY}")
        place = f'<p>x</p><script>{STAND_INS}</script><script type="text/x-consent"'
        assert place in out
        assert out.count(STAND_INS) == 1

    @pytest.mark.parametrize(
        "library",
        [
            '<script src="https://js-eu1.hsforms.net/forms/embed/v2.js"></script>',
            '<script src="/_hcms/forms/v2.js"></script>',
            '<script src="//js.hsforms.net/forms/shell.js"></script>',
            '<script src="https://static.hsappstatic.net/MeetingsEmbed/ex/MeetingsEmbedCode.js"></script>',
            '<script src="https://js.hscta.net/cta/current.js"></script>',
        ],
    )
    def test_for_each_library_with_a_global(self, library: str) -> None:
        assert STAND_INS in sent(library)

    @pytest.mark.parametrize(
        "tag",
        [
            f'<script src="//{LOADER}"></script>',
            '<script src="//js.hsforms.net/forms/embed/12345.js"></script>',
            '<iframe src="https://share.hsforms.com/1"></iframe>',
            "<script>menu()</script>",
        ],
    )
    def test_none_for_other_tags(self, tag: str) -> None:
        assert "HubSpotConversations" not in sent(tag)

    def test_none_if_embeds_are_allowed(self) -> None:
        assert STAND_INS not in sent(LIBRARY, cookie=b"consent=functional,marketing")

    def test_page_nonce_is_set(self) -> None:
        out = sent(
            LIBRARY.replace("<script", '<script nonce="n1"'), ("content-security-policy", "script-src 'nonce-n1'")
        )
        assert f'<script nonce="n1">{STAND_INS}</script>' in out

    @pytest.mark.parametrize("kind", ["text/html", "application/xhtml+xml; charset=utf-8"])
    def test_file_where_the_guard_is_a_file(self, kind: str) -> None:
        out = sent(f"<html><body>{LIBRARY}</body></html>", kind=kind)
        name = engine_for(POLICY).facade.stand_ins.name
        assert FILE.search(out)
        assert f'<script src="/_consent/{name}"></script><script type="text/x-consent"' in out

    def test_call_is_blocked_if_csp_stops_them(self) -> None:
        # The policy allows the guard by its hash.
        digest = b64encode(sha256(engine_for(POLICY).facade.guard.body.rstrip()).digest()).decode()
        policy = ("content-security-policy", f"script-src 'sha256-{digest}' 'unsafe-hashes'")
        assert is_blocked(f"menu();{FORM}", policy, before=LIBRARY)
        assert not is_blocked(f"menu();{FORM}", policy)

    def test_rewriting_again_changes_nothing(self) -> None:
        once = sent(f"<script>menu()</script>{LIBRARY}<script>menu();{FORM}</script>")
        assert sent(once) == once

    def test_library_keeps_its_id(self) -> None:
        out = sent(LIBRARY.replace("<script", '<script id="library"'))
        assert 'id="library" data-consent-src' in out


class TestOffers:
    """What the guard may show a button for when a script inserts it."""

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            (POLICY, "{&#34;chat&#34;:1,&#34;embeds&#34;:1}"),
            (
                Policy(contact_url="/c", chat_accounts=[7, 5]),
                "{&#34;chat&#34;:[&#34;5&#34;,&#34;7&#34;],&#34;embeds&#34;:1}",
            ),
            (Policy(contact_url="/c", chat_accounts=[]), "{&#34;chat&#34;:[],&#34;embeds&#34;:1}"),
            # The browser knows the pages that offer the chat, since the visitor may go there without a request.
            (Policy(contact_url="/c", chat_pages=["/x"]), "{&#34;chat&#34;:1,&#34;embeds&#34;:1}"),
        ],
    )
    def test_settings_decide(self, policy: Policy, expected: str) -> None:
        assert f' data-offers="{expected}" data-guard=' in sent("<script>menu()</script>", policy=policy)

    def test_nothing_if_all_is_refused(self) -> None:
        policy = Policy(contact_url="/c", click_after_refusal=False)
        out = sent("<script>menu()</script>", policy=policy, cookie=b"consent=necessary")
        assert " data-offers=" not in out.partition(">")[0]
