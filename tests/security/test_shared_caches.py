"""Fields for shared caches cannot make them store one visitor's page for another."""

from __future__ import annotations

import pytest

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from tests.engines import engine_for
from tests.exchanges import respond

#: Fields that only one kind of cache reads.
FIELDS = (
    b"CDN-Cache-Control",
    b"Cloudflare-CDN-Cache-Control",
    b"Netlify-CDN-Cache-Control",
    b"Vercel-CDN-Cache-Control",
    b"Akamai-Cache-Control",
    b"X-LiteSpeed-Cache-Control",
    b"Surrogate-Control",
    b"Edge-Control",
)


def _head(policy: Policy, *fields: tuple[bytes, bytes], content_type: bytes = b"text/html") -> dict[bytes, bytes]:
    request = RequestHead("GET", "/", "", [(b"host", b"example.com")])
    headers, _ = respond(Exchange(engine_for(policy), request), 200, [(b"content-type", content_type), *fields], b"<p>")
    return {name.lower(): value for name, value in headers}


@pytest.fixture
def policy() -> Policy:
    return Policy(contact_url="/c")


@pytest.mark.parametrize("field", FIELDS)
def test_shared_cache_field_is_removed(policy: Policy, field: bytes) -> None:
    assert field.lower() not in _head(policy, (field, b"public, max-age=3600"))
    assert field.lower() not in _head(policy, (field.lower(), b'max-age=60, private="x-a"'))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", [b"no-store", b"max-age=0, Private", b"no-store;abc"])
def test_field_against_storing_stays(policy: Policy, field: bytes, value: bytes) -> None:
    assert _head(policy, (field, value))[field.lower()] == value


@pytest.mark.parametrize("value", [b"3600", b"@1900000000", b"00"])
def test_nginx_is_not_told_to_store(policy: Policy, value: bytes) -> None:
    assert b"x-accel-expires" not in _head(policy, (b"X-Accel-Expires", value))


def test_nginx_may_be_told_not_to_store(policy: Policy) -> None:
    assert _head(policy, (b"X-Accel-Expires", b" 0"))[b"x-accel-expires"] == b" 0"


def test_netlify_vary_stays(policy: Policy) -> None:
    head = _head(policy, (b"Netlify-Vary", b"query"))

    assert b"netlify-vary" not in head
    assert b"Cookie" in head[b"vary"]


@pytest.mark.parametrize("field", [*FIELDS, b"X-Accel-Expires", b"Netlify-Vary"])
def test_other_response_keeps_its_fields(policy: Policy, field: bytes) -> None:
    assert field.lower() in _head(policy, (field, b"max-age=60"), content_type=b"image/png")


@pytest.mark.parametrize("field", FIELDS)
def test_shared_page_keeps_its_fields(field: bytes) -> None:
    assert field.lower() in _head(Policy(contact_url="/c", cacheable=True), (field, b"max-age=60"))
