"""Start the demo, print its address, and stop at Ctrl-C: `python -m examples.demo`."""

from __future__ import annotations

import argparse
import errno
import os
import re
import signal
import sys
import threading
import webbrowser

from . import Demo


def main() -> int:
    """Run the demo until it is interrupted. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument(
        "--port", type=_port, default=8000, help="the control page's port (default: 8000, or a free one)"
    )
    parser.add_argument(
        "--portal",
        type=_account,
        default=os.environ.get("HUBSPOT_PORTAL") or None,
        help="use the real HubSpot with this account (default: the environment variable HUBSPOT_PORTAL, or a stand-in)",
    )
    parser.add_argument(
        "--region",
        type=_region,
        default=os.environ.get("HUBSPOT_REGION") or "na1",
        help="where the account lives: na1, eu1 and so on (default: the environment variable HUBSPOT_REGION, or na1)",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--verify", metavar="FOLDER", help="measure both sites with `verify`, write the reports into a folder, and end"
    )
    options = parser.parse_args()
    if options.verify:
        # This needs Playwright and Chromium.
        from .evidence import measure

        return measure(options.verify)

    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    with Demo(portal=options.portal, region=options.region, port=options.port) as demo:
        print(f"The demo is at {demo.address}")
        if demo.port_error is not None:
            in_use = demo.port_error.errno == errno.EADDRINUSE
            why = "is in use" if in_use else f"cannot be had ({demo.port_error.strerror})"
            print(f"(port {options.port} {why}, so a free one was taken)")
        if options.portal:
            print(f"It asks the real HubSpot, account {options.portal}.")
        else:
            print("It asks a stand-in on this computer; HUBSPOT_PORTAL=12345 make demo asks the real HubSpot.")
        print("Ctrl-C ends it.", flush=True)
        if not options.no_browser and _has_screen():
            webbrowser.open(demo.address)
        while not interrupted.wait(0.5):
            pass
    print("\nEnded.")
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 (any free one) to 65535, not {text!r}")
    return int(text)


def _account(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"a HubSpot account is a number, not {text!r}")
    return text


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2}[0-9]{1,2}", text):
        raise argparse.ArgumentTypeError(f"a region is two letters and a number, such as na1 or eu1, not {text!r}")
    return text


def _has_screen() -> bool:
    # Without a screen, `webbrowser` may start a text browser in this terminal.
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
