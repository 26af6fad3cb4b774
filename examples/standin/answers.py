"""The stand-in's answers: a pure function from one request to one response.

The sockets, the log and the faults are in `server`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

from .hosts import in_region, split_region
from .portal import Portal, Product

_SCRIPTS = Path(__file__).with_name("scripts")
# The loader's first lines, the lines before the tracker, and the lines that insert a child.
_LOADER = ("loader.js", "visit.js", "insert.js")
_JAVASCRIPT = "application/javascript; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"
# The smallest transparent picture: GIF89a, one pixel.
_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")

# Every host that the stand-in's scripts contact.
CHILD_HOSTS = (
    "js.hs-scripts.com",
    "js.hs-analytics.net",
    "js.hs-banner.com",
    "js.usemessages.com",
    "js.hscollectedforms.net",
    "forms.hscollectedforms.net",
    "forms.hsforms.com",
    "js.hsleadflows.net",
    "js.hsadspixel.net",
    "js.hubspot.com",
    "js.hubspotfeedback.com",
    "track.hubspot.com",
    "api.hubspot.com",
    "app.hubspot.com",
    "api.hubapi.com",
    "static.hsappstatic.net",
)


class Answer(NamedTuple):
    """One response."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Question:
    """The parts of a request that its answer depends on.

    Attributes:
        origin_of: Returns the origin at which a script finds a host: the real one, or a local one of the stand-in.
        portal_of: Returns the settings of an account.
    """

    host: str
    path: str
    query: str
    origin_of: Callable[[str], str]
    portal_of: Callable[[int], Portal]

    @property
    def hublet(self) -> str:
        """Return the region."""
        return split_region(self.host)[1]

    def url(self, host: str, path: str) -> str:
        """Return the address at which a script finds a path of a host in this region."""
        return self.origin_of(in_region(host, self.hublet)) + path


class _Child(NamedTuple):
    """A script that the loader inserts. Its id, path and attributes may contain the portal."""

    id: str
    host: str
    path: str
    attributes: Mapping[str, str]


_CROSS_ORIGIN = {"crossorigin": "anonymous"}
_LEADIN = {**_CROSS_ORIGIN, "data-leadin-portal-id": "{portal}", "data-leadin-env": "prod"}
_CHILDREN: dict[Product, _Child] = {
    "analytics": _Child("hs-analytics", "js.hs-analytics.net", "/analytics/1700000000000/{portal}.js", {}),
    "banner": _Child(
        "cookieBanner-{portal}",
        "js.hs-banner.com",
        "/v2/{portal}/banner.js",
        {"data-cookieconsent": "ignore", "data-hs-ignore": "true"},
    ),
    "forms": _Child("CollectedForms-{portal}", "js.hscollectedforms.net", "/collectedforms.js", _LEADIN),
    "leadflows": _Child("LeadFlows-{portal}", "js.hsleadflows.net", "/leadflows.js", _LEADIN),
    "pixels": _Child(
        "hs-ads-pixel-{portal}",
        "js.hsadspixel.net",
        "/pixels.js",
        {"data-ads-portal-id": "{portal}", "data-ads-env": "prod"},
    ),
    "chat": _Child("hubspot-messages-loader", "js.usemessages.com", "/conversations-embed.js", {}),
    "interactives": _Child(
        "hubspot-web-interactives-loader", "js.hubspot.com", "/web-interactives-embed.js", _CROSS_ORIGIN
    ),
    "feedback": _Child(
        "hs-feedback-web-{portal}",
        "js.hubspotfeedback.com",
        "/feedbackweb-new.js",
        {**_CROSS_ORIGIN, "data-hubspot-feedback-portal-id": "{portal}", "data-hubspot-feedback-env": "prod"},
    ),
}


def answer(question: Question) -> Answer:
    """Return what HubSpot's host would send, or a 404 if it has no such path."""
    base = split_region(question.host)[0]
    for host, pattern, reply in _ROUTES:
        found = pattern.fullmatch(question.path) if host in (base, "*") else None
        if found is not None:
            return reply(question, found)
    return Answer(404, "text/plain; charset=utf-8", b"not found\n")


def _config(question: Question, portal: int) -> str:
    settings = question.portal_of(portal)
    config = {
        "portal": portal,
        "hublet": question.hublet,
        "origins": {
            name: question.origin_of(name) for name in (in_region(host, question.hublet) for host in CHILD_HOSTS)
        },
        "loader": question.url("js.hs-scripts.com", f"/{portal}.js"),
        "banner": "banner" in settings.products,
        "cookiePrompt": settings.cookie_prompt,
        "bannerPolicy": settings.banner_policy,
        "bannerRegions": settings.banner_regions,
        "secureCookies": settings.secure_cookies,
    }
    # The chat's page has this text in a <script>, so "<" is escaped.
    return json.dumps(config).replace("<", "\\u003c")


def _render(name: str, question: Question, portal: int) -> bytes:
    return (_SCRIPTS / name).read_text(encoding="utf-8").replace("__STANDIN__", _config(question, portal)).encode()


def _script(name: str) -> Callable[[Question, re.Match[str]], Answer]:
    def reply(question: Question, found: re.Match[str]) -> Answer:
        portal = int(found.groupdict().get("portal") or 0)
        return Answer(200, _JAVASCRIPT, _render(name, question, portal))

    return reply


def _loader(question: Question, found: re.Match[str]) -> Answer:
    portal = int(found["portal"])
    children = [_CHILDREN[product] for product in question.portal_of(portal).products]
    head, visit, insert = ((_SCRIPTS / name).read_text(encoding="utf-8") for name in _LOADER)
    inserts = []
    for child in children:
        attributes = {name: value.format(portal=portal) for name, value in child.attributes.items()}
        if child.id != "hs-analytics":
            attributes |= {
                "data-loader": "hs-scriptloader",
                "data-hsjs-portal": str(portal),
                "data-hsjs-env": "prod",
                "data-hsjs-hublet": question.hublet,
            }
        arguments = (
            child.id.format(portal=portal),
            question.url(child.host, child.path.format(portal=portal)),
            attributes,
        )
        if child.id == "hs-analytics":
            inserts.append(visit)
        inserts.append(insert.replace("__ARGUMENTS__", ", ".join(json.dumps(argument) for argument in arguments)))
    return Answer(200, _JAVASCRIPT, (head + "".join(inserts)).encode())


def _chat_bootstrap(question: Question, _found: re.Match[str]) -> Answer:
    query = parse_qs(question.query)
    try:
        portal = int(query["portalId"][0])
    except (KeyError, ValueError):
        return Answer(400, _JSON, b'{"status":"error","message":"portalId is not a number"}')
    settings = question.portal_of(portal)
    # An account without a live chatflow has no chat on any page, even if a page loads the script.
    status = settings.chat_status if "chat" in settings.products else 204
    if status != 200:
        return Answer(status, _JSON, b"" if status == 204 else b'{"status":"error"}')
    body = {"portalId": portal, "cookiePrompt": settings.cookie_prompt, "sessionId": "stand-in"}
    return Answer(200, _JSON, json.dumps(body).encode())


def _chat_page(question: Question, found: re.Match[str]) -> Answer:
    return Answer(200, _HTML, _render("chat.html", question, int(found["portal"])))


def _constant(content_type: str, body: bytes) -> Callable[[Question, re.Match[str]], Answer]:
    return lambda _question, _found: Answer(200, content_type, body)


def _embed_style(_question: Question, _found: re.Match[str]) -> Answer:
    return Answer(200, "text/css; charset=utf-8", (_SCRIPTS / "embed.css").read_bytes())


def _routes() -> list[tuple[str, re.Pattern[str], Callable[[Question, re.Match[str]], Answer]]]:
    empty_script = _constant(_JAVASCRIPT, b"// The stand-in has nothing to do here.\n")
    picture = _constant("image/gif", _PIXEL)
    page = _constant(_HTML, b"<!DOCTYPE html><title>Stand-in</title><p>A page of the stand-in for HubSpot.\n")
    table = [
        ("js.hs-scripts.com", r"/(?P<portal>\d+)\.js", _loader),
        ("api.hubapi.com", r"/scriptloader/v1/(?P<portal>\d+)\.js", _loader),
        ("js.hs-analytics.net", r"/analytics/\d+/(?P<portal>\d+)\.js", _script("analytics.js")),
        ("js.hs-banner.com", r"/v2/(?P<portal>\d+)/banner\.js", _script("banner.js")),
        ("js.hs-banner.com", r"/(?P<portal>\d+)\.js", _script("banner.js")),
        ("js.hs-banner.com", r"/v2/(?:activity/(?:view|click)|cf-location)", _constant(_JSON, b"{}")),
        ("js.hs-banner.com", r"/v2/fonts/.*", _constant("font/woff2", b"")),
        ("js.usemessages.com", r"/conversations-embed\.js", _script("conversations-embed.js")),
        ("static.hsappstatic.net", r"/conversations-embed/static-1\.1/embed\.css", _embed_style),
        ("js.hsforms.net", r"/forms/(?:embed/)?v2\.js", _script("forms-embed.js")),
        ("forms.hsforms.com", r"/embed/v3/form/(?P<portal>\d+)/[\w-]+/json", _constant(_JSON, b"{}")),
        ("static.hsappstatic.net", r"/MeetingsEmbed/ex/MeetingsEmbedCode\.js", _script("meetings-embed.js")),
        ("js.hscollectedforms.net", r"/collectedforms\.js", _script("forms.js")),
        ("js.hsadspixel.net", r"/pixels\.js", _script("pixels.js")),
        ("track.hubspot.com", r"/__ptq\.gif", picture),
        ("api.hubspot.com", r"/livechat-public/v1/message/public", _chat_bootstrap),
        ("app.hubspot.com", r"/conversations-visitor/(?P<portal>\d+)/threads/utk/\w+", _chat_page),
        ("app.hubspot.com", r"/api/livechat-public/v1/message", _constant(_JSON, b"{}")),
        ("forms.hscollectedforms.net", r"/collected-forms/v1/config/json", _constant(_JSON, b"{}")),
        ("api.hubapi.com", r"/hs-script-loader-public/v1/config/pixels-and-events/json", _constant(_JSON, b"{}")),
        ("*", r"/.*\.js", empty_script),
        ("*", r"/.*\.(?:gif|png|jpg|ico)", picture),
        ("meetings.hubspot.com", r"/.+", page),
    ]
    return [(host, re.compile(pattern), reply) for host, pattern, reply in table]


_ROUTES = _routes()
