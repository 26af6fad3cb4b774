"""The example sites on real servers: Flask behind the WSGI gateway, Starlette behind the ASGI gateway."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from werkzeug.serving import make_server

from examples import flask_app, starlette_app

#: The host name of each site in the browser.
NAMES = {"flask": "www.flask.example", "starlette": "www.starlette.example"}
PORTAL = "4711"


class ExampleSites:
    """Serve both sites on 127.0.0.1. A context manager."""

    def __init__(self) -> None:
        self._flask = make_server("127.0.0.1", 0, flask_app.create_app(portal=PORTAL, pause=0.02), threaded=True)
        app = starlette_app.create_app(portal=PORTAL, pause=0.02)
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none", lifespan="off")
        self._starlette = uvicorn.Server(config)
        self._threads = [
            # It looks every 0.05 s whether it has to end.
            threading.Thread(target=self._flask.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._starlette.run, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        while not self._starlette.started:
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._flask.shutdown()
        self._flask.server_close()
        self._starlette.should_exit = True
        for thread in self._threads:
            thread.join(10)

    @property
    def resolver_rules(self) -> str:
        """Return the part of Chromium's `--host-resolver-rules` that resolves both host names to these servers."""
        starlette = self._starlette.servers[0].sockets[0].getsockname()[1]
        ports = {"flask": self._flask.server_port, "starlette": starlette}
        return ", ".join(f"MAP {NAMES[framework]} 127.0.0.1:{port}" for framework, port in ports.items())
