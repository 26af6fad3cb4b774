"""Compare how fast pages are rewritten that are the same as, or nearly the same as, earlier ones.

`python -m benchmarks.similar` prints a table of MB/s and of ratios. Every tool gets the same pages in turn, in one run.
The figures are medians over rounds of the processor time for all pages. Each kind of change is timed with pages that
have no tag of HubSpot's and with the same pages with one:

- first sight: pages that have never come before;
- token: in a `meta` element and in a hidden field is another token each time;
- token and nonce: also another nonce, which the response's policy names and each script has;
- article: the middle third of the page is another one each time, as with articles of one template;
- same: the same bytes again.

The other tools read each page in full whatever has come before: python-lolhtml with four selectors, html-rewriter-wasm
(the time in Node alone), and turbohtml, which parses and serializes. `gzip` rows are of compressed pages; only this
package decodes and encodes them, so their ratio is to the same work with a full reading.

The pages come from `--pages FOLDER`, or from the folder of real pages beside the project, or are generated.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from consent_middleware import Policy
from consent_middleware.engine import Engine
from consent_middleware.exchange import Exchange, RequestHead
from consent_middleware.page_cache import RewriteCache
from consent_middleware.recordings import Recordings
from consent_middleware.second_chance import SecondChanceStore

from .engine import HERE, NODE_MODULES, REAL_PAGES, TAG, generated_pages

HOSTS = ("hs-scripts.com", "hsforms.net", "hs-analytics.net", "usemessages.com", "hubspot.com", "hscta.net")
SELECTORS = ('script[src*=".hs-scripts.com"]', "iframe[src]", "img[src]", "link[href]")
HTML = (b"content-type", b"text/html; charset=utf-8")
GZIP = (b"content-encoding", b"gzip")
#: What stands in a page for its token and its nonce; no page has these words.
TOKEN, NONCE = b"{changing token}", b"{changing nonce}"
#: A page as an app sends it: its body, and the nonce of its policy if it has one.
Page = tuple[bytes, str | None]


class Site:
    """A gateway of this package, which gets pages one after another."""

    def __init__(self, *, cached: bool = True) -> None:
        policy = Policy(contact_url="/contact", guard="auto", limits={"cache_bytes": 64 << 20 if cached else 0})
        self.engine = Engine(policy)

    def forget(self) -> None:
        """Forget every page."""
        store = SecondChanceStore(64 << 20)
        self.engine.pages, self.engine.recordings = RewriteCache(store), Recordings(store)

    def get(self, body: bytes, nonce: str | None, path: str, *heads: tuple[bytes, bytes]) -> bytes:
        """Return the body that the gateway sends."""
        exchange = Exchange(self.engine, RequestHead("GET", path, "", [(b"host", b"shop.example")]))
        csp = [(b"content-security-policy", f"script-src 'nonce-{nonce}'".encode())] if nonce else []
        exchange.start(200, [HTML, *csp, *heads])
        return exchange.rewrite_whole(body)[1]


def lolhtml_tool() -> Callable[[bytes], object]:
    """Return a tool that uses python-lolhtml (lol-html, in Rust)."""
    import lolhtml

    class Look:
        def element(self, element: Any) -> None:
            address = element.get_attribute("src") or element.get_attribute("href") or ""
            if any(host in address for host in HOSTS):
                element.set_attribute("data-consent-src", address)
                element.remove_attribute("src")

    def tool(page: bytes) -> bytes:
        out: list[bytes] = []
        rewriter = lolhtml.HTMLRewriter(lambda chunk: out.append(bytes(chunk)))
        for selector in SELECTORS:
            rewriter.on(selector, Look())
        rewriter.write(page)
        rewriter.end()
        return b"".join(out)

    return tool


def turbohtml_tool() -> Callable[[bytes], object]:
    """Return a tool that parses with turbohtml (in C) and serializes."""
    import turbohtml

    def tool(page: bytes) -> bytes:
        tree = turbohtml.parse(page, positions=False)
        for element in tree.select(SELECTORS[0]):
            element.attrs["data-consent-src"] = element.attrs.pop("src")
        return bytes(tree.serialize().encode())

    return tool


PEERS = {"python-lolhtml": lolhtml_tool, "turbohtml": turbohtml_tool}


class Wasm:
    """Run html-rewriter-wasm (lol-html), in one Node process for the whole run."""

    def __init__(self, folder: Path) -> None:
        arguments = ["node", str(HERE / "engine_wasm.mjs"), str(NODE_MODULES)]
        self._node = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._folder = folder

    def seconds(self, pages: Iterable[bytes]) -> float:
        """Return the seconds that the pages take."""
        assert self._node.stdin
        assert self._node.stdout
        paths = []
        for number, page in enumerate(pages):
            path = self._folder / f"{number}.html"
            path.write_bytes(page)
            paths.append(str(path))
        request = {"pages": paths, "size": 0, "selector": ", ".join(SELECTORS[:1]), "tail": ""}
        self._node.stdin.write(json.dumps(request) + "\n")
        self._node.stdin.flush()
        return float(sum(json.loads(self._node.stdout.readline())["times"])) / 1e9

    def close(self) -> None:
        """Stop the process."""
        self._node.communicate()


def place_of(page: bytes, pattern: bytes) -> int:
    """Return where the first match of a pattern ends, or -1."""
    found = re.search(pattern, page)
    return found.end() if found else -1


def with_tokens(page: bytes) -> bytes:
    """Return a page with a token in its head and one in a hidden field; the same if it has no place for them."""
    head = place_of(page, rb"(?i)<head[^>]*>")
    middle = page.find(b"</div>", len(page) // 3)
    if head < 0 or middle < head:
        return page
    meta = b'<meta name="csrf-token" content="%b">' % TOKEN
    field = b'<input type="hidden" name="csrf" value="%b">' % TOKEN
    return page[:head] + meta + page[head:middle] + field + page[middle:]


def articles_of(page: bytes) -> Iterator[bytes]:
    """Yield a page with its middle third repeated in another order each time, cut between tags."""
    begin, end = page.find(b"><", len(page) // 3) + 1, page.find(b"><", 2 * len(page) // 3) + 1
    parts = re.split(rb"(?<=</p>)|(?<=</div>)|(?<=</li>)", page[begin:end])
    for turn in count(1):
        moved = parts[turn % len(parts) :] + parts[: turn % len(parts)]
        yield page[:begin] + b"<p>Article %d</p>" % turn + b"".join(moved) + page[end:]


def variants(page: bytes, change: str) -> Iterator[Page]:
    """Yield one page again and again, with what a kind of change makes of it."""
    if change == "article":
        for body in articles_of(page):
            yield body, None
    nonced = with_tokens(page)
    if change == "token and nonce":
        nonced = re.sub(rb"(?i)<script\b", b'<script nonce="%b"' % NONCE, nonced)
    while True:
        token = secrets.token_hex(16).encode() if "token" in change else b"t"
        nonce = secrets.token_urlsafe(16)
        body = nonced.replace(TOKEN, token).replace(NONCE, nonce.encode())
        if change == "first sight":
            # At the beginning, so that no page is taken for one of another page's template.
            body = b"<!-- %b -->" % secrets.token_hex(8).encode() + body
        yield body, nonce if "nonce" in change else None


def timed(work: Callable[[], object]) -> float:
    """Return the processor time that some work takes, in seconds."""
    before = time.process_time()
    work()
    return time.process_time() - before


def compare(pages: list[bytes], change: str, rounds: int, wasm: Wasm | None, *, compressed: bool) -> dict[str, Any]:
    """Return the MB/s of every tool for one kind of change, and how many pages were the same as by a full reading."""
    sources = [variants(page, change) for page in pages]
    tools = {}
    for name, load in PEERS.items():
        try:
            tools[name] = load()
        except ImportError:
            continue
    site, full = Site(), Site(cached=False)
    heads = [GZIP] if compressed else []
    code: Callable[[bytes], bytes] = (lambda body: gzip.compress(body, 1, mtime=0)) if compressed else bytes
    warm = 0 if change == "first sight" else 3
    for _ in range(warm):
        for number, source in enumerate(sources):
            body, nonce = next(source)
            site.get(code(body), nonce, f"/{number}", *heads)
    times: dict[str, list[float]] = {}
    size = same = 0
    for turn in range(rounds):
        made = [next(source) for source in sources]
        sent = [(code(body), nonce) for body, nonce in made]
        size = sum(len(body) for body, _ in made)
        if change == "first sight":
            site.forget()
        outs: dict[str, list[bytes]] = {"this package": [], "full reading": []}

        def visit(to: Site, name: str, sent: list[Page] = sent, outs: dict[str, list[bytes]] = outs) -> None:
            outs[name] = [to.get(body, nonce, f"/{number}", *heads) for number, (body, nonce) in enumerate(sent)]

        jobs: dict[str, Callable[[], object]] = {
            "this package": partial(visit, site, "this package"),
            "full reading": partial(visit, full, "full reading"),
        }
        if not compressed:
            for name, tool in tools.items():
                jobs[name] = lambda tool=tool, made=made: [tool(body) for body, _ in made]  # type: ignore[misc]
        order = list(jobs)
        for name in order[turn % len(order) :] + order[: turn % len(order)]:
            times.setdefault(name, []).append(timed(jobs[name]))
        if wasm and not compressed:
            times.setdefault("html-rewriter-wasm", []).append(wasm.seconds(body for body, _ in made))
        same = sum(map(bytes.__eq__, outs["this package"], outs["full reading"]))
    return {
        "pages": len(pages),
        "same as a full reading": same,
        "MB/s": {name: size / statistics.median(taken) / 1e6 for name, taken in times.items()},
        "ratio": {
            name: statistics.median(other / own for other, own in zip(taken, times["this package"], strict=True))
            for name, taken in times.items()
        },
    }


def with_tag(page: bytes) -> bytes | None:
    """Return a page with HubSpot's tag before `</body>`, or None if it has no such place."""
    at = page.lower().rfind(b"</body>")
    return page[:at] + TAG + page[at:] if at >= 0 else None


def main() -> int:
    """Time everything, and print and write the results. Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=REAL_PAGES)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--most", type=int, default=40)
    parser.add_argument("--json", type=Path, default=HERE / "similar.json")
    options = parser.parse_args()
    real = options.pages.is_dir()
    found = [path.read_bytes() for path in sorted(options.pages.iterdir())] if real else generated_pages()
    words = re.compile("|".join(map(re.escape, HOSTS)).encode())
    clean = [page for page in found if 15_000 <= len(page) <= 400_000 and not words.search(page)][: options.most]
    tagged = [other for page in clean if (other := with_tag(page)) is not None]
    results: dict[str, Any] = {"machine": {"python": platform.python_version(), "pages": "real" if real else "made"}}
    with tempfile.TemporaryDirectory() as folder:
        wasm = Wasm(Path(folder)) if (NODE_MODULES / "node_modules" / "html-rewriter-wasm").is_dir() else None
        for change in ("first sight", "token", "token and nonce", "article", "same"):
            for kind, pages in (("clean", clean), ("tagged", tagged)):
                for compressed in (False, True):
                    label = f"{change}, {kind}{', gzip' if compressed else ''}"
                    made = compare(pages, change, options.rounds, wasm, compressed=compressed)
                    results[label] = made
                    print(f"\n{label}: {made['pages']} pages, same as a full reading: {made['same as a full reading']}")
                    for name, speed in made["MB/s"].items():
                        print(
                            f"  {name:20} {speed:9.0f} MB/s   this package is {made['ratio'][name]:6.2f} times as fast"
                        )
                    sys.stdout.flush()
        if wasm:
            wasm.close()
    options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
