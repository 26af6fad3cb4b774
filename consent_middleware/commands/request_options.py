"""The options that describe a visitor's request."""

from __future__ import annotations

import argparse


def add_request_options(command: argparse.ArgumentParser) -> None:
    """Add `--cookie` and `--header`. Both go into `headers`, as pairs of bytes with names in lower case."""
    command.add_argument(
        "--cookie",
        action="append",
        dest="headers",
        default=[],
        type=lambda text: _header(f"Cookie: {text}"),
        metavar="'a=b; c=d'",
        help="a Cookie header of the visitor",
    )
    command.add_argument(
        "--header",
        action="append",
        dest="headers",
        type=_header,
        metavar="'Name: value'",
        help="a header of the request",
    )


def _header(text: str) -> tuple[bytes, bytes]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not a header; write 'Name: value'")
    return name.strip().lower().encode("utf-8", "surrogateescape"), value.strip().encode("utf-8", "surrogateescape")
