"""What an audit reads: files, folders and addresses, and the numbered errors in how it is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from consent_middleware.policy import PolicyError

from .fetch import MAX_ADDRESSES, origin_of
from .pages import MAX_PAGE, Page, PageReport
from .tree import UnreadableError

#: The files of a folder that are pages.
PATTERNS = ("*.html", "*.htm", "*.xhtml")


def split_inputs(inputs: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the addresses and the paths among the inputs.

    Raises:
        PolicyError: An address cannot be asked, or there are too many (CM102).
    """
    addresses: list[str] = []
    paths: list[str] = []
    for each in inputs:
        (addresses if "://" in each else paths).append(each)
    for address in addresses:
        if not origin_of(address):
            raise PolicyError([("CM102", "an address must begin with http:// or https://, a host, and no user name")])
    if len(addresses) > MAX_ADDRESSES:
        raise PolicyError([("CM102", f"{len(addresses)} addresses are too many; name at most {MAX_ADDRESSES}")])
    return addresses, paths


def files_of(path: str, patterns: Sequence[str]) -> list[Path] | PageReport:
    """Return a file, or the pages of a folder in order; a report with the reason if there is none."""
    place = Path(path)
    if not place.is_dir():
        return [place]
    found = sorted({file for pattern in patterns for file in place.rglob(pattern) if file.is_file()})
    return found or PageReport(path, f"no file in this folder fits {', '.join(patterns)}")


def read_file(path: Path) -> Page:
    """Return the page in a file.

    Raises:
        UnreadableError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that a longer file is noticed.
            return Page(path.as_posix(), file.read(MAX_PAGE + 1))
    except (OSError, ValueError) as error:
        raise UnreadableError(getattr(error, "strerror", None) or "it cannot be read") from error


def read_baseline(path: str) -> Mapping[str, str]:
    """Return the findings of a baseline: a text for each fingerprint.

    Raises:
        PolicyError: The file is missing, or is no baseline (CM103).
    """
    try:
        data = json.loads(Path(path).read_bytes())
        known = data["findings"]
        if data["schema_version"] == 1 and all(isinstance(text, str) for text in known.values()):
            return dict(known)
        reason = "it is no baseline"
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        reason = "it is no baseline"
    raise PolicyError([("CM103", f"the baseline {path} cannot be used: {reason}; write one with --write-baseline")])


def baseline_text(findings: Mapping[str, str]) -> str:
    """Return a baseline with these findings, in an order that does not depend on the pages'."""
    return json.dumps({"schema_version": 1, "findings": dict(sorted(findings.items()))}, indent=2) + "\n"
