"""The Content-Security-Policy of a response: its nonce, and what it says about scripts."""

from __future__ import annotations

import pytest

from consent_middleware.csp import ContentSecurityPolicy

CSP = b"content-security-policy"
REPORT = b"content-security-policy-report-only"


@pytest.mark.parametrize(
    ("headers", "nonce"),
    [
        pytest.param([(CSP, b"script-src 'nonce-abc='")], "abc=", id="script-src"),
        pytest.param([(CSP, b"default-src 'none'; Script-Src 'self' 'NONCE-aB_-9'")], "aB_-9", id="any letter case"),
        pytest.param([(CSP, b"img-src *;\tscript-src\t'nonce-t'")], "t", id="tabs"),
        pytest.param([(CSP, b"default-src 'nonce-d'")], "d", id="default-src stands in"),
        pytest.param([(CSP, b"default-src 'nonce-d'; script-src 'self'")], None, id="script-src overrules default-src"),
        pytest.param([(CSP, b"script-src 'nonce-a'; script-src-elem 'nonce-b'")], "b", id="script-src-elem overrules"),
        pytest.param([(CSP, b"script-src 'nonce-a'; script-src 'nonce-b'")], "a", id="the first of one name counts"),
        pytest.param([(CSP, b"style-src 'nonce-s'")], None, id="a style's nonce does not count"),
        pytest.param([(REPORT, b"script-src 'nonce-r'"), (CSP, b"script-src 'nonce-e'")], "e", id="enforced first"),
        pytest.param([(REPORT, b"script-src 'nonce-r'")], "r", id="report-only second"),
        pytest.param([(CSP, b"img-src *, script-src 'nonce-2'")], "2", id="several policies in one field"),
        pytest.param([(CSP, b"script-src 'nonce-'")], None, id="an empty nonce does not count"),
        pytest.param([], None, id="no policy"),
    ],
)
def test_nonce_of_a_policy(headers: list[tuple[bytes, bytes]], nonce: str | None) -> None:
    assert ContentSecurityPolicy.from_headers(headers).nonce == nonce


@pytest.mark.parametrize(
    ("headers", "sources"),
    [
        pytest.param([], (), id="no policy"),
        pytest.param([(CSP, b"img-src *;;")], (), id="nothing about scripts"),
        pytest.param([(CSP, b"script-src")], ("",), id="no source"),
        pytest.param([(CSP, b"default-src a, script-src\tb ")], ("a", "b"), id="two policies in a line"),
        pytest.param([(CSP, b"script-src a"), (CSP, b"script-src b")], ("a", "b"), id="two lines"),
        pytest.param([(CSP, b"script-src a; script-src-elem b")], ("b",), id="the most particular directive"),
        pytest.param([(CSP, b"script-src \xe4")], ("\xe4",), id="any bytes"),
        pytest.param([(REPORT, b"script-src a")], (), id="reported only"),
    ],
)
def test_sources_of_enforced_policies(headers: list[tuple[bytes, bytes]], sources: tuple[str, ...]) -> None:
    assert ContentSecurityPolicy.from_headers(headers).script_sources == sources


@pytest.mark.parametrize(
    ("field", "policy", "trusts"),
    [
        (b"Content-Security-Policy", b"script-src 'nonce-abc' 'strict-dynamic'", True),
        (b"content-security-policy", b"script-src 'nonce-abc' 'Strict-Dynamic' https:", True),
        (b"Content-Security-Policy", b"default-src 'strict-dynamic' 'nonce-abc'", True),
        (b"Content-Security-Policy", b"script-src-elem 'strict-dynamic' 'nonce-abc'; script-src 'self'", True),
        (b"Content-Security-Policy", b"img-src *, script-src 'strict-dynamic' 'nonce-abc'", True),
        (b"Content-Security-Policy", b"script-src-elem 'self'; script-src 'strict-dynamic' 'nonce-abc'", False),
        (b"Content-Security-Policy", b"script-src 'nonce-abc' https://js.hs-scripts.com", False),
        (b"Content-Security-Policy", b"img-src *", False),
        (b"Content-Security-Policy-Report-Only", b"script-src 'nonce-abc' 'strict-dynamic'", False),
    ],
)
def test_strict_dynamic_is_found(field: bytes, policy: bytes, trusts: bool) -> None:
    csp = ContentSecurityPolicy.from_headers([(b"x", b"'strict-dynamic'"), (field, policy)])

    assert csp.has_strict_dynamic is trusts


@pytest.mark.parametrize(
    ("policy", "requires"),
    [
        (b"script-src 'nonce-abc' 'strict-dynamic'", True),
        (b"script-src 'sha256-abc' 'strict-dynamic'", False),
        (b"script-src 'nonce-abc' https:", False),
    ],
)
def test_strict_dynamic_with_a_nonce_requires_it(policy: bytes, requires: bool) -> None:
    assert ContentSecurityPolicy.from_headers([(CSP, policy)]).requires_nonce is requires


@pytest.mark.parametrize(
    ("policies", "blocks"),
    [
        ([], False),
        ([b"img-src *"], False),
        ([b"script-src 'self'"], False),
        ([b"script-src https:"], False),
        ([b"script-src www.shop.example"], False),
        ([b"script-src 'none'"], True),
        ([b"script-src 'nonce-abc'"], True),
        ([b"script-src 'self' 'Strict-Dynamic'"], True),
        ([b"script-src 'self'", b"script-src 'nonce-abc'"], True),
    ],
)
def test_policy_without_own_origin_blocks_its_scripts(policies: list[bytes], blocks: bool) -> None:
    csp = ContentSecurityPolicy.from_headers([(CSP, policy) for policy in policies])

    assert csp.blocks_same_origin_scripts is blocks


@pytest.mark.parametrize(
    ("headers", "blocks"),
    [
        pytest.param([], False, id="no policy"),
        pytest.param([(CSP, b"script-src 'self'")], False, id="nothing about styles"),
        pytest.param([(CSP, b"style-src 'self' 'Unsafe-Inline'")], False, id="inline styles allowed"),
        pytest.param([(CSP, b"style-src 'self'")], True, id="no inline styles"),
        pytest.param([(CSP, b"style-src 'unsafe-inline' 'nonce-abc'")], True, id="a nonce ends unsafe-inline"),
        pytest.param([(CSP, b"style-src 'unsafe-inline' 'sha256-YWJj'")], True, id="a hash ends unsafe-inline"),
        pytest.param([(CSP, b"default-src 'self'")], True, id="default-src stands in"),
        pytest.param([(CSP, b"default-src 'self'; style-src 'unsafe-inline'")], False, id="style-src overrules"),
        pytest.param(
            [(CSP, b"style-src 'self'; style-src-elem 'unsafe-inline'")], False, id="style-src-elem overrules"
        ),
        pytest.param([(CSP, b"style-src 'unsafe-inline', style-src 'self'")], True, id="each policy counts"),
        pytest.param([(REPORT, b"style-src 'self'")], False, id="report-only does not count"),
    ],
)
def test_inline_styles_need_unsafe_inline(headers: list[tuple[bytes, bytes]], blocks: bool) -> None:
    assert ContentSecurityPolicy.from_headers(headers).blocks_inline_styles is blocks
