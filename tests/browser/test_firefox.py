"""The main paths through the facade in Firefox, where another engine may behave differently."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from consent_middleware.purpose import Purpose
from examples.standin import StandIn

from .firefox import Run
from .insertions import BEACONS, UNRELEASED, WAYS, Attempts, attempt, place_for
from .pages import CHAT, LOG_RAN, decide, document, put
from .site import Document, Site
from .test_embeds import CODE as LIBRARY_CODE
from .test_embeds import LIBRARY, inline


@pytest.fixture
def home(site: Site) -> str:
    """Return the address of the site on this machine, because Firefox is not given other host names."""
    return f"http://127.0.0.1:{site.port}/"


def chat_at(standin: StandIn) -> Any:
    """Return the chat script with an address on this machine."""
    return replace(CHAT, src=f"{standin.origin('js.usemessages.com')}/conversations-embed.js")


def test_click_opens_chat_and_states_are_announced(run: Run, site: Site, standin: StandIn, home: str) -> None:
    put(site, document(chat=chat_at(standin)))
    found = run(
        f"""
        await page.goto("{home}");
        await inState("idle");
        const told = await page.evaluate(() => {{
          window.told = [];
          for (const name of ["loading", "ready"]) document.addEventListener("consent:chat-" + name, (event) =>
            told.push([name, event.target.shadowRoot.querySelector("[role=status]").textContent]));
        }});
        const element = await button();
        const name = await element.evaluate((each) => [each.textContent, each.getAttribute("aria-haspopup"),
          each.getRootNode().getElementById(each.getAttribute("aria-describedby")).textContent]);
        await element.focus();
        await page.keyboard.press("Enter");
        await inState("ready");
        await there("document.activeElement.id && document.cookie.includes('consent_chat')");
        return [name, await page.evaluate(() => [told, document.activeElement.id, document.cookie,
          document.documentElement.className])];
        """
    )
    assert found[0] == ["Chat with us", "dialog", "Opens HubSpot's chat, which stores a cookie on your device."]
    assert found[1][0] == [["loading", "Loading chat…"], ["ready", "The chat is open."]]
    assert found[1][1] == "hubspot-conversations-iframe"
    assert "consent_chat=1" in found[1][2]
    assert found[1][3] == "hs-messages-widget-open"
    assert {record.host for record in standin.requests} == {"js.usemessages.com", "api.hubspot.com", "app.hubspot.com"}


def test_chat_learns_the_address_of_a_route(run: Run, site: Site, standin: StandIn, home: str) -> None:
    put(site, document(chat=chat_at(standin), placeholders=True))
    refreshes = "standInCalls.filter(([name]) => name === 'refresh').length"
    found = run(
        f"""
        await page.goto("{home}");
        await inState("idle");
        await (await button()).click();
        await inState("ready");
        await page.evaluate(() => {{ history.pushState({{}}, "", "/one"); history.pushState({{}}, "", "/two") }});
        await there("{refreshes} === 1 && HubSpotConversations.widget.status().loaded");
        await quiet();
        return page.evaluate(() => {refreshes});
        """
    )
    assert found == 1
    assert [record.query for record in standin.requests if "/threads/utk/" in record.path][-1].count("%2Ftwo&") == 1


def test_failure_shows_message_and_link(run: Run, site: Site, standin: StandIn, home: str) -> None:
    standin.faults["js.usemessages.com"] = "refuse"
    put(site, document(chat=chat_at(standin)))
    text = run(
        f"""
        await page.goto("{home}");
        await inState("idle");
        await (await button()).click();
        await inState("failed");
        return page.evaluate(() => document.querySelector("[data-consent-facade]").shadowRoot.textContent);
        """
    )
    assert "The chat could not be loaded." in text
    assert "Contact us" in text


def test_chat_opens_under_strict_policy(run: Run, site: Site, standin: StandIn, home: str) -> None:
    local = " ".join(standin.origin(host) for host in ("api.hubspot.com", "app.hubspot.com"))
    policy = f"script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; connect-src 'self' {local}"
    put(site, document(chat=chat_at(standin), nonce="abc"), headers={"Content-Security-Policy": policy})
    height = run(
        f"""
        await page.goto("{home}");
        await inState("idle");
        const height = await (await button()).evaluate((each) => getComputedStyle(each).minBlockSize);
        await (await button()).click();
        await inState("ready");
        return height;
        """
    )
    assert height == "48px"


def test_release_keeps_the_order(run: Run, site: Site, home: str) -> None:
    names = ("first", "second", "any", "late")
    for name in names:
        site.pages[f"/{name}.js"] = Document(f"ran.push('{name}')".encode(), {"Content-Type": "text/javascript"})
    blocked = '<script type="text/x-consent" data-consent="tracking" data-consent-src="/{}.js" {}></script>'
    say = '<script type="text/x-consent" data-consent="tracking">ran.push("inline")</script>'
    tags = blocked.format("late", "defer") + blocked.format("first", "") + say + blocked.format("second", "")
    put(site, document(head=LOG_RAN, before=tags, blocked=tuple(f"/{name}.js" for name in names)))
    decide(site, tracking=True)
    found = run(
        f"""
        await page.goto("{home}");
        await inState("idle");
        await page.evaluate(() => document.cookie = "choice=1");
        await there("ran.length === 4");
        await quiet();
        return page.evaluate(() => ran);
        """
    )
    assert found == ["first", "inline", "second", "late"]


def test_click_on_placeholder_loads_the_form(run: Run, site: Site, home: str) -> None:
    library = (
        '<script type="text/x-consent" data-consent="embeds" data-consent-kind="forms" '
        f'data-consent-src="{LIBRARY}"></script>'
    )
    put(
        site,
        document(
            head=LOG_RAN,
            before=f'<section id="here" aria-label="Forms">{library}{inline(1)}</section>',
            blocked=(LIBRARY,),
            placeholders=True,
        ),
    )
    site.pages[LIBRARY] = Document(LIBRARY_CODE.encode(), {"Content-Type": "text/javascript"})
    found = run(
        f"""
        await page.goto("{home}");
        await there("document.querySelector('div[tabindex]')");
        const element = await page.evaluateHandle(() =>
          document.querySelector("div[tabindex]").shadowRoot.querySelector("button"));
        const name = await element.evaluate((each) => each.textContent);
        await element.click();
        await there("document.forms.length === 1");
        return [name, await page.evaluate(() => ran)];
        """
    )
    assert found == ["Show the form", ["library", "form 1"]]


#: The ways to insert the loader that Firefox tries.
LOADER_WAYS = {way: code for way, code in WAYS.items() if "inline loader" not in way}
OTHER_WAYS = BEACONS | UNRELEASED
#: The ways of which Firefox reports no request even where they may load, so that their waiting proves little.
UNREPORTED = {"a hint in markup", "object", "object-attribute", "object-markup", "embed"}


def attempts(run: Run, site: Site, ways: dict[str, str], *allowed: Purpose, consent: bool = False) -> Attempts:
    """Try ways on one page on which purposes are allowed, and, if wanted, on another that then gets consent."""
    site.clear()
    places = "".join(place_for(number, code) for number, code in enumerate(ways.values()))
    put(site, document(guard=allowed, before=places))
    codes = json.dumps([[way, attempt(number, code)] for number, (way, code) in enumerate(ways.items())])
    trying = f"""
        await page.goto("http://127.0.0.1:{site.port}/");
        await inState("idle");
        const errors = {{}};
        for (const [way, code] of {codes})
          await page.evaluate((code) => void new Function(code)(), code)
            .catch((error) => {{ errors[way] = `${{error}}` }});
    """
    found = Attempts(ways)
    found.errors, found.before = run(f"{trying} await quiet(); return [errors, urls];")
    if consent:
        decide(site, tracking=True)
        # The tests tell which way has not come.
        found.after = run(
            f"""
            {trying}
            await page.evaluate(() => {{ document.cookie = "choice=1" }});
            await there("window.came?.length >= {len(ways)}").catch(() => {{}});
            await quiet();
            return urls;
            """
        )
    return found


@pytest.fixture(scope="module")
def scripts(run: Run, shared_site: Site) -> Attempts:
    """Return the outcome of the ways to insert the loader, on a page where it waits for consent."""
    return attempts(run, shared_site, LOADER_WAYS, consent=True)


@pytest.fixture(scope="module")
def beacons(run: Run, shared_site: Site) -> Attempts:
    """Return the outcome of the other ways, on a page where all wait for consent."""
    return attempts(run, shared_site, OTHER_WAYS)


@pytest.fixture(scope="module")
def untouched(run: Run, shared_site: Site) -> Attempts:
    """Return the outcome of the other ways, on a page where all may load."""
    return attempts(run, shared_site, OTHER_WAYS, Purpose.TRACKING, Purpose.EMBEDS)


@pytest.mark.parametrize("way", LOADER_WAYS)
def test_guard_blocks_script_however_inserted(scripts: Attempts, way: str) -> None:
    assert scripts.of(way, scripts.before) == []
    assert len(scripts.of(way, scripts.after)) == 1


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_guard_blocks_images_frames_and_hints(beacons: Attempts, way: str) -> None:
    """Of these, `input`, `imagesrcset`, `setHTML` and `parseHTML` need their patches in Firefox alone."""
    assert beacons.of(way, beacons.before) == []


@pytest.mark.parametrize("way", [way for way in OTHER_WAYS if way not in UNREPORTED])
def test_images_frames_and_hints_pass_if_allowed(untouched: Attempts, way: str) -> None:
    """What waits above would load."""
    assert untouched.of(way, untouched.before)


def test_guard_lets_no_other_request_pass(scripts: Attempts, beacons: Attempts) -> None:
    assert scripts.before == []
    assert len(scripts.after) == len(LOADER_WAYS)
    assert beacons.before == []
