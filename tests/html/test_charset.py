"""Encodings: how they are detected, and that documents in all of them are read and restored."""

from __future__ import annotations

import pytest
import webencodings.labels
from hypothesis import given
from hypothesis import strategies as st

from consent_middleware.html.charset import LABELS, ascii_view, decode_text, sniff_encoding
from consent_middleware.html.rewriter import HTMLRewriter

from .oracle import Holding, rewritten


@pytest.mark.parametrize(
    ("head", "declared", "expected"),
    [
        pytest.param(b"\xef\xbb\xbf<meta charset=gbk>", "shift_jis", "utf-8", id="a byte order mark beats all"),
        pytest.param(b"\xfe\xff\0<", "utf-8", "utf-16-be", id="UTF-16BE by its mark"),
        pytest.param(b"\xff\xfe<\0", None, "utf-16-le", id="UTF-16LE by its mark"),
        pytest.param(b"<meta charset=gbk>", " Shift_JIS ", "cp932", id="the Content-Type beats the document"),
        pytest.param(b"<meta charset=gbk>", "klingon", "gb18030", id="an unknown label counts for nothing"),
        pytest.param(b"<META\nCHARSET = 'EUC-KR' >", None, "cp949", id="a meta element"),
        pytest.param(
            b"<meta http-equiv=Content-Type content='text/html; charset=\"big5\"'>", None, "big5hkscs", id="a pragma"
        ),
        pytest.param(b"<meta content='charset=big5'>", None, "cp1252", id="content without the pragma"),
        pytest.param(b"<meta http-equiv=content-type content=x>", None, "cp1252", id="a pragma without a charset"),
        pytest.param(b"<!-- <meta charset=gbk> --><p>", None, "cp1252", id="a meta in a comment"),
        pytest.param(b"<a title='<meta charset=gbk>'>", None, "cp1252", id="a meta in an attribute"),
        pytest.param(b"<?x <meta charset=gbk>", None, "cp1252", id="a meta in a processing instruction"),
        pytest.param(b"<meta charset=utf-16>", None, "utf-8", id="a meta cannot declare UTF-16"),
        pytest.param(b"<meta charset=x-user-defined>", None, "cp1252", id="x-user-defined in a meta"),
        pytest.param(b"<meta charset=gbk", None, "cp1252", id="a meta that is cut off"),
        pytest.param(b" " * 1024 + b"<meta charset=gbk>", None, "cp1252", id="a meta too late"),
        pytest.param(b"<\0?\0x\0m\0l\0", None, "utf-16-le", id="an XML declaration in UTF-16LE"),
        pytest.param(b"\0<\0?\0x\0m\0l", None, "utf-16-be", id="an XML declaration in UTF-16BE"),
        pytest.param(b"", None, "cp1252", id="nothing"),
        pytest.param(b"x", "utf-7", "cp1252", id="an encoding unknown to browsers"),
    ],
)
def test_sniff_returns_the_encoding_of_browsers(head: bytes, declared: str | None, expected: str) -> None:
    assert sniff_encoding(head, declared, complete=True) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"<?xml version='1.0' encoding='Shift_JIS'?>", "cp932"),
        (b'<?xml version="1.0" encoding="utf-16"?>', "utf-8"),
        (b"<html>", "utf-8"),
    ],
)
def test_sniff_reads_the_xml_declaration(head: bytes, expected: str) -> None:
    assert sniff_encoding(head, None, complete=True, xml=True) == expected


def test_sniff_waits_only_while_undecided() -> None:
    assert sniff_encoding(b"\xef", "utf-8", complete=False) is None
    assert sniff_encoding(b"<p>", None, complete=False) is None
    assert sniff_encoding(b"<p>", "utf-8", complete=False) == "utf-8"
    assert sniff_encoding(b"<p>" + b" " * 1021, None, complete=False) == "cp1252"
    assert sniff_encoding(b"<meta charset=utf-8", None, complete=False) is None
    assert sniff_encoding(b"<meta charset=utf-8>", None, complete=False) == "utf-8"


def test_labels_are_those_of_the_standard() -> None:
    missing = set(webencodings.labels.LABELS) - set(LABELS)
    more = set(LABELS) - set(webencodings.labels.LABELS)

    assert missing == set()
    # webencodings follows an older edition of the standard.
    assert more <= {
        "csiso2022kr",
        "hz-gb-2312",
        "iso-2022-cn",
        "iso-2022-cn-ext",
        "iso-2022-kr",
        "replacement",
        "koi8-ru",
        "unicode11utf8",
        "unicode20utf8",
        "x-unicode20utf8",
        "unicodefffe",
        "csunicode",
        "iso-10646-ucs-2",
        "ucs-2",
        "unicode",
        "unicodefeff",
        "ms932",
        "dos-874",
    }


def test_labels_name_encodings_of_python() -> None:
    assert all("x".encode(encoding) for encoding in set(LABELS.values()) - {"replacement"})


@given(st.binary(max_size=200), st.integers(1, 7), st.sampled_from(("utf-16-le", "utf-16-be", "iso-2022-jp")))
def test_view_restores_any_bytes(document: bytes, size: int, encoding: str) -> None:
    """Any bytes, valid or not, in chunks of any size."""
    view = ascii_view(encoding)
    assert view
    out = b"".join(view.write(view.read(document[at : at + size])) for at in range(0, len(document), size))
    assert out + view.write(view.read(b"", last=True), last=True) == document


@pytest.mark.parametrize("rest", [b"", b"A", b"\x00\xd8", b"\x00\xd8A", b"\x00\xdc", b"\x00\xdcA"])
def test_incomplete_end_of_utf_16_is_kept(rest: bytes) -> None:
    document = "<p>x</p>".encode("utf-16-le") + rest

    assert rewritten(document, charset="utf-16") == document
    assert rewritten(document, 1, charset="utf-16") == document


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "iso-2022-jp", "shift_jis", "gbk", "big5", "euc-jp"])
@pytest.mark.parametrize("size", [0, 1, 3])
def test_tag_is_blocked_in_every_encoding(encoding: str, size: int) -> None:
    page = "<p title='漢字'>一二三＜表＞</p><script async src='//held.example/x'></script><p>ソ能</p>"
    page = page if encoding not in {"gbk", "big5"} else page.replace("ソ", "")
    document = page.encode(encoding)
    label = encoding.replace("-le", "le").replace("-be", "be")

    out = rewritten(document, size, charset=label)

    assert out == page.replace(" src=", " data-held=").encode(encoding) + "<!--tail-->".encode(encoding)


def test_bytes_of_kanji_are_not_markup() -> None:
    document = b"<p>\x1b$B<img src=//held.example>\x1b(B</p>"

    assert rewritten(document, charset="iso-2022-jp") == document
    assert rewritten(document, 1, charset="iso-2022-jp") == document
    assert rewritten(document, charset="utf-8") != document


@pytest.mark.parametrize("declared", ["hz-gb-2312", None])
def test_tag_is_blocked_in_a_refused_encoding(declared: str | None) -> None:
    document = b"<meta charset=hz-gb-2312><img src=//held.example>"
    whole = HTMLRewriter(Holding(), charset=declared).rewrite(document)
    rewriter = HTMLRewriter(Holding(), charset=declared)
    bytewise = b"".join(rewriter.feed(document[at : at + 1]) for at in range(len(document))) + rewriter.close()

    assert whole == bytewise == b"<meta charset=hz-gb-2312><img data-held=//held.example><!--tail-->"


@pytest.mark.parametrize(
    ("document", "at_once"),
    [
        (b"<p>one", 6),
        (b"<", 0),
        (b"<\0", 0),
        (b"\xef\xbb", 0),
        (b"<p>\xe9", 3),
        (b"<p>\x1b$B<0", 3),
        (b'<?xml version="1.0"?>', 21),
    ],
)
def test_common_prefix_leaves_at_once(document: bytes, at_once: int) -> None:
    rewriter = HTMLRewriter(Holding())

    assert rewriter.feed(document) == document[:at_once]
    assert rewriter.close() == document[at_once:]


@pytest.mark.parametrize(
    ("label", "codec"), [("utf-16le", "utf-16-le"), ("UTF-16BE", "utf-16-be"), ("iso-2022-jp", "iso-2022-jp")]
)
def test_whole_document_is_read_in_its_encoding(label: str, codec: str) -> None:
    text = "<p>\u6f22\u5b57</p><img src=//held.example>"
    expected = "<p>\u6f22\u5b57</p><img data-held=//held.example><!--tail-->"

    assert HTMLRewriter(Holding(), charset=label).rewrite(text.encode(codec)) == expected.encode(codec)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\x1b(I\x31\x1b(Bb", "a\uff71b"),
        (b"\x1b(I\x60\x20", "\ufffd\ufffd"),
        (b"\x1b$B\x24\x22", "\u3042"),
        (b"\x1b$B\x24\x22\x7f\x21\x24\x24", "\u3042?\u3044"),
    ],
)
def test_decode_text_reads_iso_2022_jp(raw: bytes, text: str) -> None:
    assert decode_text(raw, "iso-2022-jp") == text
