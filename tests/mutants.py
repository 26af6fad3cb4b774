"""Breaks the package on purpose, one guard at a time, and sees that the tests notice: `python -m tests.mutants`.

A test that has never failed proves nothing. Each mutant here is one line of the package changed; the tests named beside
it must then fail. Exit status 1 when a mutant lives.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Mutant(NamedTuple):
    """A line of a file of the package, what it becomes, and the tests that must see it."""

    file: str
    old: str
    new: str
    tests: str


LAWS = "tests/test_laws.py"
DOORS = "tests/conformance/test_doors.py"
MUTANTS = [
    Mutant("consent.py", "if State.DENIED in found:", "if State.DENIED in found and len(found) == 1:", "tests/test_consent.py"),
    Mutant("consent.py", "return self.state(category) is State.GRANTED", "return self.state(category) is not State.DENIED", "tests/test_policy.py"),
    Mutant("cookies.py", "deletes=expires_deletes if max_age_deletes is None else max_age_deletes", "deletes=expires_deletes", "tests/test_cookies.py"),
    Mutant("cookies.py", 'self._pairs.setdefault(name.strip(_WSP), []).append', 'self._pairs.setdefault(name.strip(_WSP), []).__setitem__(slice(None), []) or self._pairs[name.strip(_WSP)].append', "tests/test_cookies.py"),
    Mutant("sources/own.py", "if not listed <= _CATEGORIES:", "if not listed & _CATEGORIES:", "tests/test_own_cookie.py"),
    Mutant("sources/own.py", "_denials(_read(value, name))", "_read(value, name)", "tests/test_own_cookie.py"),
    Mutant("policy.py", "missing = [category for category in required if not consent.grants(category)]", "missing = [category for category in required[:1] if not consent.grants(category)]", "tests/test_policy.py"),
    Mutant("policy.py", "and any(plan.consent.state(category) is State.DENIED", "and any(plan.consent.state(category) is not State.GRANTED", "tests/test_policy.py"),
    Mutant("policy.py", "required = [(purpose, sorted(categories))", "required = [(purpose, categories)", "tests/test_policy.py"),
    Mutant("holds.py", "if self.plan.allows(rule.purpose):", "if not self.plan.allows(rule.purpose) and False:", LAWS),
    Mutant("holds.py", "if not src or not _runs(tag):", "if not src:", "tests/test_holds.py"),
    Mutant("holds.py", 'b"src", b"type", b"language", b"id", b"href"', 'b"src", b"type", b"language", b"href"', "tests/test_holds.py"),
    Mutant("holds.py", "if self._chat is None or self._chat_loads:", "if self._chat is None:", "tests/test_holds.py"),
    Mutant("holds.py", 'if not types & _HINTS or "stylesheet" in types:', "if not types & _HINTS:", "tests/test_holds.py"),
    Mutant("holds.py", "return f\"//{self.authority}{path}\" if base and base.host and self.authority else path", "return path", LAWS),
    Mutant("rules.py", "(?:-(?P<region>[a-z]{2}[0-9]{1,2}))?", "(?:-(?P<region>.+))?", "tests/test_hubspot.py"),
    Mutant("rules.py", 'host = host.partition(".")[2]', 'host = ""', "tests/test_hubspot.py"),
    Mutant("vendors/hubspot.py", "if not _PORTAL.fullmatch(portal):", "if False:", "tests/test_hubspot.py"),
    Mutant("headers.py", "return cookie.name in withheld and not cookie.deletes", "return cookie.name in withheld", DOORS),
    Mutant("headers.py", "return cookie.name in withheld and not cookie.deletes", "return any(name in line for name in withheld) and not cookie.deletes", DOORS),
    Mutant("headers.py", 'return add_vary(kept, b"Cookie")', "return kept", DOORS),
    Mutant("headers.py", "elif document and name in", "elif name in", "tests/test_headers.py"),
    Mutant("headers.py", "elif not only_own and _MARK not in opaque:", "elif not only_own:", "tests/test_headers.py"),
    Mutant("headers.py", '_DIGESTS | {b"content-length", b"accept-ranges"}', '_DIGESTS | {b"accept-ranges"}', DOORS),
    Mutant("coding.py", "self._engine.decompress(rest, PIECE)", "self._engine.decompress(rest)", "tests/test_coding.py"),
    Mutant("coding.py", "self._engine.flush(zlib.Z_SYNC_FLUSH)", 'b""', "tests/test_coding.py"),
    Mutant("exchange.py", "if not self._decoder.complete:", "if False:", "tests/test_exchange.py"),
    Mutant("exchange.py", "self._request.method != \"HEAD\" and status not in _NO_CONTENT", "status not in _NO_CONTENT", DOORS),
    Mutant("wsgi.py", "            _close(iterable)\n            raise", "            raise", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "self._exc_info = None  # a", "pass  # a", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "self._server_write(self._exchange.feed(data))", "self._server_write(data)", "tests/test_wsgi.py"),
    Mutant("wsgi.py", "        if not self._exchange.rewrites:\n            self._forward(streamed)\n            return iterable\n", "", "tests/test_wsgi.py"),
    Mutant("asgi.py", "        else:\n            await self.finish()\n            await self._send(message)", "", "tests/test_asgi.py"),
    Mutant("asgi.py", "body if more else body + self._exchange.close()", "body + self._exchange.close()", "tests/test_asgi.py"),
    Mutant("asgi.py", "        await response.finish()\n", "", "tests/test_asgi.py"),
    Mutant("asgi.py", "{**scope, \"headers\": exchange.request_headers, PLAN_KEY: exchange.plan}", "scope | {\"headers\": exchange.request_headers}", "tests/test_asgi.py"),
    Mutant("endpoint.py", "    return f\"{mount.rstrip('/')}{policy.path}/{ASSET.name}\"", "    return f\"{policy.path}/{ASSET.name}\"", "tests/test_wsgi.py"),
]  # fmt: skip


def is_killed(mutant: Mutant, copy: Path) -> bool:
    """Whether the mutant's tests fail in a copy of the project that holds it."""
    path = copy / "consent_middleware" / mutant.file
    source = path.read_text("utf-8")
    if source.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file}: {mutant.old!r} stands there {source.count(mutant.old)} times, not once")
    path.write_text(source.replace(mutant.old, mutant.new), "utf-8")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests.split()],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
        )
    finally:
        path.write_text(source, "utf-8")
    # Status 1 is "tests failed"; anything else (a mutant that cannot be imported, say) proves nothing.
    return done.returncode == 1


def main(wanted: list[str]) -> int:
    """Try every mutant, or those whose file is named. Returns the exit status."""
    chosen = [mutant for mutant in MUTANTS if not wanted or mutant.file in wanted]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".cache", "node_modules", ".*_cache"))
        living = []
        for mutant in chosen:
            killed = is_killed(mutant, copy)
            print("killed" if killed else "LIVES ", mutant.file, "|", mutant.new.strip() or "(taken out)", flush=True)
            if not killed:
                living.append(mutant)
    print(f"{len(chosen) - len(living)} of {len(chosen)} mutants killed")
    return 1 if living else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
