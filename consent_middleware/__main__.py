"""`python -m consent_middleware`: the command line; see `commands`."""

from __future__ import annotations

import sys

from .commands.main import main

if __name__ == "__main__":
    sys.exit(main())
