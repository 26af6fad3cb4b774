"""A small app behind the middleware, on a real server, whose pages use real scripts from npm."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from werkzeug.serving import make_server

from consent_middleware import Policy
from consent_middleware.wsgi import ConsentMiddleware

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class App:
    """Serve `pages` (HTML by path) through the middleware, and the files of `folders`. A context manager.

    `types` has the content types of pages that are not HTML, by path.

    Args:
        policy: The policy of the middleware; without one there is no middleware.
        folders: The folders with files, by the first part of the path.
    """

    def __init__(self, policy: Policy | None, folders: Mapping[str, Path]) -> None:
        self.pages: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.folders = dict(folders)
        app = ConsentMiddleware(self._answer, policy) if policy else self._answer
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        # It looks every 0.05 s whether it has to end.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if path in self.pages:
            kind = self.types.get(path, "text/html; charset=utf-8")
            start_response("200 OK", [("Content-Type", kind), *self.headers.items()])
            return [self.pages[path].encode()]
        name, _, rest = str(path).lstrip("/").partition("/")
        parts = [part for part in rest.split("/") if part not in {"", ".."}]
        file = self.folders.get(name, Path("/nowhere")).joinpath(*parts)
        if not file.is_file():
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"nothing here"]
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        start_response("200 OK", [("Content-Type", "text/javascript" if file.suffix == ".js" else kind)])
        return [file.read_bytes()]
