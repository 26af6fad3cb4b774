"""Check the style and the types of the browser's script: `python -m tests.style_js`, a part of `make style`.

The rules of ESLint are in `eslint.config.cjs`, the settings of TypeScript in `tsconfig.json`. `tests/node` pins both.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .npm import NpmError, modules

ROOT = Path(__file__).parents[1]
#: What ESLint reads. The types are checked of what `tsconfig.json` names.
SOURCES = ["consent_middleware/facade/assets", "consent_middleware/vendors", "tests/minify.cjs", "eslint.config.cjs"]


def problems() -> str:
    """Return what ESLint and TypeScript object to, or "".

    Raises:
        NpmError: one of them, or node, is missing.
    """
    packages = modules()
    node = shutil.which("node")
    if node is None:
        raise NpmError("node is missing, which runs ESLint and TypeScript")
    commands: list[list[str | Path]] = [
        [packages / "eslint" / "bin" / "eslint.js", "--max-warnings", "0", *SOURCES],
        [packages / "typescript" / "bin" / "tsc", "--project", ROOT],
    ]
    environment = {**os.environ, "NODE_MODULES": str(packages)}
    found = ""
    for command in commands:
        done = subprocess.run(
            [node, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        if done.returncode != 0:
            found += done.stdout + done.stderr
    return found


def main() -> int:
    """Print the problems. Return the exit status."""
    try:
        found = problems()
    except NpmError as error:
        print(f"NOT CHECKED: the browser's script; {error}", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    print(found or "The browser's script: all checks passed!")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
