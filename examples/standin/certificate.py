"""A self-signed certificate for HubSpot's names, made by the `openssl` command when the stand-in starts.

The key is in a temporary folder until it is loaded, and never kept.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path


class CertificateError(RuntimeError):
    """No certificate could be made; the message says what to install."""


def server_context(domains: Sequence[str]) -> ssl.SSLContext:
    """Return a TLS context with a fresh self-signed certificate for each domain and its direct subdomains.

    Raises:
        CertificateError: The `openssl` command is missing or fails.
    """
    names = [name for domain in domains for name in (domain, f"*.{domain}")]
    with tempfile.TemporaryDirectory(prefix="standin-") as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        _make_certificate(names, key, certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context


def _make_certificate(names: Sequence[str], key: Path, certificate: Path) -> None:
    command = shutil.which("openssl")
    if command is None:
        raise CertificateError(
            "HTTPS needs a certificate: install the `openssl` command (Debian: apt install openssl), "
            "or do without HTTPS: StandIn(https=False)"
        )
    # LibreSSL, which macOS ships as `openssl`, has long lacked -addext, so the names are in a configuration file.
    configuration = key.with_name("request.cnf")
    configuration.write_text(
        "[req]\nprompt = no\ndistinguished_name = subject\nx509_extensions = extensions\n"
        "[subject]\nCN = stand-in for HubSpot\n"
        "[extensions]\nbasicConstraints = critical, CA:FALSE\nextendedKeyUsage = serverAuth\n"
        f"subjectAltName = {', '.join('DNS:' + name for name in names)}\n",
        encoding="ascii",
    )
    arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-config", str(configuration), "-keyout", str(key), "-out", str(certificate)]
    done = subprocess.run([command, *arguments, *files], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CertificateError(f"openssl made no certificate: {done.stderr.strip()}")
