"""Records what Chromium does in one session.

Playwright reports every request of every frame. What made the main frame's requests, the header fields and early hints
come from the DevTools protocol (domain Network).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from consent_middleware.purpose import Purpose

from .known import Known
from .record import Hint, Phase, SeenCookie, VendorRequest
from .text import Redactor, clean, lifetime

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request, WebSocket

#: How many messages, keys and tags of a page are reported: a page may make any number.
MOST = 50
#: How many different messages are kept to choose those from. Most often that is all of them: to report the first ones
#: that arrive would make two reports of one page differ, since the browser's own messages arrive at any time.
MOST_KEPT = 1000

#: One link of a Link field (RFC 8288, section 3), as far as a hint needs it.
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*\"?([^\";,]*)", re.IGNORECASE)
#: The relations by which a browser contacts a host before the page needs it (HTML, section 4.6.7).
HINTS = frozenset({"dns-prefetch", "preconnect", "preload", "modulepreload", "prefetch", "prerender"})

_BLOCKED = ", ".join(f"[data-consent={purpose}]" for purpose in Purpose)
#: The main frame's record does not have the requests of frames that run in a process of their own.
_UNKNOWN = "not known"
#: What makes a browser send a request, by the name in DevTools.
_INITIATORS = {"parser": "page", "script": "script", "preload": "preload"}

#: Reads the state of a page. It runs in a world of its own, where the page's scripts have changed no function; but a
#: form or picture can still have the name of a method.
PAGE_STATE = """() => {
  const keys = (name) => { try { return Object.keys(window[name]); } catch { return []; } };
  const found = (selector) => [...Document.prototype.querySelectorAll.call(document, selector)];
  const get = (element, name) => Element.prototype.getAttribute.call(element, name) ?? "";
  const rels = "link[rel~=dns-prefetch i], link[rel~=preconnect i], link[rel~=prefetch i], link[rel~=prerender i]";
  return JSON.stringify({
    local: keys("localStorage"),
    session: keys("sessionStorage"),
    hints: found(rels).map((each) => [get(each, "rel"), each.href]),
    blocked: found(BLOCKED).map((each) => [each.localName, get(each, "data-consent")]),
    button: found("[data-consent-facade]").length > 0,
  });
}""".replace("BLOCKED", json.dumps(_BLOCKED))


class Recorder:
    """Records one session. Only addresses, names and times are kept.

    Args:
        context: the browser context of the session.
        page: its tab.
        known: what is known of the vendor.
        redactor: takes the value of each cookie that is seen, so that it can be kept out of all files.
        origin: the site's own origin.
    """

    def __init__(self, context: BrowserContext, page: Page, known: Known, redactor: Redactor, origin: str) -> None:
        self._context = context
        self._page = page
        self._known = known
        self._redactor = redactor
        self._own_host = known.address(origin)
        self._begin = time.monotonic()
        self._seen: list[tuple[Phase, Request | None, str, str, str, str, float]] = []
        self._initiators: dict[tuple[str, str], str] = {}
        self._open: set[Request] = set()
        self._answered: set[Request] = set()
        self._urls: dict[str, str] = {}
        self._setters: dict[str, str] = {}
        self._hints: set[Hint] = set()
        self._errors: set[str] = set()
        self._state: dict[str, set[str]] = {"storage": set(), "blocked": set()}
        self.phase = Phase.VISIT
        self.page_address = ""
        self.button = False
        context.on("request", self._request)
        context.on("response", lambda response: self._answer(response.request))
        context.on("requestfailed", self._fail)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._error(error.error))
        page.on("websocket", self._websocket)
        self._devtools = context.new_cdp_session(page)
        self._devtools.on("Network.requestWillBeSent", self._will_be_sent)
        self._devtools.on("Network.responseReceivedExtraInfo", self._fields)
        self._devtools.on("Network.responseReceivedEarlyHints", lambda event: self._links(event, "early hint"))
        self._devtools.send("Network.enable")

    @property
    def elapsed(self) -> float:
        """Seconds since the session began."""
        return round(time.monotonic() - self._begin, 3)

    @property
    def requested(self) -> int:
        """How many requests have begun."""
        return len(self._seen)

    @property
    def waits(self) -> bool:
        """Whether a request has no answer yet."""
        return bool(self._open)

    # Events

    def _request(self, request: Request) -> None:
        self._open.add(request)
        self._add(request, request.url, request.method, request.resource_type)

    def _answer(self, request: Request) -> None:
        self._open.discard(request)
        self._answered.add(request)

    def _fail(self, request: Request) -> None:
        self._open.discard(request)

    def _websocket(self, socket: WebSocket) -> None:
        self._add(None, socket.url, "GET", "websocket")

    def _add(self, request: Request | None, url: str, method: str, kind: str) -> None:
        self._seen.append((self.phase, request, url, method, kind, self.page_address, self.elapsed))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._keep_error(message.text)

    def _error(self, error: Error) -> None:
        self._keep_error(error.message)

    def _keep_error(self, text: str) -> None:
        if len(self._errors) < MOST_KEPT:
            self._errors.add(text)

    def _will_be_sent(self, event: Mapping[str, Any]) -> None:
        url = event["request"]["url"]
        self._urls.setdefault(event["requestId"], url)
        if event["initiator"].get("type") != "preflight":
            self._initiators.setdefault((self.page_address, url), self._name_initiator(event["initiator"]))

    def _name_initiator(self, initiator: Mapping[str, Any]) -> str:
        """Return what made the browser send a request: the kind, and the innermost place in a script or page."""
        kind = _INITIATORS.get(str(initiator.get("type")), _UNKNOWN)
        stack: Mapping[str, Any] = initiator.get("stack") or {}
        frames: list[Mapping[str, Any]] = []
        while stack and not frames:
            frames, stack = stack.get("callFrames", []), stack.get("parent", {})
        place = frames[0] if frames else initiator
        address = self._known.address(str(place.get("url", "")))
        if address is None:
            return kind
        line = f", line {int(place['lineNumber']) + 1}" if "lineNumber" in place else ""
        return f"{kind} {''.join(address)}{line}"

    def _fields(self, event: Mapping[str, Any]) -> None:
        for name, value in event["headers"].items():
            if name.lower() == "set-cookie":
                # DevTools joins the fields of one name by a line break.
                for line in value.split("\n"):
                    cookie, _, rest = line.partition("=")
                    self._redactor.add([rest.partition(";")[0].strip()])
                    # DevTools may send this event before the one that says to which address the request goes.
                    self._setters[cookie.strip()] = event["requestId"]
        self._links(event, "Link field")

    def _links(self, event: Mapping[str, Any], source: str) -> None:
        for name, value in event["headers"].items():
            if name.lower() == "link":
                for target, parameters in _LINK.findall(value):
                    rel = _REL.search(parameters)
                    self._hint(source, rel[1] if rel else "", target)

    def _hint(self, source: str, rels: str, url: str) -> None:
        if url.startswith("//"):
            url = f"https:{url}"
        address = self._known.address(url)
        purposes = self._known.purposes(address[0]) if address else ()
        for rel in rels.lower().split():
            if address and purposes and rel in HINTS:
                self._hints.add(Hint(source, rel, address[0], self.page_address, purposes))

    # The state of the page

    def read_page(self, timeout: float) -> None:
        """Read what the page holds at this moment; the timeout is in milliseconds.

        Raises:
            playwright.sync_api.Error: The page did not answer.
        """
        # DevTools would wait for ever for a page that is busy.
        self._page.wait_for_function("() => true", timeout=timeout)
        frame = self._devtools.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._devtools.send("Page.createIsolatedWorld", {"frameId": frame})["executionContextId"]
        given = {"expression": f"({PAGE_STATE})()", "contextId": world, "returnByValue": True, "timeout": timeout}
        state = json.loads(self._devtools.send("Runtime.evaluate", given)["result"]["value"])
        for name in ("local", "session"):
            keys = (clean(self._redactor.text(key)) for key in state[name][:MOST])
            self._state["storage"] |= {f"{name}Storage: {key}" for key in keys}
        for rel, url in state["hints"][:MOST]:
            self._hint("element", rel, url)
        self._state["blocked"] |= {" for ".join(clean(part, 40) for part in pair) for pair in state["blocked"][:MOST]}
        self.button = self.button or state["button"]

    def forget_state(self) -> None:
        """Forget what `read_page` has read of earlier pages, because what counts comes after them."""
        for found in self._state.values():
            found.clear()

    def note_cookies(self, begun_with: Collection[str]) -> list[Mapping[str, Any]]:
        """Return the browser's cookies. Their values are kept out of all files from here on.

        Args:
            begun_with: the names of the cookies that the session itself has set. Their values are examples.
        """
        cookies: list[Mapping[str, Any]] = [{**cookie} for cookie in self._context.cookies()]
        self._redactor.add(str(cookie["value"]) for cookie in cookies if cookie["name"] not in begun_with)
        return cookies

    # What was seen

    def requests(self) -> list[VendorRequest]:
        """Return the requests to the vendor's hosts; equal ones are counted together."""
        found: dict[VendorRequest, tuple[int, bool, float]] = {}
        for phase, request, url, method, kind, page, at in self._seen:
            address = self._known.address(url)
            purposes = self._known.purposes(address[0]) if address else ()
            if not address or not purposes:
                continue
            initiator = self._redactor.text(self._initiators.get((page, url), _UNKNOWN))
            path = self._redactor.text(address[1])
            equal = VendorRequest(phase, address[0], path, method, clean(kind, 40), initiator, page, purposes)
            count, failed, first = found.get(equal, (0, True, at))
            answered = request is None or request in self._answered
            found[equal] = (count + 1, failed and not answered, first)
        return sorted(replace(equal, count=count, failed=failed, at=at) for equal, (count, failed, at) in found.items())

    def other_hosts(self) -> list[str]:
        """Return the hosts that are neither the site's own nor the vendor's."""
        addresses = [self._known.address(url) for _, _, url, *_ in self._seen]
        hosts = {address[0] for address in addresses if address and not self._known.purposes(address[0])}
        hosts -= {self._own_host[0] if self._own_host else ""}
        return sorted(map(self._redactor.text, hosts))[:MOST]

    def hints(self) -> list[Hint]:
        """Return the hints to contact the vendor's hosts."""
        return sorted(self._hints)

    def errors(self) -> list[str]:
        """Return the page's error messages in order of their text, without the values of cookies."""
        return sorted({clean(self._redactor.text(text)) for text in self._errors})[:MOST]

    def state(self, name: str) -> list[str]:
        """Return what `read_page` has found: `storage` or `blocked`."""
        return sorted(self._state[name])

    def cookies(self, begun_with: Iterable[str]) -> list[SeenCookie]:
        """Return the cookies that the browser holds, without values.

        Args:
            begun_with: the names of the cookies that the session itself has set.
        """
        return sorted(self._cookies(frozenset(begun_with)), key=lambda cookie: (cookie.name, cookie.domain))

    def _cookies(self, begun_with: frozenset[str]) -> Iterator[SeenCookie]:
        for cookie in self.note_cookies(begun_with):
            name, domain = str(cookie["name"]), str(cookie["domain"])
            rule = self._known.cookie(name)
            own = name in begun_with
            # -1 stands for a cookie of the browser's session.
            left = None if cookie["expires"] < 0 else cookie["expires"] - time.time()
            setter = "verify" if own else self._setter_of(name)
            theirs = rule is not None or bool(self._known.purposes(domain.lstrip(".")))
            purpose = rule.purpose if rule and not own else None
            yield SeenCookie(clean(name), clean(domain), lifetime(left), setter, theirs and not own, purpose)

    def _setter_of(self, name: str) -> str:
        request = self._setters.get(name)
        if request is None:
            return "script"
        return self._redactor.text("".join(self._known.address(self._urls.get(request, "")) or ("a response",)))
