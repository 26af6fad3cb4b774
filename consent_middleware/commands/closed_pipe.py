"""The end of a command whose output nobody reads any further, as in `… | head -1`."""

from __future__ import annotations

import os
import sys

#: What a shell reports of a program that a closed pipe has ended: 128, and the number of SIGPIPE (POSIX, 2.8.2).
CLOSED_PIPE = 141


def discard_output() -> None:
    """Discard what is left of standard output. Python would write it when it ends, and complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
