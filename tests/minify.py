"""Make the minified parts of the browser's script and its style sheets: `python -m tests.minify`, or `make asset`.

The parts are bundled from the readable modules by esbuild and minified by terser, both pinned in `tests/node`. They lie
in the package, so that installing it needs no build step.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import consent_middleware
from consent_middleware.facade.asset import driver_file, facade_file, style_file
from consent_middleware.vendors import KNOWN_VENDORS

from .npm import NpmError, modules

PACKAGE = Path(consent_middleware.__file__).parent
ASSETS = PACKAGE / "facade" / "assets"
VENDORS = PACKAGE / "vendors"
SCRIPT = Path(__file__).with_suffix(".cjs")


def _ours(entry: str, parameters: str, *, embeds: bool = False) -> dict[str, Any]:
    """Return a part of our own, a function of its parameters, which are free names in the modules."""
    return {
        "code": entry,
        "folder": str(ASSETS),
        "head": f"(({parameters}) => {{",
        "tail": "})",
        "embeds": embeds,
        "isOurs": True,
    }


def _driver(vendor: str, *, embeds: bool) -> dict[str, Any]:
    """Return a vendor's driver, an expression."""
    return {
        "code": f'import {{ driver }} from "./{vendor}.js"; DRIVER = driver;',
        "folder": str(VENDORS),
        "head": "(() => { let DRIVER;",
        "tail": "return DRIVER; })()",
        "embeds": embeds,
        "isOurs": False,
    }


def parts() -> dict[str, dict[str, Any]]:
    """Return every part by its place below the package, as minify.cjs wants it."""
    stand_ins = 'import { installStandIns } from "./stand-ins.js"; installStandIns();'
    found = {
        "facade/assets/guard.min.js": _ours('import "./guard.js";', "RULES, PROXIED"),
        "facade/assets/stand-ins.min.js": _ours(stand_ins, "STAND_INS"),
        "facade/assets/consent.min.js": _ours('import "./consent.js";', "RECEIVERS, CONSENT"),
    }
    for embeds in (False, True):
        found[facade_file(embeds)] = _ours(
            'import "./facade.js";', "SITE, BUTTON_MARKUP, STYLE, DRIVERS, STAND_INS", embeds=embeds
        )
        sheets = ("facade.css", "embeds.css") if embeds else ("facade.css",)
        found[style_file(embeds)] = {"style": "\n".join((ASSETS / name).read_text("utf-8") for name in sheets)}
    for vendor in sorted({vendor.id for vendor in KNOWN_VENDORS}):
        found[driver_file(vendor, embeds=False)] = _driver(vendor, embeds=False)
        if "EMBEDS" in (VENDORS / f"{vendor}.js").read_text("utf-8"):
            found[driver_file(vendor, embeds=True)] = _driver(vendor, embeds=True)
    return found


def minified() -> dict[str, str]:
    """Return the text of every minified file by its place below the package, made afresh.

    Raises:
        NpmError: esbuild, terser or node is missing, or one of them fails.
    """
    wanted = parts()
    packages = modules()
    node = shutil.which("node")
    if node is None:
        raise NpmError("node is missing, which runs esbuild and terser")
    done = subprocess.run(
        [node, SCRIPT, packages],
        input=json.dumps(list(wanted.values())),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise NpmError(f"the script cannot be minified: {done.stderr.strip()[-600:]}")
    made = json.loads(done.stdout)
    return {place: text + "\n" for place, text in zip(wanted, made, strict=True)}


def main() -> int:
    """Write the minified files into the package. Return the exit status."""
    try:
        made = minified()
    except NpmError as error:
        print(error, file=sys.stderr)
        return 1
    for place, text in made.items():
        (PACKAGE / place).write_text(text, "ascii")
        print(f"{place}: {len(text)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
