"""Differential fuzzing: documents built from whole constructs, read by html5lib and by the engine.

`python -m tests.html.fuzz --minutes N` prints the documents on which the two disagree, and how many it tried.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable

from consent_middleware.html.tokenizer import Tokenizer
from consent_middleware.html.tree import Tree

from .oracle import NEEDLE, browser_finds, engine_finds, is_uncertain, rewritten

SPACES = (" ", "\n", "\t", " \r\n", "/", "\f", " / ")
NAMES = ("a", "id", "=", "data-x", "title", "A", "x=y=", '"', "'", "<b", "<!--", "src2")
WORDS = ("", "x", "<!--", "-->", "</script>", "<script>", "</title>", "'", '"', ">", "&amp;", "a b", "--", "<![CDATA[")
HTML = ("p", "div", "b", "a", "table", "td", "tr", "li", "ul", "button", "body", "form", "h1", "option", "span", "font")
RAW = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "noscript")
FOREIGN = ("svg", "math", "g", "path", "foreignObject", "desc", "mi", "mtext", "annotation-xml", "mglyph")


class Builder:
    """Build one document from whole constructs; every planted address has its own number."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - documents, not secrets
        self.number = 0

    def document(self) -> str:
        """Return the document."""
        pick = self.random
        start = pick.choice(("", "<!doctype html>", "<!doctype html><head>", "<!doctype html><body>", "<html>", "x"))
        return start + "".join(self.construct(0) for _ in range(pick.randint(1, 7))) + self.planted()

    def construct(self, depth: int) -> str:
        """Return one construct."""
        kinds: tuple[Callable[[int], str], ...] = (
            lambda _: self.text(),
            lambda _: self.comment(),
            lambda _: self.planted(),
            lambda _: self.planted(),
            self.element,
            self.element,
            self.raw,
            self.raw,
            self.foreign,
            lambda _: self.end_tag(),
            lambda _: f"<{self.random.choice((*HTML, *FOREIGN, 'br', 'input', 'frameset'))}{self.attributes()}>",
        )
        return self.random.choice(kinds)(depth)

    def text(self) -> str:
        """Return text with letters, white space or a stray "<"."""
        return self.random.choice(("x", " ", "\n", "< ", "&lt;", "a<1", "\0", "&nbsp;", "]]>", "-->"))

    def comment(self) -> str:
        """Return a comment or a bogus comment, with any of their endings."""
        inside = "".join(self.random.choice((*WORDS, self.planted())) for _ in range(self.random.randint(0, 3)))
        forms = (f"<!--{inside}-->", f"<!--{inside}--!>", "<!-->", "<!--->", f"<!{inside}>", f"<?{inside}>", "</>")
        return self.random.choice((*forms, f"</ {inside}>", f"<![CDATA[{inside}]]>", f"<!-{inside}>", "<!DOCTYPE x>"))

    def attributes(self) -> str:
        """Return attributes of any quoting."""
        out = ""
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            word = self.random.choice((*WORDS, f"<img src=//{NEEDLE}/no>"))
            value = self.random.choice(
                (
                    "",
                    f'="{word.replace(chr(34), "")}"',
                    f"='{word.replace(chr(39), '')}'",
                    f" = {word.translate(dict.fromkeys(map(ord, ' >')))}x",
                    "=",
                )
            )
            out += self.random.choice(SPACES) + self.random.choice(NAMES) + value
        return out + self.random.choice(("", "", "", " ", "/", " /"))

    def planted(self) -> str:
        """Return an element that loads something."""
        self.number += 1
        name = self.random.choice(("script", "script", "img", "iframe", "link", "image"))
        attribute = "href" if name == "link" else "src"
        quote = self.random.choice(('"', "'", '"', ""))
        address = f"{attribute}={quote}//{NEEDLE}/{self.number}{quote}"
        tag = f"<{name}{self.attributes()} {address}{self.random.choice(SPACES)}>"
        return tag + (f"</{name}>" if name in {"script", "iframe"} else "")

    def element(self, depth: int) -> str:
        """Return an element with content."""
        name = self.random.choice(HTML)
        inside = "".join(self.construct(depth + 1) for _ in range(self.random.randint(0, 2))) if depth < 3 else ""
        return f"<{name}{self.attributes()}>{inside}" + self.random.choice((f"</{name}>", f"</{name}>", ""))

    def raw(self, depth: int) -> str:
        """Return a raw text element; one in eight is not closed."""
        name = self.random.choice(RAW)
        if name == "noscript":
            inside = "".join(
                self.random.choice((self.planted(), self.text())) for _ in range(self.random.randint(0, 2))
            )
            return f"<noscript>{inside}</noscript>"
        words = [self.random.choice((*WORDS, self.planted())) for _ in range(self.random.randint(0, 4))]
        end = self.random.choice((f"</{name}>", f"</{name.upper()} >", f"</{name}\t/x>", f"</{name}x>"))
        return f"<{name}{self.attributes()}>{''.join(words)}" + (end if self.random.random() < 0.88 else "")

    def foreign(self, depth: int) -> str:
        """Return foreign content."""
        root = self.random.choice(("svg", "math"))
        inside = ""
        for _ in range(self.random.randint(0, 3)):
            name = self.random.choice((*FOREIGN, *RAW, *HTML))
            inner = self.construct(depth + 1) if depth < 3 else ""
            inside += self.random.choice(
                (
                    f"<{name}>{inner}</{name}>",
                    f"<{name}{self.attributes()}/>",
                    inner,
                    f"<script {self.random.choice(('href', 'xlink:href'))}=//{NEEDLE}/s{self.number}></script>",
                    f"<![CDATA[{inner}]]>",
                )
            )
        return f"<{root}{self.attributes()}>{inside}" + self.random.choice((f"</{root}>", f"</{root}>", ""))

    def end_tag(self) -> str:
        """Return a stray end tag."""
        return f"</{self.random.choice((*HTML, *FOREIGN, *RAW, 'br', 'p'))}{self.attributes()}>"


LIMITS = {
    "uncertain": "nothing is missed, and the engine edits by more than one reading",
    "break-out": "html5lib 1.1 is older than the rule that </p> and </br> leave foreign content (13.2.6.5)",
    "integration point": "html5lib 1.1 lets an end tag of HTML close an SVG or MathML element (13.2.6.4.7)",
    "look ahead": "an svg in MathML is no SVG element for the tree; for Chromium's look-ahead and the engine it is one",
    "frameset": "tags before a frameset have loaded, and are no longer in the tree",
    "table": "html5lib 1.1 loses what stands in front of a table in a misnested element; Chromium asks for it",
}
#: 13.2.4.3: a formatting element that ends directly behind a table, and may be open around it.
MISNESTED = re.compile(
    r"</table[^>]*></(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE
)


def limit(document: str, problem: str) -> str | None:
    """Return the known reason why the two may disagree about a document in this way, or None."""
    tokens = Tokenizer()
    tokens.tree = tree = ExplainingTree()
    tokens.feed(document.encode("utf-8", "replace"), last=True)
    while tokens.next():
        if tokens.tree.in_frameset:
            tree.reason = "frameset"
    if problem.startswith("missed [],"):
        if is_uncertain(document.encode("utf-8", "replace")):
            return "uncertain"
        if tree.reason is None and MISNESTED.search(document):
            return "table"
    return tree.reason


class ExplainingTree(Tree):
    """Note why html5lib may read the tags differently."""

    reason: str | None = None

    def follow_end_tag(self, name: bytes) -> None:
        if self.open and self.open[-1].namespace != b"html" and name in {b"p", b"br"}:
            self.reason = "break-out"
        foreign = {element.name for element in self.open if element.namespace != b"html"}
        if name in foreign and self.open[-1].namespace == b"html":
            self.reason = "integration point"
        super().follow_end_tag(name)

    def leave_noscript(self) -> Tree:
        outer = super().leave_noscript()
        assert isinstance(outer, ExplainingTree)
        outer.reason = self.reason or outer.reason
        return outer

    def _open_foreign(self, name: bytes, raw: bytes) -> None:
        namespace = self.open[-1].namespace
        super()._open_foreign(name, raw)
        if self.is_svg and namespace != b"svg":
            self.reason = "look ahead"


def disagreement(document: str) -> str | None:
    """Return what the engine and html5lib disagree about, or None.

    The engine should find the scripts that a browser with scripting loads, and everything else that any browser loads.
    """
    source = document.encode("utf-8", "replace")
    on = {found for found in browser_finds(source, scripting=True) if NEEDLE in found[1]}
    off = {found for found in browser_finds(source, scripting=False) if NEEDLE in found[1]}
    engine = {found for found in engine_finds(source) if NEEDLE in found[1]}
    wanted = on | {found for found in off if found[0] != "script"}
    if engine == wanted:
        return None
    return f"missed {sorted(wanted - engine)}, too much {sorted(engine - wanted)}"


def chunked_differently(document: str) -> int:
    """Return a chunk size at which the output differs, or 0."""
    source = document.encode("utf-8", "replace")
    whole = rewritten(source)
    return next((size for size in (1, 2, 3, 7, 16, 50) if rewritten(source, size) != whole), 0)


def main() -> int:
    """Run until the time is over, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--show", type=int, default=10, help="how many differences to print")
    chosen = options.parse_args()
    stop = time.monotonic() + chosen.minutes * 60
    tried = different = 0
    known = dict.fromkeys(LIMITS, 0)
    while time.monotonic() < stop:
        document = Builder(chosen.seed + tried).document()
        tried += 1
        problem = disagreement(document)
        size = chunked_differently(document) if tried % 10 == 0 else 0
        if problem and not size and (reason := limit(document, problem)):
            known[reason] += 1
        elif problem or size:
            different += 1
            if different <= chosen.show:
                sys.stdout.write(f"seed {chosen.seed + tried - 1}: {problem or f'chunks of {size}'}\n  {document!r}\n")
    sys.stdout.write(f"html5lib: {tried} documents from seed {chosen.seed} on, {different} differences\n")
    for reason, count in known.items():
        sys.stdout.write(f"  and {count} with a known reason: {LIMITS[reason]}\n")
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
