"""Compare the engine's speed with other HTML rewriters: `python -m benchmarks.engine`.

Every tool gets the same pages and the same job, in turn, in one run. The job is to rename the `src` of the tag that
loads the tracking code and to add a comment before `</body>`. The ratios are medians over rounds of the time for all
pages. The table is printed, and also written to `benchmarks/engine.json`.

Two rows in brackets are bounds: the time of one search for the needle, and the time of the tokenizer alone. They show
the speed limits of Python on this machine.

The pages come from `--pages FOLDER`, or from the folder of real pages beside the project, or are generated. A tool that
is not installed is listed as absent.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from consent_middleware.html.rewriter import Edit, HTMLRewriter, StartTag, TagSearch
from consent_middleware.html.token_reader import Kind
from consent_middleware.html.tokenizer import Tokenizer

HERE = Path(__file__).resolve().parent
REAL_PAGES = HERE.parents[1] / "shared" / "corpus" / "pages"
NODE_MODULES = HERE.parent / ".cache" / "bench"
CHUNK = 16_384
TAG = b'<script type="text/javascript" id="hs-script-loader" async defer src="//js.hs-scripts.com/12345.js"></script>'
TAIL = b"<!--tail-->"
SELECTOR = 'script[src*=".hs-scripts.com"]'

Tool = Callable[[bytes, int], bytes]


class Watch:
    """Do the job for this engine."""

    search = TagSearch(
        re.compile(rb"\.[hH][sS]-[sS][cC][rR][iI][pP][tT][sS]\.[cC][oO][mM]"),
        frozenset({b"script", b"link", b"iframe", b"img"}),
    )

    def __init__(self) -> None:
        self.found = False

    def on_root(self, tag: StartTag) -> None:
        """Ignore the root element."""

    def wants_script_text(self, _: StartTag) -> bool:
        """Return False, because no inline script matters here."""
        return False

    def wants_first_script(self, *, nested: bool) -> bool:  # noqa: ARG002
        """Return False, because only HubSpot's tag matters here."""
        return False

    @property
    def has_end_markup(self) -> bool:
        """Return whether the tag was found, so that a comment follows."""
        return self.found

    def start_tag(self, tag: StartTag) -> Sequence[Edit]:
        """Return the edit that renames the `src` of the tag."""
        if tag.name == b"script" and ".hs-scripts.com" in (tag.get(b"src") or ""):
            self.found = True
            return [Edit(*a.name_span, b"data-consent-src") for a in tag.attributes if a.name == b"src"]
        return ()

    def end_markup(self) -> bytes:
        """Return the comment."""
        return TAIL if self.found else b""


def ours(page: bytes, size: int) -> bytes:
    """Rewrite a page with this engine."""
    rewriter = HTMLRewriter(Watch(), charset="utf-8")
    if not size:
        return rewriter.rewrite(page)
    return b"".join([rewriter.feed(page[at : at + size]) for at in range(0, len(page), size)]) + rewriter.close()


def naive(page: bytes, _: int) -> bytes:
    """Rewrite a page with two substitutions, as is often done; wrong in comments, scripts and attributes."""
    page, found = re.subn(rb"(?i)(<script\b[^>]*\s)(src=[\"']?//js\.hs-scripts\.com)", rb"\1data-consent-\2", page)
    return re.sub(rb"(?i)</body>", TAIL + rb"</body>", page) if found else page


def one_search(page: bytes, _: int) -> bytes:
    """TagSearch a page once for the needle: a bound for every prefilter in Python."""
    Watch.search.needles.search(page)
    return page


def tokens_alone(page: bytes, _: int) -> bytes:
    """Tokenize a page and change nothing: a bound for every rewriter that reads the whole page in Python."""
    tokens = Tokenizer()
    tokens.feed(page, last=True)
    kind: Kind | None = Kind.TEXT
    while kind is not None:
        if tokens.in_html_data or tokens.in_svg_content:
            tokens.run(len(page))
        kind = tokens.next()
    return page


BOUNDS: dict[str, Tool] = {"(one search)": one_search, "(tokenizer alone)": tokens_alone}


def lolhtml_tool() -> Tool:
    """Return a tool that uses python-lolhtml (lol-html, in Rust)."""
    import lolhtml

    class Rename:
        def element(self, element: Any) -> None:
            element.set_attribute("data-consent-src", element.get_attribute("src"))
            element.remove_attribute("src")

    class Body:
        def element(self, element: Any) -> None:
            element.append(TAIL.decode(), lolhtml.ContentType.HTML)

    def tool(page: bytes, size: int) -> bytes:
        out: list[bytes] = []
        rewriter = lolhtml.HTMLRewriter(lambda chunk: out.append(bytes(chunk)))
        rewriter.on(SELECTOR, Rename())
        if TAG in page:
            rewriter.on("body", Body())
        step = size or len(page) or 1
        for at in range(0, len(page), step):
            rewriter.write(page[at : at + step])
        rewriter.end()
        return b"".join(out)

    return tool


def selectolax_tool() -> Tool:
    """Return a tool that parses with Lexbor and serializes."""
    from selectolax.lexbor import LexborHTMLParser

    def tool(page: bytes, _: int) -> bytes:
        tree = LexborHTMLParser(page)
        for node in tree.css(SELECTOR):
            node.attrs["data-consent-src"] = node.attrs["src"] or ""
            del node.attrs["src"]
        return (tree.html or "").encode()

    return tool


def lxml_tool() -> Tool:
    """Return a tool that parses with libxml2 and serializes."""
    import lxml.html

    def tool(page: bytes, _: int) -> bytes:
        try:
            tree = lxml.html.document_fromstring(page)
        except (ValueError, lxml.etree.ParserError):
            return b""
        for node in tree.xpath('//script[contains(@src, ".hs-scripts.com")]'):
            node.set("data-consent-src", node.attrib.pop("src"))
        serialized: bytes = lxml.html.tostring(tree)
        return serialized

    return tool


def html5lib_tool() -> Tool:
    """Return a tool that parses as the standard says, in Python, and serializes."""
    import warnings

    import html5lib

    warnings.simplefilter("ignore")

    def tool(page: bytes, _: int) -> bytes:
        tree = html5lib.parse(page, namespaceHTMLElements=False)
        for node in tree.iter("script"):
            if ".hs-scripts.com" in node.get("src", ""):
                node.set("data-consent-src", node.attrib.pop("src"))
        return html5lib.serialize(tree).encode("utf-8", "replace")

    return tool


PEERS: dict[str, tuple[str, Callable[[], Tool]]] = {
    "python-lolhtml": ("python-lolhtml", lolhtml_tool),
    "selectolax": ("selectolax", selectolax_tool),
    "lxml": ("lxml", lxml_tool),
    "html5lib": ("html5lib", html5lib_tool),
}
SLOW = {"html5lib"}
# Tools that cannot work in chunks.
WHOLE = {"re.sub", *BOUNDS, *PEERS} - {"python-lolhtml"}


class Wasm:
    """Run html-rewriter-wasm, in one Node process for the whole run."""

    def __init__(self) -> None:
        arguments = ["node", str(HERE / "engine_wasm.mjs"), str(NODE_MODULES)]
        self._node = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, paths: list[str], size: int, *, tail: bool) -> tuple[float, int]:
        """Return the seconds for all pages, and the number of pages that came out byte-identical."""
        assert self._node.stdin
        assert self._node.stdout
        request = {"pages": paths, "size": size, "selector": SELECTOR, "tail": TAIL.decode() if tail else ""}
        self._node.stdin.write(json.dumps(request) + "\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline())
        return sum(answer["times"]) / 1e9, answer["same"]

    def close(self) -> None:
        """Stop the process."""
        self._node.communicate()


def generated_pages() -> list[bytes]:
    """Return pages for machines without the folder of real ones."""
    row = b'<tr class="row"><td><a href="/item?a=1&amp;b=2" title="Item">Item</a></td><td>Text, more text.</td></tr>\n'
    script = b"<script>var list = [1, 2, 3]; if (list.length < 4) { document.title = '<b>x</b>'; }</script>\n"
    return [
        b"<!doctype html>\n<html><head><title>Page</title><style>td{color:red}</style></head>\n<body><table>"
        + (row * 20 + script) * repeat
        + b"</table></body></html>\n"
        for repeat in (3, 10, 30, 60, 100)
    ]


def with_tag(page: bytes, where: str) -> bytes | None:
    """Return a page with the tag in the place that a scenario names, or None if the page has no such place."""
    if where == "as is":
        return page
    found = re.search(rb"(?i)<head[^>]*>", page) if where == "in head" else None
    at = found.end() if found else page.lower().rfind(b"</body>") if where == "before </body>" else -1
    return page[:at] + TAG + page[at:] if at >= 0 else None


def timed(tool: Tool, pages: list[bytes], size: int) -> float:
    """Return the seconds that a tool takes for all pages."""
    before = time.perf_counter()
    for page in pages:
        tool(page, size)
    return time.perf_counter() - before


def compare(pages: list[bytes], rounds: int, folder: Path) -> dict[str, Any]:
    """Return the times of all tools in all scenarios."""
    tools: dict[str, Tool] = {"this engine": ours, "re.sub": naive, **BOUNDS}
    absent = {}
    for name, (package, load) in PEERS.items():
        try:
            tools[name] = load()
        except ImportError:
            absent[name] = f"{package} is not installed"
    wasm = Wasm() if (NODE_MODULES / "node_modules" / "html-rewriter-wasm").is_dir() else None
    if wasm is None:
        absent["html-rewriter-wasm"] = "not fetched: `make bench` does, where npm is installed"
    results: dict[str, Any] = {"absent": absent, "scenarios": {}}
    clean = [page for page in pages if not Watch.search.needles.search(page)]
    for where in ("as is", "before </body>", "in head"):
        chosen = [made for page in clean if (made := with_tag(page, where)) is not None]
        paths = []
        for number, page in enumerate(chosen):
            path = folder / f"{number}.html"
            path.write_bytes(page)
            paths.append(str(path))
        for size in (0, CHUNK):
            times: dict[str, list[float]] = {}
            for turn in range(rounds + 1):  # the first round warms up
                for name, tool in tools.items():
                    if (name in SLOW and turn > 1) or (size and name in WHOLE):
                        continue
                    seconds = timed(tool, chosen, size)
                    if turn or name in SLOW:
                        times.setdefault(name, []).append(seconds)
                if wasm:
                    seconds, _ = wasm.run(paths, size, tail=where != "as is")
                    if turn:
                        times.setdefault("html-rewriter-wasm", []).append(seconds)
            total = sum(map(len, chosen))
            label = f"{where}, {'16 kB chunks' if size else 'one chunk'}"
            results["scenarios"][label] = {
                "pages": len(chosen),
                "bytes": total,
                "MB/s": {name: total / statistics.median(taken) / 1e6 for name, taken in times.items()},
                "ratio": {
                    name: statistics.median(
                        other / own for other, own in zip(taken, times["this engine"], strict=False)
                    )
                    for name, taken in times.items()
                },
            }
    compared = {name: tool for name, tool in tools.items() if name not in {*SLOW, *BOUNDS}}
    same = {name: sum(tool(page, 0) == page for page in clean) for name, tool in compared.items()}
    if wasm:
        paths = [str(folder / f"{number}.html") for number in range(len(clean))]
        for name, page in zip(paths, clean, strict=True):
            Path(name).write_bytes(page)
        same["html-rewriter-wasm"] = wasm.run(paths, 0, tail=False)[1]
        wasm.close()
    results["byte-identical"] = {"pages": len(clean), **same}
    return results


def growth(pages: list[bytes]) -> dict[str, dict[str, float]]:
    """Return the cost per byte, in nanoseconds, of documents of growing size."""
    unit = max((page for page in pages if not Watch.search.needles.search(page)), key=len)
    found: dict[str, dict[str, float]] = {}
    for where in ("as is", "before </body>", "in head"):
        for length in (10_000, 100_000, 1_000_000, 10_000_000):
            body = (unit * (length // len(unit) + 1))[:length].rpartition(b">")[0] + b">"
            tagged = {"as is": body, "in head": TAG + body}.get(where, body + TAG)
            document = tagged + b"</body></html>"
            best = min(timed(ours, [document], 0) for _ in range(5))
            found.setdefault(where, {})[f"{length:,} bytes"] = best / len(document) * 1e9
    return found


def peak() -> int:
    """Return the most memory that this process has used, in kilobytes."""
    # A child of a large process inherits its `ru_maxrss`, so the system's own figure is better.
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1])  # type: ignore[index]


def memory(document: bytes, name: str) -> int:
    """Return the kilobytes that a tool adds to a fresh process for one document in 16 kB chunks."""
    code = (
        "import sys; from benchmarks.engine import *\n"
        "document = open(sys.argv[1], 'rb').read()\n"
        "tool = {'this engine': lambda: ours, 're.sub': lambda: naive}.get(sys.argv[2]) or PEERS[sys.argv[2]][1]\n"
        "tool = tool(); tool(b'<p>', CHUNK)\n"
        "before = peak(); out = tool(document, CHUNK); print(peak() - before)\n"
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(document)
        file.flush()
        done = subprocess.run(
            [sys.executable, "-c", code, file.name, name], capture_output=True, text=True, cwd=HERE.parent, check=True
        )
    return int(done.stdout)


def report(results: dict[str, Any]) -> None:
    """Print the tables."""
    for label, scenario in results["scenarios"].items():
        print(f"\n{label}: {scenario['pages']} pages, {scenario['bytes'] / 1e6:.1f} MB")
        for name, speed in sorted(scenario["MB/s"].items(), key=lambda item: -item[1]):
            print(f"  {name:20} {speed:8.1f} MB/s   this engine is {scenario['ratio'][name]:8.2f} times as fast")
    for name, why in results["absent"].items():
        print(f"  {name:20} absent: {why}")
    same = dict(results["byte-identical"])
    total = same.pop("pages")
    print(f"\npages without a tag that come out byte-identical, of {total}: {same}")
    print("\ncost per byte, in nanoseconds:")
    for where, costs in results["growth"].items():
        print(f"  {where:16}", "   ".join(f"{length}: {cost:.2f}" for length, cost in costs.items()))
    print(f"\nmemory added by a document of 10 MB in 16 kB chunks, output kept, in kB: {results['memory']}")


def main() -> int:
    """Time everything, and print and write the results. Return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path, default=REAL_PAGES)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=HERE / "engine.json")
    options = parser.parse_args()
    real = options.pages.is_dir()
    pages = [path.read_bytes() for path in sorted(options.pages.iterdir())] if real else generated_pages()
    with tempfile.TemporaryDirectory() as folder:
        results = compare(pages, options.rounds, Path(folder))
    results["growth"] = growth(pages)
    unit = max(pages, key=len)
    document = (unit * (10_000_000 // len(unit) + 1))[:10_000_000]
    names = ["this engine", "re.sub", *(name for name in PEERS if name not in results["absent"] and name not in SLOW)]
    results["memory"] = {name: memory(document, name) for name in names}
    results["machine"] = {
        "python": platform.python_version(),
        "cpu": platform.processor() or platform.machine(),
        "pages": "real" if real else "generated",
        "peak_kB": peak(),
        **{name: version(package) for name, (package, _) in PEERS.items() if name not in results["absent"]},
    }
    report(results)
    options.json.write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
