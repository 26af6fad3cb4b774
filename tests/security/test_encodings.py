"""No encoding hides a tag: it is blocked if it is a tag in any encoding that a browser may use for the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware import Policy
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.html.double_reading import Change, DoubleReading, read_as_jis
from tests.engines import engine_for
from tests.exchanges import respond

from .encodings import HIDDEN, META, PAGES, PLAIN, SCRIPT

POLICY = Policy(guard="auto")
SMALL = Policy(guard="auto", limits={"tag_bytes": 1024})
LENIENT = Policy(guard="auto", limits={"tag_bytes": 1024}, on_long_tag="pass")
ESCAPED = b"<p>\x1b$B$3\x1b(B</p>"
CHUNKS = [None, 1, 7, 64]


def rewritten(body: bytes, kind: bytes = b"text/html", chunk: int | None = None, policy: Policy = POLICY) -> bytes:
    exchange = Exchange(engine_for(policy), RequestHead("GET", "/", "", [(b"host", b"own.example")]))
    headers = [(b"content-type", kind)]
    if chunk is None:
        return respond(exchange, 200, headers, body)[1]
    exchange.start(200, headers)
    out = [exchange.feed(body[at : at + chunk]) for at in range(0, len(body), chunk)]
    return b"".join([*out, exchange.close()])


@pytest.mark.parametrize("name", PAGES)
def test_hidden_tag_is_blocked(name: str) -> None:
    body, kind, _ = PAGES[name]

    out = rewritten(body, kind)

    assert b"data-consent-src=" in out.replace(b"\x1b(B", b"")
    assert b' src="https://js.' not in out.replace(b"\x1b(B", b"").partition(b'<script src="/_consent')[0]
    assert out.count(b"/_consent/") == 1


@pytest.mark.parametrize("name", PAGES)
def test_hidden_tag_is_blocked_in_chunks(name: str) -> None:
    body, kind, _ = PAGES[name]
    body = body.replace(b" " * 1900, b"")

    for chunk in (1, 7, 64):
        assert rewritten(body, kind, chunk) == rewritten(body, kind)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("chunk", CHUNKS)
def test_other_escapes_stay(name: str, chunk: int | None) -> None:
    body, kind = PLAIN[name]

    out = rewritten(body, kind, chunk)

    assert out == body
    if chunk is None:
        assert out is body


@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize(
    "tag",
    [
        b"<img src=https://track.hubspot.com/a.gif>",
        b"<image src=https://track.hubspot.com/a.gif>",
        b"<iframe srcdoc='<script src=//js.hs-scripts.com/1.js></script>'></iframe>",
        b"<svg><script href=//js.hs-scripts.com/1.js></script></svg>",
        b"<base href=//js.hs-scripts.com/><script src=1.js></script>",
        b"<script>var s=document.createElement('script');s.src='//js.hs-scripts.com/1.js'</script>",
        b"<link rel=preconnect href=//js.hs-scripts.com>",
    ],
)
def test_uncertain_tag_is_blocked(tag: bytes, chunk: int | None) -> None:
    out = rewritten(ESCAPED + b"<!-- " + tag, chunk=chunk)

    assert b"data-consent" in out


@pytest.mark.parametrize("chunk", CHUNKS)
def test_uncertain_tag_names_no_account(chunk: int | None) -> None:
    out = rewritten(ESCAPED + SCRIPT, chunk=chunk)

    assert b"data-consent-src" in out
    assert b"data-hsjs-portal" not in out
    assert b'"marks":[]' in out


def test_names_alone_block_nothing() -> None:
    body = ESCAPED + b"<base><script>1</script><script src=/a.js></script><img><iframe></iframe>< script>"

    assert rewritten(body) == body


def test_script_follows_return_to_ascii() -> None:
    out = rewritten(b"\x1b$B" + SCRIPT)

    assert b"\x1b(B<" in out.partition(b"</script>")[2]


def test_escape_at_the_start_of_xml_is_certain() -> None:
    body = b"<html xmlns='http://www.w3.org/1999/xhtml'><!-- \x1b$B--><!-- " + SCRIPT + b" --></html>"

    assert rewritten(body, b"application/xhtml+xml") == body


def test_long_document_is_read_in_parts() -> None:
    body = ESCAPED + (b"<p>" + b"x" * 60 + b"</p>") * 80 + b"<!--" + SCRIPT + b"<script>" + b"y" * 200

    out = rewritten(body, chunk=64, policy=SMALL)

    assert out.startswith(body[:-400])
    assert b"data-consent-src" in out


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_escapes_are_not_split(size: int) -> None:
    body = ESCAPED + b"<p title='\x1b(B'>\x1b$B</p>" * 80 + SCRIPT

    out = rewritten(body, chunk=size, policy=SMALL)

    assert out.startswith(body[:-400])
    assert b"data-consent-src" in out


def test_first_overlapping_change_is_made() -> None:
    in_bytes, in_jis = [Change(1, 3, b"X")], [Change(2, 4, b"Y"), Change(4, 4, b"Z")]
    doubt = DoubleReading(lambda source, places, known: in_bytes if places is None else in_jis, len, lambda: True, 64)

    assert doubt.feed(b"abcdef", last=True) == b"aXdZef"


def test_long_uncertain_tag_is_withheld() -> None:
    tag = b"<script data-a='" + b"x" * 2000 + b"' src=https://js.hs-scripts.com/1.js></script>"
    text = b"x" * 2000

    assert b"&lt;script data-a" in rewritten(ESCAPED + tag, chunk=64, policy=SMALL)
    assert rewritten(ESCAPED + tag, chunk=64, policy=LENIENT).startswith(ESCAPED + tag[:100])
    assert rewritten(ESCAPED + text, chunk=64, policy=SMALL) == ESCAPED + text


def test_long_tag_before_an_escape_stays_withheld() -> None:
    tag = b"<script data-a='" + b"x" * 2000 + b"\x1b$B' src=https://js.hs-scripts.com/1.js></script>"

    assert b"js.hs-scripts.com" not in rewritten(tag + b" " * 1024, chunk=64, policy=SMALL)


LONG = b"<img alt='" + b"x" * 2000
#: The rest of a tag that is too long, with and without escape sequences; its end is a tag's end in both readings.
ENDS = {
    "plain": b"' src=//track.hubspot.com/a.gif>",
    "an escape": b"\x1b(B' src=//track.hubspot.com/a.gif>",
    "an escape as the last attribute": b"' src=//track.hubspot.com/a.gif \x1b(B>",
    "text in kanji": b"\x1b$B@$3&\x1b(B' src=//track.hubspot.com/a.gif>",
    "brackets in quotes": b">\x1b(B>\x1b(J' src=//track.hubspot.com/a.gif>",
    "another one": b"'>" + LONG + b"\x1b(B' src=//track.hubspot.com/a.gif>",
}
IN_A_HOST = b"<script src=//js.hs-scr\x1b(Bipts.com/1.js></script>"


@pytest.mark.parametrize("declaration", [b"", META])
@pytest.mark.parametrize("between", [b"", b"<p>" + b"x" * 300, b"<p title='a"])
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_escape_behind_a_long_tag_is_ambiguous(end: bytes, between: bytes, declaration: bytes) -> None:
    body = declaration + b"<!--" + b" " * 1024 + b"-->" + LONG + end + between + IN_A_HOST

    outs = {rewritten(body, chunk=size, policy=SMALL) for size in (1, 2, 7, 64, 999)}

    assert len(outs) == 1
    (out,) = outs
    assert b"data-consent-src=//js.hs-scr" in out
    assert b"track.hubspot.com" not in out


def test_escape_within_a_long_chunk_is_withheld() -> None:
    body = LONG + b"'\x1b(B src=//track.hubspot.com/a.gif>"

    assert b"track.hubspot.com" not in rewritten(body + b"<p>", chunk=3000, policy=SMALL)


def test_passed_long_tag_hides_no_escape_behind_it() -> None:
    body = LONG + ENDS["plain"] + IN_A_HOST

    assert b"data-consent-src=//js.hs-scr" in rewritten(body, chunk=64, policy=LENIENT)


#: Tags are looked for at every "<" behind this.
SWEPT = b"<!--" + b" " * 1024 + b"--><p>x<select>"


@pytest.mark.parametrize("size", [None, 1, 64, 97, 4000])
def test_escape_in_a_swept_tag_loses_nothing(size: int | None) -> None:
    body = SWEPT + b"<style><noscript><noscript>" + IN_A_HOST + b"</noscript>-->"
    blocked = (
        b"<script type=text/x-consent data-consent=tracking data-consent-src=//js.hs-scr\x1b(Bipts.com/1.js></script>"
    )

    assert rewritten(body, chunk=size).startswith(body.replace(IN_A_HOST, blocked))


@pytest.mark.parametrize("size", [None, 1, 64, 4000])
@pytest.mark.parametrize("policy", [SMALL, LENIENT])
def test_escape_behind_a_swept_edit_loses_nothing(size: int | None, policy: Policy) -> None:
    body = SWEPT + b'<style><img alt="<link a=\'" src=//track.hubspot.com/a.gif>zz\x1b(B zz'

    out = rewritten(body, chunk=size, policy=policy)

    opening = b"&lt;link" if policy is SMALL else b"<link"
    assert b'alt="' + opening + b" a='\" data-consent-src=//track.hubspot.com/a.gif>zz\x1b(B zz" in out


@pytest.mark.parametrize("size", [None, 1, 64, 4000])
@pytest.mark.parametrize("policy", [SMALL, LENIENT])
def test_escape_in_an_xml_declaration_loses_nothing(size: int | None, policy: Policy) -> None:
    head = b"<?xml version='1.0' encoding='iso-2022-jp'?><!--" + b" " * 1024 + b"-->"
    body = head + b"<!DOCTYPE html [ <!ENTITY x '\x1b(By'> ]><html><p>x</p></html>"

    out = rewritten(body, b"application/xhtml+xml", size, policy)

    assert out == (body.replace(b"<!DOCTYPE", b"<!") if policy is SMALL else body)


#: An XML document in ISO-2022-JP, with an escape sequence that changes nothing where the declaration has not been read.
UNREAD_DECLARATIONS = {
    "in the word": b"<!DOC\x1b(BTYPE",
    "between all letters": b"\x1b(B".join([b"<", b"!", *(b"%c" % byte for byte in b"DOCTYPE")]),
    "before the word": b"\x1b(B<!DOCTYPE",
    "behind the word": b"<!DOCTYPE\x1b(J",
    "in a comment": b"<!-- \x1b(B --><!DOCTYPE",
    "in a long comment": b"<!--" + b" " * 3000 + b"\x1b$B$3\x1b(B \x1b(B " + b" " * 3000 + b"--><!DOCTYPE",
    "in an instruction": b"<?x \x1b(B ?><!DOCTYPE",
}


def _without_escapes(body: bytes) -> bytes:
    return body.replace(b"\x1b(B", b"").replace(b"\x1b(J", b"")


@pytest.mark.parametrize("name", UNREAD_DECLARATIONS)
@pytest.mark.parametrize("size", [None, 1, 64, 4000])
@pytest.mark.parametrize("declares", [True, False], ids=["in the document", "in the header"])
def test_unread_xml_declaration_is_refused(name: str, size: int | None, declares: bool) -> None:
    opening = UNREAD_DECLARATIONS[name]
    head = b"<?xml version='1.0' encoding='iso-2022-jp'?>" if declares else b""
    kind = b"application/xhtml+xml" + (b"" if declares else b"; charset=iso-2022-jp")
    behind = b" html [ <!ENTITY x '&#60;script src=\"//js.hs-scripts.com/1.js\"/>'> ]><html><p>&x;</p></html>"
    body = head + opening + behind

    out = rewritten(body, kind, size, SMALL)

    assert _without_escapes(out) == _without_escapes(body).replace(b"<!DOCTYPE", b"<!")
    assert rewritten(out, kind, size, SMALL) == out
    assert rewritten(body, kind, size, LENIENT) == body


def test_escape_behind_an_xml_declaration_keeps_it() -> None:
    body = b"<?xml version='1.0' encoding='iso-2022-jp'?><!DOCTYPE html><html><p>\x1b(B<!-- <!DOCTYPE --></p></html>"

    assert rewritten(body, b"application/xhtml+xml") == body


def test_view_maps_each_byte() -> None:
    source = b"a\x1b$B#A0!!%\x1b(Ix\x1b(Jb\x1b[c"

    seen, places, state = read_as_jis(source)

    assert seen == b"aA\xa4.\xa4b\x1b[c"
    assert [source[place : place + 1] for place in places[:-1]] == [
        b"a",
        b"#",
        b"0",
        b"!",
        b"x",
        b"b",
        b"\x1b",
        b"[",
        b"c",
    ]
    assert state == b"(J"
    assert places[-1] == len(source)


@given(
    st.lists(st.sampled_from([b"\x1b", b"(B", b"$B", b"(I", b"<", HIDDEN, META, SCRIPT, b"'", b"\xe9", b">"])),
    st.integers(1, 9),
)
def test_no_escape_loses_a_byte(parts: list[bytes], chunk: int) -> None:
    body = b"".join(parts)

    whole = rewritten(body)

    assert rewritten(body, chunk=chunk) == whole
    if b"data-consent" not in whole:
        assert whole == body
    assert rewritten(whole) == whole


@given(
    st.lists(
        st.sampled_from(
            [b"\x1b", b"(B", b"\x1b(B", b"\x1b$B", b"'", b'"', b">", b" a=", b"<p ", META, SCRIPT, IN_A_HOST]
        ),
        max_size=12,
    ),
    st.sampled_from([b"", META]),
    st.integers(1, 99),
)
def test_chunks_behind_a_long_tag_do_not_matter(parts: list[bytes], declaration: bytes, chunk: int) -> None:
    # Nothing else is longer than the buffer, or the place where the buffer ends would matter.
    body = b"".join([declaration, b"<!--", b" " * 1024, b"-->", LONG, *parts[:12]])

    assert rewritten(body, chunk=chunk, policy=SMALL) == rewritten(body, chunk=64, policy=SMALL)
