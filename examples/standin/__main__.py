"""Run the stand-in by itself and print its log: `python -m examples.standin`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from . import PRODUCTS, CertificateError, Portal, Record, StandIn


def main(arguments: list[str] | None = None) -> int:
    """Run the stand-in until it is interrupted. Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m examples.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the plain HTTP port (default: any free one)")
    parser.add_argument("--no-https", action="store_true", help="plain HTTP only; makes no certificate")
    parser.add_argument(
        "--without-chat", type=int, action="append", default=[], metavar="PORTAL", help="an account without a chatflow"
    )
    options = parser.parse_args(arguments)
    without_chat = tuple(product for product in PRODUCTS if product != "chat")
    portals = {number: Portal(products=without_chat) for number in options.without_chat}
    interrupted = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        standin = StandIn(portals=portals, https=not options.no_https, port=options.port, on_request=_show)
    except (OSError, CertificateError) as error:
        print(f"The stand-in cannot start: {error}", file=sys.stderr)
        return 1
    with standin:
        print(f"http://127.0.0.1:{standin.http_port}/  plain HTTP, any HubSpot name in the Host header")
        for host, origin in standin.origins.items():
            print(f"{origin}  {host}")
        if not options.no_https:
            print(f"https://127.0.0.1:{standin.https_port}/  for Chromium started with --ignore-certificate-errors and")
            print(f"--host-resolver-rules='{standin.resolver_rules}'")
        print("Ctrl-C ends it.", flush=True)
        while not interrupted.wait(0.5):
            pass
    return 0


def _show(record: Record) -> None:
    print(f"{record.method:7} {record.url}  from {record.page or 'an unknown page'}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
