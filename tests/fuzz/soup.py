"""Documents for the fuzzer: mutations of html5lib-tests and of real pages, and tag soup, with planted vendor tags.

A document is made from its number alone, so that it can be made again as long as the sources are the same.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from consent_middleware.html import grammar
from tests.html.fetch_html5lib_tests import FOLDER
from tests.html.fuzz import FOREIGN, HTML, RAW, Builder
from tests.html.oracle import NEEDLE

#: The folder of real pages, which may be missing.
CORPUS: Final = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "pages"

#: The text of a planted script: it does what a loader does.
LOADER: Final = (
    "(function(){var s=document.createElement('script');s.src='//js.hs-scripts.com/%d.js';"
    "document.head.appendChild(s)})()"
)
TAG_MANAGER: Final = (
    "<script>(function(w,d){var j=d.createElement('script');j.src='https://www.googletagmanager.com/gtm.js?id=GTM-X';"
    "d.head.append(j)})(window,document)</script>"
)

TOKEN: Final = re.compile(r"<!--.*?-->|<[^<>]*>|[^<]+|<", re.DOTALL)
TAG: Final = re.compile(r"</?[a-zA-Z][^<>\s/]*")
_MORE: Final = "svg math template select optgroup colgroup mo mn ms malignmark use image style x-y foo a b"
NAMES: Final = tuple(
    dict.fromkeys(
        (
            *HTML,
            *RAW,
            *FOREIGN,
            *sorted(name.decode() for name in grammar.SPECIAL | grammar.PHRASING | grammar.VOID),
            *_MORE.split(),
        )
    )
)
_OWN: Final = (
    "svg math template select option table tr td caption col colgroup tbody p li dd a b font button form frameset body"
    " html head foreignObject desc title mi mtext annotation-xml mglyph plaintext br h1 nobr input hr foo object"
)
#: Elements with special rules in tree construction.
TELLING: Final = (*RAW, *_OWN.split())
STRAYS: Final = (
    "<", "</", "<!", "<!-", "<!--", "-->", "--!>", "<![CDATA[", "]]>", "<?", ">", "'", '"', "=", "/", "&", "&lt;", "\0",
    "\x0c", "\r\n", "<!doctype html>", "<!DOCTYPE", "</ ", "</>", "<!>", "&#47;", "<a b='", '<a b="', "</scr", "</sty",
    "</noscrip", "<scr", "x", " ", "\ufeff", "é", "日本", "<!--<script>", "<script>", "</script>", "<x a=>", "</body>",
)  # fmt: skip
#: Attributes that change how an element is parsed or loaded.
ATTRIBUTES: Final = (
    "type=hidden", "type=text/html", "type=module", "encoding=text/html", "encoding=application/xhtml+xml", "color=x",
    "shadowrootmode=open", "href=x", "xlink:href=x", "src=x", "a='>'", 'a="<!--"', "a='</script>'", "a=</noscript>",
    "/", "data-src=x", "nomodule", "id=x", "definitionurl=x", "face", "size=1", "rel=preconnect", "srcdoc=''",
)  # fmt: skip
#: Encodings in which ASCII bytes may be part of other characters, or in which ASCII takes two bytes.
ENCODINGS: Final = ("iso-2022-jp", "gb18030", "gbk", "shift_jis", "euc-jp", "big5", "utf-16le", "windows-1252")
TEXTS: Final = ("日本語のテキスト", "ソーシャル", "能力表示", "テ<キ>スト", "é", "中文")
#: Ways to write any character of a host, and more ways for single letters.
_SPELLINGS: Final = (
    "&#{code};", "&#x{code:x}", "&#x0{code:X};", "%{code:02x}", "%{code:02X}", "{up}", "{wide}", "{c}\n", "\t{c}",
    "{c}&Tab;", "{c}&NewLine;", "{c}&shy;", "{c}\u200b", "{c}\u00ad", "{c}%C2%AD", "{c}\ufe0f", "{c}&#173;", "{c}\r\n",
)  # fmt: skip
_LETTERS: Final = {
    "s": ("\u017f", "&sscr;", "\U0001d4c8", "%C5%BF", "\u24e2", "&#383;"),
    ".": ("\u3002", "&period;", "\uff61", "%E3%80%82", "&#12290;"),
    "c": ("\u24d2", "\u217d", "&cscr;"),
    "b": ("%EF%BD%82", "\U0001d41b"),
    "t": ("\u1d57", "&tscr;"),
    "-": ("&hyphen;", "&#45;", "\ufe63"),
}
#: One document in this many is a whole real page.
WHOLE: Final = 500


class Document(NamedTuple):
    """A document, the encoding that its response declares, and the name of its maker."""

    number: int
    maker: str
    encoding: str
    source: bytes


@cache
def suites() -> tuple[str, ...]:
    """Return the documents of html5lib-tests, without those that are too long to mutate often."""
    found = []
    for path in sorted((FOLDER / "tree-construction").rglob("*.dat")):
        for test in re.split(r"(?:^|\n\n)(?=#data\n)", path.read_text("utf-8")):
            if test.startswith("#data\n"):
                found.append(test.removeprefix("#data\n").partition("\n#errors")[0])
    for path in sorted((FOLDER / "tokenizer").glob("*.test")):
        tests = json.loads(path.read_text("utf-8")).get("tests", [])
        found += [test["input"] for test in tests if "<" in test["input"]]
    return tuple(text for text in dict.fromkeys(found) if len(text) < 3000)


@cache
def pages(folder: Path = CORPUS) -> tuple[str, ...]:
    """Return the real pages, or none if the folder is missing."""
    return tuple(path.read_text("utf-8", "replace") for path in sorted(folder.glob("*.html")))


class Soup:
    """Make one document. Every planted address has its own number."""

    def __init__(self, number: int, pages: Sequence[str] = ()) -> None:
        self.number = number
        self.random = random.Random(number)  # noqa: S311 - documents, not secrets
        self.planted = 0
        self.pages = pages

    def document(self) -> Document:
        """Return the document."""
        pick = self.random
        if self.pages and pick.random() < 1 / WHOLE:
            return self._made("whole page", self.broken(self._whole_page()))
        makers: tuple[tuple[str, Callable[[], str]], ...] = (
            ("suite", self._suite),
            ("suite", self._suite),
            ("soup", self._soup),
            ("soup", self._soup),
            ("page", self._page if self.pages else self._suite),
            ("page", self._page if self.pages else self._suite),
            ("spelling", self._spelling),
            ("raw text", self._raw),
            ("foreign", self._foreign),
            ("built", self._built),
        )
        maker, make = pick.choice(makers)
        return self._made(maker, self.broken(make()))

    def _made(self, maker: str, text: str) -> Document:
        encoding = "utf-8"
        if self.random.random() < 0.06:
            encoding = self.random.choice(ENCODINGS)
            text = self._spliced(text, self.random.choice(TEXTS))
            text = self._spliced(text, self.random.choice(TEXTS))
        return Document(self.number, maker, encoding, text.encode(encoding, "xmlcharrefreplace"))

    # -- makers -------------------------------------------------------------------------------------------------------

    def _suite(self) -> str:
        """Return one or two documents of html5lib-tests, mutated, with planted tags."""
        text = "".join(self.random.choice(suites()) for _ in range(self.random.choice((1, 1, 2))))
        return self._planted_in(self.mutated(text, self.random.randint(0, 4)), self.random.randint(1, 3))

    def _page(self) -> str:
        """Return one or two pieces of real pages, mutated, with planted tags."""
        text = ""
        for _ in range(self.random.choice((1, 1, 2))):
            page = self.random.choice(self.pages)
            at = self.random.randrange(len(page) or 1)
            if self.random.random() < 0.7:
                at = max(page.rfind("<", 0, at), 0)
            text += page[at : at + self.random.randint(50, 900)]
        return self._planted_in(self.mutated(text, self.random.randint(0, 4)), self.random.randint(1, 3))

    def _whole_page(self) -> str:
        page = self.random.choice(self.pages)
        for _ in range(self.random.randint(1, 3)):
            page = self._spliced(page, self.plant())
        return self._spliced(page, self.token()) if self.random.random() < 0.3 else page

    def _soup(self) -> str:
        """Return tags in random order."""
        return self._planted_in("".join(self.token() for _ in range(self.random.randint(1, 14))), 2) + self.plant()

    def _foreign(self) -> str:
        """Return tags in random order inside SVG or MathML, with planted tags."""
        root = self.random.choice(("svg", "math", "svg><foreignObject", "svg><desc", "math><mi", "template><svg"))
        before = "".join(self.token() for _ in range(self.random.choice((0, 0, 1, 2))))
        inside = "".join(self.token() for _ in range(self.random.randint(0, 6)))
        return f"{before}<{root}>{self._planted_in(inside, 1)}{self.plant()}{self.token()}{self.plant()}"

    def _raw(self) -> str:
        """Return raw text with one of many possible ends, in one of several surroundings."""
        pick = self.random
        name = pick.choice((*RAW, "select", "template"))
        around = pick.choice(("", "", "<select>", "<svg>", "<template>", "<table>", "<noscript>", "<svg></a>", "<div>"))
        words = (
            *STRAYS,
            f"</{name}x>",
            f"</{name[:-1]}",
            f"<{name}>",
            f"</{name}",
            f"</{name} a='>'>",
            "</scroll-box>",
        )
        inside = "".join(
            pick.choice((pick.choice(words), self.plant(), self.token())) for _ in range(pick.randint(0, 5))
        )
        end = pick.choice((f"</{name}>", f"</{name.upper()}\n>", f"</{name}/>", ""))
        return f"{around}<{name}>{inside}{end}{self.plant()}"

    def _spelling(self) -> str:
        """Return tags with addresses in unusual spellings."""
        return self._planted_in(self.token() + self.plant(odd=True) + self.token(), 1) + self.plant(odd=True)

    def _built(self) -> str:
        """Return a document of the generator in `tests.html.fuzz`."""
        return Builder(self.number).document().replace(NEEDLE, "track.hubspot.com")

    # -- parts --------------------------------------------------------------------------------------------------------

    def token(self) -> str:
        """Return a tag, a stray piece, or a comment."""
        pick = self.random
        kind = pick.random()
        name = pick.choice(TELLING if pick.random() < 0.7 else NAMES)
        if kind < 0.55:
            return f"<{name}{self._attributes()}>"
        if kind < 0.85:
            return f"</{name}>"
        if kind < 0.95:
            return pick.choice(STRAYS)
        return f"<!--{pick.choice(STRAYS)}{self.plant()}-->"

    def _attributes(self) -> str:
        if self.random.random() < 0.75:
            return ""
        return " " + " ".join(self.random.choice(ATTRIBUTES) for _ in range(self.random.choice((1, 1, 2))))

    def plant(self, *, odd: bool = False) -> str:
        """Return an element that makes a request to the vendor."""
        self.planted += 1
        pick, number = self.random, self.planted
        extra = self._attributes() if pick.random() < 0.2 else ""
        host = pick.choice(("js.hs-scripts.com", "js-eu1.hs-scripts.com", "track.hubspot.com"))
        address = f"{pick.choice(('//', 'https://', '//'))}{host}/{number}.js"
        if odd or pick.random() < 0.04:
            address = self._odd(address)
        quote = "" if re.search(r"[\s\"'<>=`]|^$", address) is None and pick.random() < 0.3 else '"'
        value = quote + address.replace('"', "&quot;") + quote
        return pick.choice(
            (
                f"<script{extra} src={value}></script>",
                f"<script{extra} src={value}></script>",
                f"<script src={value}{extra}></script>",
                f"<script>{LOADER % number}</script>",
                f"<script{extra}>{LOADER % number}</script>",
                f"<img{extra} src={value}>",
                f"<img{extra} src={value}>",
                f'<img srcset="{address.replace(chr(34), "&quot;")} 2x">',
                f"<iframe{extra} src={value}></iframe>",
                f"<link rel=preconnect{extra} href={value}>",
                f"<script{extra} href={value}></script>",
                f"<script{extra} xlink:href={value}></script>",
                f"<svg><script href={value}></script></svg>",
                f"<iframe srcdoc='&lt;img src={address.replace(chr(39), '&#39;')}&gt;'></iframe>",
                TAG_MANAGER,
                f"<image src={value}>",
                # A base counts for the whole page, so a script follows it.
                f"<base{extra} href={value}><script src=/{number}.js></script>",
            )
        )

    def _odd(self, address: str) -> str:
        """Return another spelling of an address, most of which mean the same."""
        pick = self.random
        scheme, _, rest = address.partition("//")
        host, _, path = rest.partition("/")
        for _ in range(pick.choice((1, 1, 2))):
            at = pick.randrange(len(host))
            c = host[at]
            spelled = pick.choice((*_SPELLINGS, *_LETTERS.get(c, ())))
            spelled = spelled.format(c=c, up=c.upper(), wide=chr(ord(c) + 0xFEE0), code=ord(c))
            host = host[:at] + spelled + host[at + 1 :]
        slashes = pick.choice(("//", "//", "//", "\\\\", "/\\", "///", "/\t/", "&sol;/", "/&#47;", "/", ""))
        scheme = pick.choice((scheme, scheme, "https:", "HTTP:", "ht\ntps:", "http&colon;", " https:"))
        user = pick.choice(("", "", "", "a@", "a:b@", "www.shop.example@", "%40@"))
        port = pick.choice(("", "", "", ":443", ":", ":80", ":8080", ":0443"))
        return scheme + slashes + user + host + pick.choice(("", "", ".", "..")) + port + "/" + path

    # -- mutations ----------------------------------------------------------------------------------------------------

    def mutated(self, text: str, times: int) -> str:
        """Return the text with changes of whole tags and texts."""
        tokens = TOKEN.findall(text)
        for _ in range(times):
            at = self.random.randrange(len(tokens) or 1)
            how = self.random.randrange(9)
            if not tokens or how == 0:
                tokens.insert(at, self.token())
            elif how == 1:
                del tokens[at]
            elif how == 2:
                tokens.insert(self.random.randrange(len(tokens)), tokens[at])
            elif how == 3:
                other = self.random.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            elif how == 4:
                name = self.random.choice(NAMES)
                tokens[at] = TAG.sub(("</" if tokens[at][:2] == "</" else "<") + name, tokens[at], count=1)
            elif how == 5:
                tokens[at] = re.sub(
                    r"(?<=[a-zA-Z\"'])(?=/?>)", " " + self.random.choice(ATTRIBUTES), tokens[at], count=1
                )
            elif how == 6:
                name = self.random.choice(TELLING)
                tokens.insert(at, f"<{name}>")
                if self.random.random() < 0.6:
                    tokens.insert(self.random.randrange(at + 1, len(tokens) + 1), f"</{name}>")
            elif how == 7:
                tokens.insert(at, self.random.choice(STRAYS))
            else:
                tokens[at] = tokens[at].swapcase()
        return "".join(tokens)

    def broken(self, text: str) -> str:
        """Return the text, now and then with a character replaced or the end cut off."""
        pick = self.random
        if pick.random() < 0.15:
            at = pick.randrange(len(text) + 1)
            text = text[:at] + pick.choice(("", "<", ">", '"', "'", "-", "/", "\0", "]", "!")) + text[at + 1 :]
        if pick.random() < 0.06:
            text = text[: pick.randrange(len(text) + 1)]
        # The checks use these characters as marks.
        return text.translate(dict.fromkeys(range(1, 6)))

    def _planted_in(self, text: str, count: int) -> str:
        tokens = TOKEN.findall(text)
        for _ in range(count):
            tokens.insert(self.random.randrange(len(tokens) + 1), self.plant())
        return "".join(tokens)

    def _spliced(self, text: str, piece: str) -> str:
        """Return the text with a piece inserted before a tag or anywhere."""
        at = self.random.randrange(len(text) + 1)
        if self.random.random() < 0.8:
            at = max(text.rfind("<", 0, at + 1), 0)
        return text[:at] + piece + text[at:]
