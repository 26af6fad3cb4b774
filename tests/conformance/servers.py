"""The servers that the middleware is tested with, and how each is started. Their faults are in `faults.py`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

ROOT = Path(__file__).parents[2]
SITE = "tests.conformance.site"


@dataclass(frozen=True)
class Command:
    """The command that starts a server; `{port}` is the port that it listens on."""

    gateway: str
    words: str
    #: The protocol the tests speak to it.
    h2: bool = False
    #: Whether nginx is in front of it.
    behind_nginx: bool = False


COMMANDS = {
    "uvicorn h11": Command("asgi", f"uvicorn {SITE}:asgi --port {{port}} --http h11 --log-level error"),
    "uvicorn httptools": Command("asgi", f"uvicorn {SITE}:asgi --port {{port}} --http httptools --log-level error"),
    "hypercorn": Command("asgi", f"hypercorn {SITE}:asgi -b 127.0.0.1:{{port}}"),
    "hypercorn h2c": Command("asgi", f"hypercorn {SITE}:asgi -b 127.0.0.1:{{port}}", h2=True),
    "granian asgi": Command("asgi", f"granian --interface asgi {SITE}:asgi --port {{port}} --no-ws"),
    "gunicorn asgi": Command("asgi", f"gunicorn -k asgi -b 127.0.0.1:{{port}} {SITE}:asgi"),
    "granian wsgi": Command("wsgi", f"granian --interface wsgi {SITE}:wsgi --port {{port}} --no-ws"),
    "gunicorn sync": Command("wsgi", f"gunicorn -b 127.0.0.1:{{port}} {SITE}:wsgi"),
    "gunicorn gthread": Command("wsgi", f"gunicorn -k gthread --threads 4 -b 127.0.0.1:{{port}} {SITE}:wsgi"),
    "waitress": Command("wsgi", f"waitress --listen 127.0.0.1:{{port}} {SITE}:wsgi"),
    "werkzeug": Command("wsgi", "tests.conformance.serve werkzeug {port}"),
    "wsgiref": Command("wsgi", "tests.conformance.serve wsgiref {port}"),
    "nginx before uvicorn": Command(
        "asgi", f"uvicorn {SITE}:asgi --port {{port}} --http httptools --log-level error", behind_nginx=True
    ),
    "nginx before gunicorn": Command("wsgi", f"gunicorn -b 127.0.0.1:{{port}} {SITE}:wsgi", behind_nginx=True),
}


@dataclass
class Running:
    """A running server on loopback. `folder` is where its site reads files, `log` is its output."""

    name: str
    command: Command
    port: int
    folder: Path
    log: Path


#: The range of ports to search. The system uses none of it for connections, and each process of pytest-xdist has its
#: own part, so that a free port stays free until the server has started.
_FIRST, _LAST = 12_000, 32_000
_WORKERS = 20
_next_port = count()


def free_port() -> int:
    """Return a free port."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    span = (_LAST - _FIRST) // _WORKERS
    # Test runs of several checkouts at the same time begin at different ports.
    start = os.getppid() * 37 % span
    for _ in range(span):
        port = _FIRST + worker * span + (start + next(_next_port)) % span
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("every port is taken")


@contextmanager
def started(words: list[str], port: int, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, yield its process when it accepts connections, and end it with the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            words, cwd=ROOT, stdout=file, stderr=file, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}
        )
    try:
        for _ in range(3000):
            if process.poll() is not None:
                raise RuntimeError(f"{words} has ended: {log.read_text('utf-8', 'replace')[-2000:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        else:
            raise RuntimeError(f"{words} does not listen: {log.read_text('utf-8', 'replace')[-2000:]}")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(name: str) -> Iterator[Running]:
    """Start the server of that name, and end it with the block."""
    command = COMMANDS[name]
    with tempfile.TemporaryDirectory() as place:
        folder, port = Path(place), free_port()
        log = folder / "log"
        log.touch()
        words = [sys.executable, "-m", *command.words.format(port=port).split()]
        with started(words, port, log, CONFORMANCE_FOLDER=place, PYTHONWARNINGS="ignore"):
            if not command.behind_nginx:
                yield Running(name, command, port, folder, log)
                return
            front = free_port()
            location = f"location / {{ proxy_pass http://127.0.0.1:{port}; }}"
            with nginx(folder / "nginx", front, location):
                yield Running(name, command, front, folder, log)


NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/temp;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_buffering off;
  {outside}
  server {{
    listen 127.0.0.1:{port};
    {location}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, location: str, outside: str = "") -> Iterator[Path]:
    """Start a real nginx with one server, and yield the folder of its logs.

    `outside` is put around the server's configuration, `location` into it.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "the fixture has looked for it"
    folder.mkdir()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, location=location, outside=outside), "utf-8")
    with started([program, "-p", str(folder), "-c", str(configuration)], port, folder / "error.log"):
        yield folder


@contextmanager
def varnish(folder: Path, port: int, backend: int, subroutines: str = "") -> Iterator[Path]:
    """Start a real Varnish in front of a port, with more VCL if given, and yield its folder."""
    program = shutil.which("varnishd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program, "the fixture has looked for it"
    folder.mkdir()
    recipe = folder / "default.vcl"
    head = f'vcl 4.1;\nbackend default {{ .host = "127.0.0.1"; .port = "{backend}"; }}\n'
    recipe.write_text(head + subroutines, "utf-8")
    words = [program, "-F", "-j", "none", "-f", str(recipe), "-a", f"127.0.0.1:{port}", "-n", str(folder / "work")]
    with started([*words, "-s", "malloc,32m"], port, folder / "log"):
        yield folder
