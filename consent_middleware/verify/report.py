"""The report as one HTML page for people: no script, no address that it loads, every text from a page escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files

from consent_middleware.version import __version__

from .document import LIMITS, PROVES, SESSIONS, Result
from .promises import Status, Verdict
from .record import Phase, SeenCookie, SessionName, SessionRecord, VendorRequest
from .settings import OWN_COOKIE
from .text import clean

#: The class of each verdict in the style sheet, and a mark that does without color.
_LOOKS: Mapping[Status, tuple[str, str]] = {
    Status.KEPT: ("kept", "✓ kept"),
    Status.BROKEN: ("broken", "✗ broken"),
    Status.NOT_MEASURED: ("open", "– not measured"),
}
#: The cells of a table's row: markup, or a class of the style sheet with markup.
_Row = Sequence[str | tuple[str, str]]
#: When a request was made, in front of the seconds since the session began.
_PHASES = {Phase.VISIT: "visit", Phase.REFUSAL: "same page, after the refusal", Phase.AFTER: "next page"}


def page(result: Result, pictures: Mapping[str, bytes], files_listed: Sequence[str]) -> str:
    """Return the report.

    Args:
        result: the result.
        pictures: the screenshots by the name that a record gives, as PNG.
        files_listed: the names of the other files in the folder.
    """
    site = _text(result.settings.origin.partition("://")[2])
    vendor = _text(result.settings.vendor.name)
    body = [
        f"<header><h1>What {site} sends to {vendor}</h1>",
        "<p>Measured in a real browser. Technical evidence, not a legal assessment.</p></header><main>",
        *_asked(result),
        *_verdicts(result),
        *_meaning(),
        *(line for name in SessionName for line in _session(result, result.records[name], pictures)),
        *_details(result, files_listed),
        "</main>",
    ]
    style = files("consent_middleware.verify").joinpath("report.css").read_text("utf-8")
    # Nothing is loaded and no script runs, whatever a page has brought into a text.
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>What {site} sends to {vendor}</title><style>{style}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _text(value: object) -> str:
    """Return text for an element or an attribute in quotes."""
    return escape(clean(str(value), 1_000))


def _asked(result: Result) -> Iterable[str]:
    settings = result.settings
    yield "<h2>What was asked</h2>"
    yield _definitions(
        {
            "Site": settings.origin,
            "Pages": ", ".join(settings.pages),
            **({"Only untouched": ", ".join(settings.also_urls)} if settings.also else {}),
            "Service": settings.vendor.name,
            "Consent platform": "the site's own cookie" if settings.platform == OWN_COOKIE else settings.platform,
            "Began": _moment(result.started),
            "Ended": _moment(result.ended),
        }
    )


def _moment(iso: str) -> str:
    return iso.replace("T", " ").replace("+00:00", " UTC")


def _verdicts(result: Result) -> Iterable[str]:
    counts = result.counts
    worst = next((status for status in (Status.BROKEN, Status.NOT_MEASURED) if counts[status]), Status.KEPT)
    words = [f"{counts[status]} {status}" for status in Status]
    yield "<h2>The result</h2>"
    yield f'<p class="summary {_LOOKS[worst][0]}">Promises: {", ".join(words)}.</p>'
    yield (
        "<p>Kept: the browser did as promised. Broken: it did not. Not measured: neither can be said, for the reason "
        "that is given.</p>"
    )
    yield _table(
        "The promises and the verdict on each",
        ("Promise", "Verdict", "Why"),
        [
            [
                f'<a href="#{verdict.session}">{_text(verdict.promise)}</a>',
                _LOOKS[verdict.status],
                _text(verdict.reason),
            ]
            for verdict in result.verdicts
        ],
        "verdicts",
    )


def _meaning() -> Iterable[str]:
    yield "<h2>What this proves, and what not</h2>"
    yield _list(PROVES)
    yield "<h3>Limits</h3>"
    yield _list(LIMITS)


def _session(result: Result, record: SessionRecord, pictures: Mapping[str, bytes]) -> Iterable[str]:
    title, what = SESSIONS[record.name]
    verdict = next(verdict for verdict in result.verdicts if verdict.session is record.name)
    yield f'<section class="session" id="{record.name}"><h2>{_text(title)}</h2><p>{_text(what)}</p>'
    yield from _judged(verdict)
    if record.trouble and verdict.status is Status.BROKEN:
        yield f"<p>There may be more: {_text(record.trouble)}</p>"
    if not record.left_out and record.pages:
        yield from _seen(result, record)
        picture = pictures.get(record.screenshot)
        if picture:
            data = base64.b64encode(picture).decode("ascii")
            yield "<h3>The page at the end</h3>"
            yield f'<img alt="The page at the end of this session" src="data:image/png;base64,{data}">'
    yield "</section>"


def _judged(verdict: Verdict) -> Iterable[str]:
    look, words = _LOOKS[verdict.status]
    yield f'<p><strong class="{look}">{words}:</strong> {_text(verdict.promise)}. {_text(verdict.reason)}</p>'
    if verdict.status is Status.BROKEN:
        yield "<h3>Evidence</h3>"
        yield _list(verdict.evidence)


def _seen(result: Result, record: SessionRecord) -> Iterable[str]:
    vendor = result.settings.vendor.name
    yield f"<h3>Requests to {_text(vendor)}</h3>"
    if record.requests:
        columns = ("Address", "Kind", "Made by", "When", "Times")
        yield _table(f"Requests in the session {record.name}", columns, map(_request_row, record.requests))
    else:
        yield "<p>None.</p>"
    yield "<h3>Cookies</h3>"
    if record.cookies:
        yield _table(f"Cookies in the session {record.name}", _COOKIE_COLUMNS, map(_cookie_row, record.cookies))
    else:
        yield "<p>None.</p>"
    yield "<h3>Also seen</h3>"
    yield _definitions(
        {
            "Pages opened": _joined(f"{page.address} ({page.status})" for page in record.pages),
            "Hints to contact early": _joined(f"{hint.rel} to {hint.host} ({hint.source})" for hint in record.hints),
            "Keys in the site's storage": _joined(record.storage),
            "Held back by the middleware": _joined(record.blocked),
            "Chat button on a page": "yes" if record.button else "no",
            "Other hosts": _joined(record.other_hosts),
            "Error messages of the page": _joined(record.errors),
        }
    )


def _request_row(request: VendorRequest) -> _Row:
    failed = " (failed)" if request.failed else ""
    return [
        f"<code>{_text(request.address)}</code>",
        _text(f"{request.kind}{failed}"),
        _text(request.initiator),
        f"{_PHASES[request.phase]}, {request.at:.1f} s",
        str(request.count),
    ]


_COOKIE_COLUMNS = ("Name", "Domain", "Kept", "Set by", "What it is")


def _cookie_row(cookie: SeenCookie) -> _Row:
    kind = "the visitor's choice" if cookie.set_by == "verify" else "of the site or others"
    if cookie.vendor:
        kind = f"of the service, for {cookie.purpose}" if cookie.purpose else "of the service"
    return [
        f"<code>{_text(cookie.name)}</code>",
        _text(cookie.domain),
        _text(cookie.lifetime),
        _text(cookie.set_by),
        _text(kind),
    ]


def _details(result: Result, files_listed: Sequence[str]) -> Iterable[str]:
    measurement, settings = result.measurement, result.settings
    yield '<section class="session"><h2>Technical details</h2>'
    yield _definitions(
        {
            "Program": f"consent-middleware {__version__}, command verify",
            "Browser": f"Chromium {measurement.browser}, {'with' if measurement.sandboxed else 'without'} its sandbox",
            "Arguments of the browser": _joined(settings.browser_arguments),
            "Wait on each page": f"{settings.wait:g} s after the network is quiet",
            "Time limit": f"{settings.timeout:g} s",
        }
    )
    yield "<h3>Files in this folder</h3>"
    yield _list(files_listed)
    yield (
        '<p class="note">manifest.json has the SHA-256 hash of each other file, so that a later change shows. A trace '
        "opens with <code>playwright show-trace</code>, a HAR with a browser's developer tools.</p></section>"
    )


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts) or "none"


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>"


def _definitions(items: Mapping[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in items.items()) + "</dl>"


def _table(caption: str, columns: Sequence[str], rows: Iterable[_Row], look: str = "") -> str:
    """Return a table, with a class of the style sheet. The first cell of a row is its heading."""
    head = "".join(f'<th scope="col">{_text(column)}</th>' for column in columns)
    lines = []
    for first, *others in rows:
        cells = [f'<th scope="row">{first}</th>']
        for column, cell in zip(columns[1:], others, strict=True):
            name, markup = cell if isinstance(cell, tuple) else ("", cell)
            kind = f' class="{name}"' if name else ""
            cells.append(f'<td{kind} data-label="{_text(column)}">{markup}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    start = f'<table class="{look}" aria-label="{_text(caption)}"><thead><tr>{head}</tr></thead>'
    return f"{start}<tbody>{''.join(lines)}</tbody></table>"
