"""Makes the minified parts of the facade's script: `python -m tests.minify`, or `make asset`.

Knows: terser and its settings.
Must not know: what the parts do.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import consent_middleware
from consent_middleware.facade.asset import OWN_PARTS, minified_name, source
from consent_middleware.vendors import KNOWN_VENDORS

from .npm import NpmError, fetch

PACKAGE = Path(consent_middleware.__file__).parent
PARTS = [
    ("guard", False),
    ("stand-ins", False),
    *(
        (part, embeds)
        for part in ("facade", *sorted({vendor.id for vendor in KNOWN_VENDORS}))
        for embeds in (False, True)
    ),
]

_SCRIPT = """
const {minify} = require(process.argv[1]);
const parts = JSON.parse(require("fs").readFileSync(0, "utf8"));
(async () => {
  const out = [];
  for (const [code, embeds, own] of parts) {
    const {code: made} = await minify("part=" + code, {
      ecma: 2022,
      compress: {
        ecma: 2022, passes: 5, unsafe_arrows: true, arrows: false, properties: false,
        booleans_as_integers: own, keep_fargs: false, lhs_constants: false,
        global_defs: {EMBEDS: embeds},
      },
      format: {ascii_only: true},
    });
    const bare = made.replace(/^part=/, "").replace(/;$/, "");
    // What our own code compares is of one type, and no constant of it is declared twice.
    out.push(own ? bare.replace(/([=!]=)=/g, "$1").replace(/\\bconst\\b/g, "let") : bare);
  }
  console.log(JSON.stringify(out));
})();
"""


def minified() -> dict[str, str]:
    """Every minified part by its place below the package, made afresh. Raises: NpmError."""
    terser = fetch("terser")
    node = shutil.which("node")
    if node is None:
        raise NpmError("node is missing, which runs terser")
    given = json.dumps([(source(part, embeds), embeds, part in OWN_PARTS) for part, embeds in PARTS])
    done = subprocess.run(
        [node, "-e", _SCRIPT, str(terser)], input=given, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode != 0:
        raise NpmError(f"terser failed: {done.stderr.strip()[-600:]}")
    made = json.loads(done.stdout)
    return {minified_name(part, embeds): code + "\n" for (part, embeds), code in zip(PARTS, made, strict=True)}


def main() -> int:
    """Write the parts into the package. Returns the exit status."""
    try:
        parts = minified()
        for place, code in parts.items():
            (PACKAGE / place).write_text(code, "ascii")
        for place, code in parts.items():
            print(f"{place}: {len(code)} bytes")
    except NpmError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
