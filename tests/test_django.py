"""The Django app: middleware, settings, checks, context processor, template tags and command."""

from __future__ import annotations

import io
import json
import pickle
import re
import unittest
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.util import FileWrapper

import django
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.management import CommandError, call_command
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.test import AsyncClient, Client, RequestFactory, SimpleTestCase
from django.test.utils import override_settings
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_protect

from consent_middleware import Policy, PolicyError, Regime, Signals
from consent_middleware.asgi import ConsentMiddleware as Asgi
from consent_middleware.consent import UNKNOWN
from consent_middleware.django import ConsentMiddleware, plan_of
from consent_middleware.django.conf import site_policy
from consent_middleware.django.context_processors import consent as consent_context
from consent_middleware.django.middleware import CookieLine
from consent_middleware.wsgi import ConsentMiddleware as Wsgi
from tests import django_site, needs
from tests.django_site import MIDDLEWARE
from tests.documentation.blocks import code_of
from tests.gateways import Request, run_asgi, run_wsgi
from tests.pages import BLOCKED_SCRIPT, LOADER, page

FULL = "consent=functional,analytics,marketing"
PAGE = page(LOADER)
FACADE = b"<aside data-consent-facade"
GZIP = "django.middleware.gzip.GZipMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSP = "django.middleware.csp.ContentSecurityPolicyMiddleware"


@contextmanager
def site(*views: Any, middleware: tuple[str, ...] = (MIDDLEWARE,), **changed: Any) -> Iterator[Client]:
    """Yield a client for a Django site with these URL patterns and settings."""
    changed = {"CONSENT": {"contact_url": "/contact"}, **changed}
    with override_settings(ROOT_URLCONF=Urls(views), MIDDLEWARE=middleware, **changed):
        yield Client()


class Urls(tuple[Any, ...]):
    """URL patterns, which may get handlers for errors."""


def home(body: bytes = PAGE, headers: dict[str, str] | None = None) -> Any:
    return path("", lambda request: HttpResponse(body, headers=headers))


class TestMiddleware:
    def test_client_sees_the_facade_and_the_length(self) -> None:
        with site(home()) as client:
            response = client.get("/")

            assert BLOCKED_SCRIPT in response.content
            assert FACADE in response.content
            assert response.headers["Content-Length"] == str(len(response.content))
            assert client.get("/", headers={"Cookie": FULL}).content == PAGE

    @pytest.mark.parametrize("middleware", [(MIDDLEWARE,), (SECURITY, MIDDLEWARE, COMMON)])
    async def test_async_client_sees_the_facade(self, middleware: tuple[str, ...]) -> None:
        async def view(request: Any) -> HttpResponse:
            return HttpResponse(PAGE)

        with site(path("", view), middleware=middleware):
            client = AsyncClient()

            assert FACADE in (await client.get("/")).content
            assert (await client.get("/_consent/decision")).json()["chat"] is False

    def test_policy_can_be_given(self) -> None:
        middleware: Any = ConsentMiddleware(lambda request: HttpResponse(PAGE), Policy(contact_url="/talk"))

        assert b'href="/talk"' in middleware(RequestFactory().get("/")).content
        assert middleware.engine.notices.counts == {}

    def test_view_reads_the_plan(self) -> None:
        with site(path("", lambda request: HttpResponse(request.consent_plan.variant))) as client:
            assert client.get("/").content == b"c0t0e0"
            assert client.get("/", headers={"Cookie": "consent_chat=1"}).content == b"c1t0e0"

    def test_plan_of_returns_the_plan_of_a_request(self) -> None:
        with site(path("", lambda request: HttpResponse(plan_of(request).variant))) as client:  # type: ignore[union-attr]
            assert client.get("/").content == b"c0t0e0"
        assert plan_of(RequestFactory().get("/")) is None

    def test_view_reads_the_counted_notices(self) -> None:
        view = path("", lambda request: HttpResponse(str(request.consent_engine.notices.counts)))

        with site(view, CONSENT={}) as client:
            assert client.get("/").content == b"{'no-contact-url': 1}"

    def test_view_reads_the_plan_of_a_gateway(self) -> None:
        views = [path("", lambda request: HttpResponse(request.consent_plan.variant))]
        request = Request.with_cookie("consent_chat=1")

        for middleware in ([MIDDLEWARE], [MIDDLEWARE, MIDDLEWARE]):
            changed: dict[str, Any] = {"MIDDLEWARE": middleware, "CONSENT": {"click_cookie": "another"}}
            inside_wsgi = Wsgi(django_site.wsgi_site(views, **changed))
            inside_asgi = Asgi(django_site.asgi_site(views, **changed))
            assert run_wsgi(inside_wsgi, request).body == b"c1t0e0"
            assert run_asgi(inside_asgi, request).body == b"c1t0e0"

    def test_mount_is_in_the_address_of_the_script(self) -> None:
        with site(re_path("", lambda request: HttpResponse(PAGE)), FORCE_SCRIPT_NAME="/caf\xe9") as client:
            content = client.get("/").content

        assert b'src="/caf%C3%A9/_consent/facade.' in content

    def test_own_responses_need_no_allowed_host_or_view(self) -> None:
        with site(home()) as client:
            decision = client.get("/_consent/decision", headers={"Cookie": FULL})
            head = client.head("/_consent/decision")

        assert decision.json() == {"chat": True, "tracking": True, "embeds": True}
        assert decision.headers["Cache-Control"] == "no-store"
        assert decision.headers["Content-Type"] == "application/json"
        assert (head.status_code, head.content) == (200, b"")


class TestCookies:
    def test_cookies_of_the_view_are_filtered(self) -> None:
        def view(request: Any) -> HttpResponse:
            response = HttpResponse(PAGE)
            for name in ("__hstc", "session", "hubspotutk"):
                response.set_cookie(name, "1")
            response["Set-Cookie"] = "__hssc=1; Path=/"
            return response

        with site(path("", view)) as client:
            refused, allowed = client.get("/"), client.get("/", headers={"Cookie": FULL})

        assert list(refused.cookies) == ["session"]
        assert "Set-Cookie" not in refused.headers
        assert list(allowed.cookies) == ["__hstc", "session", "hubspotutk"]
        assert allowed.headers["Set-Cookie"] == "__hssc=1; Path=/"

    def test_raw_line_of_the_site_stays(self) -> None:
        with site(home(headers={"Set-Cookie": "own=1; Path=/"})) as client:
            assert client.get("/").headers["Set-Cookie"] == "own=1; Path=/"

    def test_refused_cookie_expires_on_each_domain(self) -> None:
        with site(home()) as client:
            client.cookies.load("__hstc=1; consent=necessary")
            response = client.get("/", headers={"Host": "www.shop.example"})
            lines = [cookie.OutputString() for cookie in response.cookies.values()]
            ended = client.cookies["__hstc"]

        line = "__hstc=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        assert lines == [line, f"{line}; Domain=www.shop.example", f"{line}; Domain=shop.example"]
        assert (ended.value, ended["max-age"], ended["path"]) == ("", "0", "/")

    def test_expiring_line_can_be_pickled(self) -> None:
        line = CookieLine("a=b; Path=/; Domain=shop.example")

        copy = pickle.loads(pickle.dumps(line))  # noqa: S301 - our own

        assert copy.output(header="") == " a=b; Path=/; Domain=shop.example"
        assert (copy.key, copy.value, copy["domain"]) == ("a", "b", "shop.example")

    def test_hidden_cookies_are_hidden_from_views_and_streams(self) -> None:
        seen: list[object] = []

        def view(request: Any) -> StreamingHttpResponse:
            def parts() -> Iterator[bytes]:
                seen.append((dict(request.COOKIES), request.META["HTTP_COOKIE"], request.headers["Cookie"]))
                yield PAGE

            return StreamingHttpResponse(parts())

        with site(path("", view), CONSENT={"contact_url": "/c", "hide_cookies": True}, middleware=READS) as client:
            response = client.get("/", headers={"Cookie": "__hstc=1; own=2"})
            assert FACADE in response.getvalue()

        assert seen == [({"own": "2"}, "own=2", "own=2")]

    def test_only_hidden_cookie_leaves_no_field(self) -> None:
        view = path("", lambda request: HttpResponse(str("HTTP_COOKIE" in request.META)))

        with site(view, CONSENT={"contact_url": "/c", "hide_cookies": True}) as client:
            assert client.get("/", headers={"Cookie": "__hstc=1"}).content == b"False"


def reads_early(get_response: Any) -> Any:
    """Return a middleware that reads the request's fields, as Django keeps them, before and after the response."""

    def middleware(request: Any) -> Any:
        before = (request.headers.get("If-None-Match"), request.COOKIES)
        response = get_response(request)
        response["X-Before"] = str(before[0])
        response["X-After"] = str(request.headers.get("If-None-Match"))
        return response

    return middleware


READS = (f"{__name__}.reads_early", MIDDLEWARE)
CONDITIONAL = "django.middleware.http.ConditionalGetMiddleware"


class TestConditions:
    @pytest.mark.parametrize(
        "middleware", [(MIDDLEWARE, CONDITIONAL), (CONDITIONAL, MIDDLEWARE), (CONDITIONAL, MIDDLEWARE, CONDITIONAL)]
    )
    def test_page_is_confirmed_for_the_same_consent(self, middleware: tuple[str, ...]) -> None:
        with site(home(), middleware=middleware) as client:
            first = client.get("/")
            known = {"If-None-Match": first.headers["ETag"]}

            assert client.get("/", headers=known).status_code == 304
            assert client.get("/", headers={**known, "Cookie": FULL}).status_code == 200

    def test_condition_is_given_back_to_middleware_outside(self) -> None:
        def view(request: Any) -> HttpResponse:
            return HttpResponse(PAGE, headers={"ETag": '"a"', "X-Seen": str(request.headers.get("If-None-Match"))})

        with site(path("", view), middleware=READS) as client:
            tag = client.get("/").headers["ETag"]
            response = client.get("/", headers={"If-None-Match": tag})
            other = client.get("/", headers={"If-None-Match": '"z--consent-other"'})

        assert (response.headers["X-Before"], response.headers["X-Seen"], response.headers["X-After"]) == (
            tag,
            '"a"',
            tag,
        )
        assert (other.headers["X-Seen"], other.headers["X-After"]) == ("None", '"z--consent-other"')

    def test_condition_is_given_back_after_an_error(self) -> None:
        def fails(request: Any) -> HttpResponse:
            raise OSError

        request = RequestFactory().get("/", headers={"If-None-Match": '"z--consent-other"'})

        with pytest.raises(OSError):  # noqa: PT011 - the view's own
            ConsentMiddleware(fails, Policy(contact_url="/c"))(request)
        assert request.META["HTTP_IF_NONE_MATCH"] == '"z--consent-other"'


UPDATE_CACHE = "django.middleware.cache.UpdateCacheMiddleware"
FETCH_FROM_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"


class TestCache:
    @pytest.mark.parametrize(
        ("middleware", "calls"),
        [((MIDDLEWARE, UPDATE_CACHE, FETCH_FROM_CACHE), 1), ((UPDATE_CACHE, FETCH_FROM_CACHE, MIDDLEWARE), 2)],
        ids=["behind", "in front"],
    )
    def test_visitors_get_their_own_page(self, middleware: tuple[str, ...], calls: int) -> None:
        asked: list[Any] = []

        def view(request: Any) -> HttpResponse:
            asked.append(request)
            return HttpResponse(PAGE)

        cache.clear()
        with site(path("", view), middleware=middleware) as client:
            for _ in range(2):
                assert client.get("/", headers={"Cookie": FULL}).content == PAGE
                assert FACADE in client.get("/").content
        assert len(asked) == calls


class TestStreams:
    @pytest.mark.parametrize("make", [django_site.wsgi_site, django_site.asgi_site])
    def test_html_file_is_rewritten_and_closed(self, make: Any, tmp_path: Path) -> None:
        (tmp_path / "page.html").write_bytes(PAGE)
        files: list[Any] = []

        def view(request: Any) -> FileResponse:
            files.append((tmp_path / "page.html").open("rb"))
            return FileResponse(files[-1])

        app = make([path("", view)], MIDDLEWARE=[MIDDLEWARE], CONSENT={"contact_url": "/contact"})
        if make is django_site.wsgi_site:
            result = run_wsgi(app, Request())
        else:
            with pytest.warns(Warning, match="synchronous iterators"):  # Django's own, for every file
                result = run_asgi(app, Request())

        assert BLOCKED_SCRIPT in result.body
        assert not result.all("content-length")
        assert files[0].closed

    def test_server_sends_a_file_only_if_it_stays(self, tmp_path: Path) -> None:
        (tmp_path / "page.html").write_bytes(PAGE)
        (tmp_path / "style.css").write_bytes(b"a{}")
        sent: list[Any] = []

        def wrapper(file: Any, size: int) -> Any:
            sent.append(Path(file.name).name)
            return FileWrapper(file, size)

        site_ = django_site.wsgi_site(
            [path("<name>", lambda request, name: FileResponse((tmp_path / name).open("rb")))],
            MIDDLEWARE=[MIDDLEWARE],
            CONSENT={"contact_url": "/contact"},
        )

        def server(environ: Any, start_response: Any) -> Any:
            return site_({**environ, "wsgi.file_wrapper": wrapper}, start_response)

        assert BLOCKED_SCRIPT in run_wsgi(server, Request(path="/page.html")).body
        assert run_wsgi(server, Request(path="/style.css")).body == b"a{}"
        assert run_wsgi(server, Request.with_cookie(FULL)).status == 404
        assert run_wsgi(server, Request(path="/page.html", headers=[("Cookie", FULL)])).body == PAGE
        assert sent == ["style.css", "page.html"]

    def test_asynchronous_stream_is_rewritten_in_both_modes(self) -> None:
        def view(request: Any) -> StreamingHttpResponse:
            async def parts() -> AsyncIterator[bytes]:
                yield PAGE[:90]
                yield PAGE[90:]

            return StreamingHttpResponse(parts())

        changed: dict[str, Any] = {"MIDDLEWARE": [MIDDLEWARE], "CONSENT": {"contact_url": "/contact"}}

        assert BLOCKED_SCRIPT in run_asgi(django_site.asgi_site([path("", view)], **changed), Request()).body
        with pytest.warns(Warning, match="asynchronous iterators"):
            result = run_wsgi(django_site.wsgi_site([path("", view)], **changed), Request())
        assert BLOCKED_SCRIPT in result.body

    def test_compressed_asynchronous_stream_is_one_member(self) -> None:
        async def view(request: Any) -> StreamingHttpResponse:
            async def parts() -> AsyncIterator[bytes]:
                for index in range(3):
                    yield b"<p>%d</p>" % index

            return StreamingHttpResponse(parts())

        app = django_site.asgi_site([path("", view)], MIDDLEWARE=[MIDDLEWARE, GZIP], CONSENT={"contact_url": "/c"})
        result = run_asgi(app, Request(headers=[("Accept-Encoding", "gzip")]))

        decoder = zlib.decompressobj(wbits=31)
        assert decoder.decompress(result.body).endswith(b"<p>0</p><p>1</p><p>2</p>")
        assert decoder.eof
        assert not decoder.unused_data

    def test_each_chunk_is_sent_when_it_comes(self) -> None:
        taken: list[int] = []

        def parts() -> Iterator[bytes]:
            for index in range(3):
                taken.append(index)
                yield b"<p>%d</p>" % index

        with site(path("", lambda request: StreamingHttpResponse(parts()))) as client:
            stream = iter(client.get("/").streaming_content)

            assert b"<p>0</p>" in next(stream)
            assert taken == [0]


class TestErrorPages:
    """Django makes a response of an exception inside each middleware, so the outermost one gets it."""

    @pytest.mark.parametrize("debug", [False, True])
    def test_missing_page_of_the_site_is_rewritten(self, debug: bool) -> None:
        views = [home(), re_path("^own", lambda request: HttpResponse(PAGE, status=404))]

        with site(*views, DEBUG=debug) as client:
            own, unknown = client.get("/own"), client.get("/none")

        assert BLOCKED_SCRIPT in own.content
        assert (own.status_code, unknown.status_code) == (404, 404)
        assert {"Cookie", "Sec-GPC"} <= set(unknown.headers["Vary"].split(", "))

    @pytest.mark.parametrize("later", [False, True])
    @pytest.mark.parametrize(
        ("error", "status"), [(Http404, 404), (OSError, 500), (PermissionDenied, 403), (SuspiciousOperation, 400)]
    )
    async def test_error_page_of_the_site_is_rewritten(self, error: type[Exception], status: int, later: bool) -> None:
        def fails(request: Any) -> HttpResponse:
            raise error

        async def fails_later(request: Any) -> HttpResponse:
            raise error

        with site(path("", fails_later if later else fails)):
            handler = f"handler{status}"
            setattr(settings.ROOT_URLCONF, handler, lambda request, exception=None: HttpResponse(PAGE, status=status))
            client = AsyncClient(raise_request_exception=False)
            response = await client.get("/")

        assert response.status_code == status
        assert BLOCKED_SCRIPT in response.content
        assert FACADE in response.content

    @pytest.mark.parametrize("debug", [False, True])
    @pytest.mark.parametrize(("error", "status"), [(OSError, 500), (PermissionDenied, 403), (SuspiciousOperation, 400)])
    def test_error_page_is_a_page_of_ours(self, error: type[Exception], status: int, debug: bool) -> None:
        def view(request: Any) -> HttpResponse:
            raise error(LOADER.decode())

        with site(path("", view), DEBUG=debug) as client:
            client.raise_request_exception = False
            response = client.get("/")

        assert response.status_code == status
        assert {"Cookie", "Sec-GPC"} <= set(response.headers["Vary"].split(", "))
        assert LOADER not in response.content
        assert response.headers.get("Content-Length", str(len(response.content))) == str(len(response.content))

    def test_technical_page_gets_the_guard(self) -> None:
        def view(request: Any) -> HttpResponse:
            raise OSError

        with site(path("", view), DEBUG=True) as client:
            client.raise_request_exception = False
            content = client.get("/").content

        assert content.index(b"data-guard") < content.index(b"function hideAll")

    def test_error_of_other_middleware_is_covered(self) -> None:
        with site(home(), middleware=(MIDDLEWARE, f"{__name__}.fails_always")) as client:
            client.raise_request_exception = False
            response = client.get("/")

        assert response.status_code == 500
        assert "Cookie" in response.headers["Vary"]

    def test_client_gets_the_exception_itself(self) -> None:
        def view(request: Any) -> HttpResponse:
            raise LookupError

        with site(path("", view)) as client, pytest.raises(LookupError):
            client.get("/")

    def test_refused_form_is_covered(self) -> None:
        with site(path("", csrf_protect(lambda request: HttpResponse(PAGE)))):
            response = Client(enforce_csrf_checks=True).post("/")

        assert response.status_code == 403
        assert "Cookie" in response.headers["Vary"]


def fails_always(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        raise RuntimeError

    return middleware


def with_nonce(nonce: object) -> bytes:
    return PAGE.replace(b"<script type", b'<script nonce="%s" type' % str(nonce).encode())


class TestPageSecurity:
    def test_nonce_of_django_csp_is_copied(self) -> None:
        try:
            from csp.constants import NONCE as CSP_NONCE
        except ImportError:
            needs.missing("django-csp is not installed")
        rules = {"DIRECTIVES": {"script-src": [CSP_NONCE]}}

        def view(request: Any) -> HttpResponse:
            return HttpResponse(with_nonce(request.csp_nonce))

        with site(
            path("", view),
            middleware=(MIDDLEWARE, "csp.middleware.CSPMiddleware"),
            CONTENT_SECURITY_POLICY=rules,
        ) as client:
            response = client.get("/")

        nonce = response.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        assert nonce
        assert response.content.partition(FACADE)[2].count(f'nonce="{nonce}"'.encode()) == 1

    def test_nonce_of_django_itself_is_copied(self) -> None:
        if django.VERSION < (6,):
            pytest.skip("NOT TESTED: Django has a Content-Security-Policy of its own since 6.0 (Python 3.12)")
        from django.utils.csp import CSP as SOURCES

        def view(request: Any) -> HttpResponse:
            from django.middleware.csp import get_nonce

            return HttpResponse(with_nonce(get_nonce(request)))

        with site(path("", view), middleware=(MIDDLEWARE, CSP), SECURE_CSP={"script-src": [SOURCES.NONCE]}) as client:
            response = client.get("/")

        nonce = response.headers["Content-Security-Policy"].partition("'nonce-")[2].partition("'")[0]
        assert nonce
        assert response.content.partition(FACADE)[2].count(f'nonce="{nonce}"'.encode()) == 1


def choose_regime(signals: Signals) -> Regime:
    return Regime.OPT_OUT


def read_nothing(signals: Signals) -> list[Any]:
    return []


class TestSettings:
    @pytest.mark.parametrize(
        "changed",
        [
            {"CONSENT": {"contact_url": "/help"}},
            {"CONSENT_CONTACT_URL": "/help"},
            {"CONSENT": {"guard": "never"}, "CONSENT_CONTACT_URL": "/help"},
            {"CONSENT": Policy(contact_url="/help")},
        ],
    )
    def test_settings_make_the_policy(self, changed: dict[str, Any]) -> None:
        with site(home(), **{"CONSENT": {}, **changed}) as client:
            assert b'href="/help"' in client.get("/").content

    def test_no_setting_gives_the_defaults(self) -> None:
        assert site_policy().contact_url is None
        assert site_policy() is site_policy()

    def test_overridden_settings_count_for_a_new_client(self) -> None:
        with site(home()) as client:
            assert b'href="/contact"' in client.get("/").content
            with override_settings(CONSENT={"contact_url": "/help"}):
                assert b'href="/help"' in Client().get("/").content
            with override_settings(CONSENT={}, CONSENT_CONTACT_URL="/talk"):
                assert b'href="/talk"' in Client().get("/").content
            assert b'href="/contact"' in Client().get("/").content

    def test_dotted_paths_are_imported(self) -> None:
        given = {
            "regime": f"{__name__}.choose_regime",
            "language": "de",
            "on_decision": None,
            "sources": [f"{__name__}.read_nothing", read_nothing],
            "vendors": ("hubspot", "consent_middleware.vendors.INTERCOM"),
        }
        with override_settings(CONSENT=given):
            policy = site_policy()

        assert policy.regime is choose_regime
        assert policy.sources == (read_nothing, read_nothing)
        assert [vendor.id for vendor in policy.vendors] == ["hubspot", "intercom"]
        assert policy.language == "de"

    @pytest.mark.parametrize(
        "changed",
        [
            {"CONSENT_CONTACT_URL": "/c", "CONSENT_BANNER_COLOR": "red"},
            {"CONSENT": {"contact_url": "/c"}, "CONSENT_COOKIE_NAME": "similar to cookie_names"},
            {"CONSENT": Policy(contact_url="/c"), "CONSENT_COOKIE_NAME": "similar to cookie_names"},
        ],
    )
    def test_own_names_of_the_site_are_left_alone(self, changed: dict[str, Any]) -> None:
        with override_settings(**changed):
            assert site_policy().contact_url == "/c"

    @pytest.mark.parametrize(
        ("changed", "numbers"),
        [
            ({"CONSENT": {"contact_url": "javascript:x", "guard": "no"}}, ["CM040", "CM008"]),
            ({"CONSENT": {"contact": "/c", "position": "left"}}, ["CM011", "CM011"]),
            ({"CONSENT_CONTACT": "/c", "CONSENT_BANNER_COLOR": "red"}, ["CM011"]),
            ({"CONSENT": {"contact_url": "/a"}, "CONSENT_CONTACT_URL": "/b"}, ["CM080"]),
            ({"CONSENT": Policy(), "CONSENT_CONTACT_URL": "/b"}, ["CM080"]),
            ({"CONSENT": "/contact"}, ["CM081"]),
            ({"CONSENT": None}, ["CM081"]),
            ({"CONSENT": {"regime": "no_such_module.choose"}}, ["CM082"]),
            ({"CONSENT": {"sources": ["tests.no_such_name", "tests.pages.none"]}}, ["CM082", "CM082"]),
            ({"CONSENT": {"sources": 3}}, ["CM010"]),
        ],
    )
    def test_wrong_settings_are_numbered(self, changed: dict[str, Any], numbers: list[str]) -> None:
        with override_settings(MIDDLEWARE=[MIDDLEWARE], **changed):
            with pytest.raises(PolicyError) as caught:
                Client().get("/")
            found = [message.id for message in run_checks(tags=["consent"])]

        assert list(caught.value.numbers) == numbers
        assert found == [f"consent.{number}" for number in numbers]


class OwnConsent(ConsentMiddleware):
    """A site's own class."""


class TestChecks:
    @pytest.mark.parametrize(
        "middleware",
        [
            [MIDDLEWARE],
            [MIDDLEWARE, SECURITY, COMMON],
            [SECURITY, GZIP, MIDDLEWARE, COMMON],
            ["consent_middleware.django.middleware.ConsentMiddleware", f"{__name__}.reads_early"],
            [f"{__name__}.OwnConsent"],
        ],
    )
    def test_good_place_is_silent(self, middleware: list[str]) -> None:
        with override_settings(MIDDLEWARE=middleware):
            assert run_checks(tags=["consent"]) == []

    @pytest.mark.parametrize(
        ("middleware", "numbers", "words"),
        [
            ([], ["CM083"], "not in MIDDLEWARE"),
            ([COMMON, "no.such.Middleware"], ["CM083"], "not in MIDDLEWARE"),
            ([MIDDLEWARE, MIDDLEWARE], ["CM083"], "more than once"),
            ([SECURITY, COMMON, MIDDLEWARE], ["CM084"], f"MIDDLEWARE, {COMMON} stands in front"),
            ([MIDDLEWARE, GZIP], ["CM084"], "GZipMiddleware stands behind"),
            ([f"{__name__}.reads_early", MIDDLEWARE, GZIP, MIDDLEWARE], ["CM083", "CM084", "CM084"], "reads_early"),
        ],
    )
    def test_wrong_place_is_a_warning(self, middleware: list[str], numbers: list[str], words: str) -> None:
        with override_settings(MIDDLEWARE=middleware):
            found = run_checks(tags=["consent"])

        assert [message.id for message in found] == [f"consent.{number}" for number in numbers]
        assert any(words in message.msg for message in found)
        assert all(message.hint for message in found)


def rendered(source: str, request: Any = None, **context: str) -> str:
    return str(engines["django"].from_string(source).render(context, request))


class TestTemplates:
    def test_template_reads_the_plan(self) -> None:
        source = "{{ consent_plan.variant }}{% if consent_allows.chat %} chat{% endif %}"
        view = path("", lambda request: HttpResponse(rendered(source, request)))

        with site(view) as client:
            assert client.get("/").content == b"c0t0e0"
            assert client.get("/", headers={"Cookie": "consent=functional"}).content == b"c1t0e0 chat"

    def test_without_a_plan_nothing_may_load(self) -> None:
        context = consent_context(RequestFactory().get("/"))

        assert context == {
            "consent_plan": None,
            "consent_allows": {"chat": False, "tracking": False, "embeds": False},
        }

    def test_link_opens_the_chat_and_is_escaped(self) -> None:
        source = "{% load consent %}{% consent_open_link text class=kind aria_label='A' %}"

        assert rendered(source, text="<Chat>", kind='btn "') == (
            '<a href="#hs-chat-open" data-consent-open class="btn &quot;" aria-label="A">&lt;Chat&gt;</a>'
        )
        with override_settings(CONSENT={"vendors": ["intercom"]}):
            assert rendered("{% load consent %}{% consent_open_link 'Chat' %}") == (
                '<button type="button" data-consent-open>Chat</button>'
            )

    def test_disclosure_follows_the_settings(self) -> None:
        source = "{% load consent %}{% consent_disclosure %}"

        assert "<section data-consent-disclosure" in rendered(source)
        assert "our-consent" not in rendered(source)
        with override_settings(CONSENT={"consent_cookie": "our-consent"}):
            assert "our-consent" in rendered(source)


class TestCommand:
    def test_explain_uses_the_policy_of_the_site(self) -> None:
        out = io.StringIO()
        with override_settings(MIDDLEWARE=[MIDDLEWARE], CONSENT={"consent_cookie": "agreed", "regime": "opt-out"}):
            call_command("consent", "explain", "--cookie", "agreed=functional", "--header", "Sec-GPC: 1", stdout=out)

        assert "own cookie (agreed): analytics denied, functional granted" in out.getvalue()
        assert "regime: opt-out" in out.getvalue()

    @pytest.mark.parametrize(("form", "start"), [("markdown", "**Cookies**"), ("html", "<section"), ("json", "{")])
    def test_disclosure_uses_the_policy_of_the_site(self, form: str, start: str) -> None:
        out = io.StringIO()
        with override_settings(CONSENT={"consent_cookie": "agreed"}):
            call_command("consent", "disclosure", "--format", form, stdout=out)

        assert out.getvalue().startswith(start)
        assert "agreed" in out.getvalue()

    def test_rewrite_uses_the_policy_of_the_site(self, tmp_path: Path, capfdbinary: Any) -> None:
        (tmp_path / "page.html").write_bytes(PAGE)
        with override_settings(CONSENT={"contact_url": "/talk"}):
            call_command("consent", "rewrite", str(tmp_path / "page.html"), "--json")

        written = capfdbinary.readouterr()
        assert BLOCKED_SCRIPT in written.out
        assert b'href="/talk"' in written.out
        assert json.loads(written.err)["blocked"] == [{"rule": "hubspot.loader", "purpose": "tracking"}]

    @pytest.mark.parametrize("middleware", [[MIDDLEWARE], []])
    def test_audit_asks_the_site_for_its_pages(self, middleware: list[str]) -> None:
        views = [path("", lambda _: HttpResponse(PAGE))]
        out = io.StringIO()
        with override_settings(ROOT_URLCONF=tuple(views), MIDDLEWARE=middleware):
            if middleware:
                call_command("consent", "audit", "/", stdout=out)
            else:
                with pytest.raises(CommandError, match="the pages are not clean"):
                    call_command("consent", "audit", stdout=out)

        assert ("FAULT" in out.getvalue()) is (not middleware)
        assert "pages: 1, not read: 0" in out.getvalue()

    def test_audit_without_html5lib_is_an_error_in_words(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("consent_middleware.audit.command.find_spec", lambda _: None)
        with pytest.raises(CommandError, match=r"CM100.*consent-middleware\[audit\]"):
            call_command("consent", "audit")

    def test_missing_file_is_an_error_in_words(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match=r"none\.html: No such file"):
            call_command("consent", "rewrite", str(tmp_path / "none.html"))

    def test_missing_command_is_an_error_in_words(self) -> None:
        with pytest.raises(CommandError, match="COMMAND"):
            call_command("consent")


PAGE_OF_DOCS = (Path(__file__).parents[1] / "docs" / "django.md").read_text("utf-8")


class TestDocs:
    def test_settings_of_the_docs_work(self) -> None:
        names: dict[str, Any] = {}
        exec(code_of("django.md", "python")[0], names)  # noqa: S102 - our own

        assert names["INSTALLED_APPS"][0] in settings.INSTALLED_APPS
        with site(home(), middleware=names["MIDDLEWARE"][:1], CONSENT=names["CONSENT"]) as client:
            assert b'href="/contact"' in client.get("/").content

    def test_templates_of_the_docs_work(self) -> None:
        plan, tags = code_of("django.md", "django")
        request = RequestFactory().get("/")
        request.consent_plan = Policy().decide(UNKNOWN)

        assert rendered(plan, request).split() == ["c0t0e0"]
        assert 'data-consent-open class="button">Chat with us</a>' in rendered(tags)

    def test_test_of_the_docs_passes(self) -> None:
        names: dict[str, Any] = {"TestCase": SimpleTestCase}
        exec(code_of("django.md", "python")[2], names)  # noqa: S102 - our own
        with site(home()):
            result = unittest.defaultTestLoader.loadTestsFromTestCase(names["ChatTest"]).run(unittest.TestResult())

        assert result is not None
        assert (result.testsRun, result.errors, result.failures) == (1, [], [])

    def test_page_names_each_number_of_django(self) -> None:
        assert set(re.findall(r"consent\.(CM08\d)", PAGE_OF_DOCS)) == {f"CM08{digit}" for digit in range(5)}
