"""Writes docs/errors.md: every number that an error may have, with its message and its cure.

The number of a setting needs no entry here, because its declaration says what is allowed. Any other number needs its
cure in `CURES`.
"""

from __future__ import annotations

from consent_middleware.settings import SETTINGS, Setting

from . import messages

#: What to do, by number.
CURES = {
    "CM005": "Give one of the two cookies another name. Without settings they are `consent` and `consent_chat`.",
    "CM011": "Correct the name. [settings.md](settings.md) has all of them. If the name is the site's own, choose "
    "another prefix, or give the settings in code: see [environment.md](environment.md).",
    "CM012": "Give the settings in one place: as keywords, as one `Policy`, in `app.config`, or in the environment.",
    "CM013": "Set the middleware up once for each app.",
    "CM053": "Leave one of the two out. `cacheable=True` is for a site behind a shared cache, where no page can depend "
    "on the visitor.",
    "CM065": "Give a fixed value in place of the callable, or leave `cacheable` out. Addresses by language work with "
    "both.",
    "CM070": "Name a vendor that is in `vendors` and has a consent banner, such as `hubspot`.",
    "CM071": "Leave `forward_consent` out, or add a vendor that can be told of consent to `vendors`, such as "
    "`hubspot`.",
    "CM072": "If visitors choose in the vendor's banner, set `banner` and read its cookie. If they choose in another "
    "consent platform, set `forward_consent`. [hubspot-banner.md](hubspot-banner.md) describes both.",
    "CM075": "Pass `Policy(contact_url=…)`, or leave the policy out. From a mapping: `Policy(**settings)`.",
    "CM076": "Pass the app first and the policy second: `ConsentMiddleware(app, policy)`.",
    "CM077": "Pass the app itself: an object, not its module, its class, or the function that makes it.",
    "CM078": "Take the class for the app's interface: `consent_middleware.wsgi` for Flask and Django's WSGI "
    "application, `consent_middleware.asgi` for Starlette, FastAPI and Django's ASGI application.",
    "CM079": "Use `ConsentMiddleware` of `consent_middleware.wsgi` or `consent_middleware.asgi`.",
    "CM080": "Keep the setting in `CONSENT`, or alone as `CONSENT_…`.",
    "CM081": "Write `CONSENT = {…}` with the settings by name, or a `Policy`.",
    "CM082": "Correct the dotted path, or repair what raises when the module is imported.",
    "CM083": "Put `consent_middleware.django.ConsentMiddleware` first in `MIDDLEWARE`, once. If a WSGI or ASGI "
    "middleware of this package does the work, name `consent.CM083` in `SILENCED_SYSTEM_CHECKS`.",
    "CM084": "Follow the [order of middleware](django.md#where-it-stands-in-middleware). If yours is right, name "
    "`consent.CM084` in `SILENCED_SYSTEM_CHECKS`.",
    "CM085": "Write the variable in the form that the message names. [settings.md](settings.md) has it for each "
    "setting.",
    "CM086": "Leave the variable out, and give the setting in code: `Policy.from_environ(name=…)`.",
    "CM087": "Put the middleware around the whole app, and call `plan_of` in a request that has passed it.",
    "CM095": "Write the place as `module:name`, as it is imported in the folder in which you run the command.",
    "CM096": "Name a `Policy`, or a function without arguments that returns one. For the app itself use `--app`.",
    "CM097": "Name the app that the middleware wraps, as your server gets it, or the policy with `--policy`.",
    "CM098": "Leave out the other options. The policy has all settings of the site.",
    "CM100": "The command `audit` reads pages with html5lib, which the extra `audit` installs. Nothing else needs it.",
    "CM102": "Write addresses in full, such as `https://www.shop.example/contact`, and no more than 50. For a whole "
    "site, audit the app or a folder.",
    "CM103": "Write the file with `--write-baseline FILE`, and keep it as it is.",
    "CM104": "Name what to audit: files, folders, addresses, or an app with `--app` and its paths with `--path /…`. "
    "Where a file is written, its folder must exist.",
    "CM110": "Name at least one page, and split a larger site over several runs of [`verify`](verify.md).",
    "CM111": "Name pages of one site, with the same scheme, host and port.",
    "CM112": "Name a folder that does not exist yet. A result is never mixed with an earlier one.",
    "CM113": "Write the id of a platform in [consent-sources.md](consent-sources.md) behind `--platform`, or leave it "
    "out.",
    "CM114": "Write the whole address of a page, such as `https://www.example.com/`.",
    "CM115": "Name the address to which the page leads, because the consent is written for the host that you name.",
    "CM116": "Install the extra: `pip install consent-middleware[verify]`. Chromium itself is installed separately.",
    "CM117": "Install Chromium (Debian: `apt install chromium`), or name its path behind `--browser`.",
    "CM118": "Start the browser by hand to see what is missing. In a container without the rights for its sandbox, "
    "`--browser-argument=--no-sandbox` helps; measure only sites that you trust then.",
    "CM119": "See that the folder can be written and that the disk is not full.",
}

_BEGINNING = """\
# Errors by number

A mistake in the settings, or in what the middleware is given, is an error when the site starts. Most are a
`PolicyError`, whose `problems` are pairs of a number and a text; all problems of a policy come at once. In Django they
are also system checks, `consent.CM008` and so on. `…` stands for what you have given.
CM110 to CM119 are printed by the command [`verify`](verify.md).

What a visitor sends, and what an app answers, never raises an error. What cannot be done as asked is a
[notice](notices.md) in the log.

This page is made from the package's source by `make docs`. A number keeps its meaning; one that is not here has none
any more.
"""


def page() -> str:
    """Return the text of the page."""
    settings = {setting.number: setting for setting in SETTINGS.values()}
    return "\n".join([_BEGINNING, *(_section(number, settings.get(number)) for number in sorted({*settings, *CURES}))])


def _section(number: str, setting: Setting | None) -> str:
    parts = [f"## {number}"]
    if setting is not None:
        name = setting.name
        parts.append(messages.shown(f"{name} is …; it must be {setting.check.allowed}"))
        parts.append(f"**What to do:** Correct the value. [`{name}`](settings.md#{name}) says what it means.")
    parts += map(messages.shown, messages.errors().get(number, ()))
    if number in CURES:
        parts.append(messages.filled(f"**What to do:** {CURES[number]}"))
    return "\n\n".join(parts) + "\n"
