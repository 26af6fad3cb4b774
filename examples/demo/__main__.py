"""Start the demo, print its address, and stop at Ctrl-C: `python -m examples.demo`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import webbrowser

from . import Demo


def main() -> int:
    """Run the demo until it is interrupted. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000, help="the control page's port (default: 8000, or a free one)")
    parser.add_argument(
        "--portal",
        default=os.environ.get("HUBSPOT_PORTAL") or None,
        help="use the real HubSpot with this account (default: the environment variable HUBSPOT_PORTAL, or a stand-in)",
    )
    parser.add_argument("--region", default=os.environ.get("HUBSPOT_REGION") or "na1", help="where the account lives")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    if options.portal is not None and not (options.portal.isascii() and options.portal.isdigit()):
        parser.error(f"a HubSpot account is a number, not {options.portal!r}")

    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    with Demo(portal=options.portal, region=options.region, port=options.port) as demo:
        print(f"The demo is at {demo.address}")
        if options.port and demo.port != options.port:
            print(f"(port {options.port} is in use)")
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


def _has_screen() -> bool:
    # Without a screen, `webbrowser` may start a text browser in this terminal.
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
