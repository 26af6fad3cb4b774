"""Writes docs/settings.md from the declared settings."""

from __future__ import annotations

from textwrap import fill

from consent_middleware.checks import Form
from consent_middleware.settings import TOPICS, Setting

_BEGINNING = """\
# Settings

All are keywords of `Policy` and of every middleware: `ConsentMiddleware(app, contact_url="/contact")`. In Flask's
`app.config`, in Django's settings and in [the environment](environment.md) they are `CONSENT_…`:
`CONSENT_CONTACT_URL` is `contact_url`. Django also has them all in one mapping, `CONSENT`. Other frameworks pass their
settings to `Policy.from_mapping`. A wrong value raises `PolicyError` with the setting's number, and so does an unknown
name (CM011).
This page is made from the declarations in `consent_middleware/settings.py`, by `make docs`.
"""


def page() -> str:
    """Return the text of the page."""
    parts = [_BEGINNING]
    for topic, settings in TOPICS.items():
        parts.append(f"## {topic}\n")
        parts += [_section(setting) for setting in settings]
    return "\n".join(parts)


def _section(setting: Setting) -> str:
    default = list(setting.default) if isinstance(setting.default, tuple) else setting.default
    facts = f"Default: `{default!r}`. Allowed ({setting.number}): {setting.check.allowed}."
    if setting.check.form is not Form.TEXT:
        facts += f" As an environment variable: {setting.check.form.value}."
    return f"### `{setting.name}`\n\n{_filled(setting.doc)}\n\n{_filled(facts)}\n"


def _filled(paragraph: str) -> str:
    return fill(paragraph, 120, break_long_words=False, break_on_hyphens=False)
