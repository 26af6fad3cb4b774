"""Measure a site, judge what was seen, and write the folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from consent_middleware.policy import Policy
from consent_middleware.vendors import VENDORS

from .document import Result
from .folder import write_folder
from .promises import Verdict, judge
from .sessions import measure
from .settings import VerifySettings


def verify(settings: VerifySettings, words: Sequence[str], report: Callable[[str], object]) -> list[Verdict]:
    """Measure a site, write the folder, and return the verdicts.

    Args:
        settings: what to measure.
        words: the command line, for the manifest.
        report: is told what happens, for a person who waits.

    Raises:
        VerifyError: There is no browser, the site cannot be opened, or the settings cannot be used.
    """
    started = _now()
    with tempfile.TemporaryDirectory(prefix="consent-verify-") as raw:
        measurement = measure(settings, Path(raw), report)
        verdicts = judge(measurement.records, settings.vendor.name)
        result = Result(settings=settings, measurement=measurement, verdicts=verdicts, started=started, ended=_now())
        write_folder(result, Path(raw), words)
    return verdicts


def verified(urls: Sequence[str], folder: Path, **settings: Any) -> list[Verdict]:
    """Measure a site from Python; see `verify`.

    Args:
        urls: the pages of one site.
        folder: a new folder for the report.
        settings: more settings of `VerifySettings`. By default the vendor is the first known one, and the policy has
            the default settings.
    """
    defaults: dict[str, Any] = {"vendor": VENDORS[0], "policy": Policy(), "proxied": {}}
    return verify(VerifySettings(urls=urls, folder=folder, **(defaults | settings)), [], lambda _: None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
