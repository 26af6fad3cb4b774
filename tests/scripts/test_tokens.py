"""Where strings, templates, comments and regular expressions begin and end."""

from __future__ import annotations

import pytest

from consent_middleware.scripts.tokens import TokenKind, lex


def strings(text: str) -> list[str]:
    script = lex(text)
    assert not script.uncertain
    return [token.value for token in script.tokens if token.kind in {TokenKind.STRING, TokenKind.TEMPLATE}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"'\x41\u0042\u{43}\104\n\q\'\"'", ["ABCD\nq'\""]),
        (r"'\u{110000}\0'", ["\ufffd\0"]),
        ("'a\\\nb\\\r\nc'", ["abc"]),
        ("'a'+'b'+1+`c`", ["ab1c"]),
        ("'a'+1.5+'b'", ["a", "b"]),
        ("1+'a'", ["a"]),
        ("`a${`b${'c'}`}d`", ["a", "b", "c", "", "d"]),
        ("`a${{b:'c'}}d`", ["a", "c", "d"]),
        ("a=/'/.b('c')", ["c"]),
        ("a=/[/']/g;'c'", ["c"]),
        ("a/'b'/c", ["b"]),
        ("if(a)/'/.b('c')", ["c"]),
        ("f(a)/'b'/c", ["b"]),
        ("a[0]/'b'/c", ["b"]),
        ("({})/'b'/c", ["b"]),
        ("x={}/'b'/c", ["b"]),
        ("{}/'/.b('c')", ["c"]),
        ("a++/'b'/c", ["b"]),
        ("++/'/.b('c')", ["c"]),
        ("return/'/.b('c')", ["c"]),
        ("this/'b'/c", ["b"]),
        ("a.return/'b'/c", ["b"]),
        ("x=y?{a:'b'}/'c'/d:e", ["b", "c"]),
        ("x={y:{}/'c'/d}", ["c"]),
        ("case 1:{}/'/.b('c')", ["c"]),
        ("=>{}/'/.b('c')", ["c"]),
        ("'a'//'b'\u2028+'c'", ["ac"]),
        ("<!-- 'a'\n'b'", ["b"]),
        ("/*\n*/--> 'a'\n'b'", ["b"]),
        ("a--> 'b'", ["b"]),
        ("a-->\n'b'", ["b"]),
        ("1.5e+3/'a'/0xf", ["a"]),
        ("a?.5:'b'", ["b"]),
    ],
)
def test_strings_are_found(text: str, expected: list[str]) -> None:
    assert strings(text) == expected


def test_brackets_have_their_partners() -> None:
    tokens = lex("f({a:[1]})").tokens

    assert [token.partner for token in tokens] == [-1, 9, 8, -1, -1, 7, -1, 5, 2, 1]
    assert [token.is_object for token in tokens if token.value in {"{", "}"}] == [True, True]


def test_names_and_keywords_differ() -> None:
    tokens = lex("var $a=b.var;\\u0063").tokens

    assert [(token.kind, token.value) for token in tokens if token.kind in {TokenKind.NAME, TokenKind.KEYWORD}] == [
        (TokenKind.KEYWORD, "var"),
        (TokenKind.NAME, "$a"),
        (TokenKind.NAME, "b"),
        (TokenKind.NAME, "var"),
        (TokenKind.NAME, "c"),
    ]
