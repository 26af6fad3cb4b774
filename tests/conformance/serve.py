"""Starts the servers that have no command of their own: `python -m tests.conformance.serve werkzeug PORT`."""

from __future__ import annotations

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tests.conformance.site import wsgi


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def main(server: str, port: int) -> None:
    """Serve the site until the process ends."""
    if server == "werkzeug":
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", port, wsgi, threaded=True)
    else:
        make_server("127.0.0.1", port, wsgi, _Threads, WSGIRequestHandler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
