"""What is released: the wheel and the source distribution, what is in them, and an installation of each kind.

Nothing here needs a network: hatchling builds with what is installed, and pip installs the built file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Sequence
from email import message_from_bytes
from email.message import Message
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from consent_middleware.version import __version__

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
#: The Pythons in the matrix of the workflow.
VERSIONS = re.findall(r'"(3\.\d+)"', (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))
#: What a program that is run needs, without this tree.
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV", "PIP"))}


class Built(NamedTuple):
    wheel: Path
    sdist: Path


def run(*command: object, folder: Path, **variables: str) -> str:
    """Run a command, and return what it prints; what it says is in the error if it fails."""
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={**CLEAN, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="built")
def built_fixture(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Build the source distribution from the tree, and the wheel from that."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def content(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    return message_from_bytes(content(wheel)[f"consent_middleware-{__version__}.dist-info/METADATA"])


def files_of(*patterns: str) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}


def test_both_files_pass_twine_check(built: Built, tmp_path: Path) -> None:
    said = run(sys.executable, "-m", "twine", "--no-color", "check", "--strict", *built, folder=tmp_path)

    assert said.count("PASSED") == 2


def test_wheel_has_the_package_and_nothing_else(built: Built) -> None:
    info = f"consent_middleware-{__version__}.dist-info"
    tree = {name for name in files_of("consent_middleware/**/*") if "__pycache__" not in name}
    names = content(built.wheel).keys()

    assert {name for name in names if not name.startswith(info)} == tree
    assert {f"{info}/licenses/LICENSE", f"{info}/entry_points.txt", f"{info}/METADATA"} <= names
    assert {"consent_middleware/py.typed", "consent_middleware/facade/assets/facade.min.js"} <= tree


def test_sdist_has_what_the_tests_need(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    wanted = {"pyproject.toml", "Makefile", "LICENSE", *files_of("*.md", "docs/*", "requirements/*")}
    assert wanted | files_of("consent_middleware/**/*.py", "tests/**/*.py", "examples/**/*.py") <= names
    assert not [name for name in names if ".cache" in name or ".venv" in name or "__pycache__" in name]


def test_sdist_builds_the_wheel_of_the_tree(built: Built, tmp_path: Path) -> None:
    # The wheel of the fixture is built from the source distribution.
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT, folder=tmp_path)
    (of_tree,) = tmp_path.glob("*.whl")

    assert content(built.wheel) == content(of_tree)


def test_metadata_describes_the_package(built: Built) -> None:
    found = metadata(built.wheel)

    assert (found["Name"], found["Version"], found["License-Expression"]) == (PROJECT["name"], __version__, "MIT")
    assert found["Requires-Python"] == PROJECT["requires-python"]
    assert found.get_all("Provides-Extra") == sorted(PROJECT["optional-dependencies"])
    required = found.get_all("Requires-Dist") or []
    assert required
    assert all("extra ==" in line for line in required), "the package itself has no dependency"


def test_classifiers_name_the_tested_pythons() -> None:
    prefix = "Programming Language :: Python :: "
    listed = [each.removeprefix(prefix) for each in PROJECT["classifiers"] if each.startswith(prefix + "3.")]

    assert listed == VERSIONS
    assert PROJECT["requires-python"] == f">={VERSIONS[0]}"


# Installations


def interpreter(version: str) -> Path | None:
    """Return a Python of this version on this machine, or None."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return Path(sys.executable)
    folders = [Path(folder) for folder in CLEAN.get("PATH", "").split(os.pathsep)]
    versions = Path(CLEAN.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders += [folder / "bin" for folder in sorted(versions.glob(f"{version}.*"))]
    managed = Path(CLEAN.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    folders += [folder / "bin" for folder in sorted(managed.glob(f"cpython-{version}.*"))]
    for folder in folders:
        python = folder / f"python{version}"
        # A shim of a version manager may stand for a Python that is not there.
        if python.is_file() and subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0:
            return python
    return None


def installed(wheel: Path, folder: Path, python: Path) -> Path:
    """Install a wheel alone into a new environment, offline, and return the folder of its programs."""
    run(python, "-m", "venv", "--without-pip", folder, folder=folder.parent)
    programs = folder / "bin"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", programs / "python")
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, folder=folder.parent)
    return programs


APP = """\
from consent_middleware import Policy
from consent_middleware.wsgi import ConsentMiddleware

PAGE = b'<!doctype html><title>Bells</title><script src="//js.hs-scripts.com/12345.js"></script>'


def site(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/html")])
    return [PAGE]


app = ConsentMiddleware(site, Policy(contact_url="/contact"))
if __name__ == "__main__":
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SCRIPT_NAME": ""}
    print(b"".join(app(environ, lambda status, headers: None)).decode())
"""


@pytest.mark.parametrize("version", VERSIONS)
def test_wheel_runs_on_each_python(version: str, built: Built, tmp_path: Path) -> None:
    python = interpreter(version)
    if python is None:
        # Also in CI, where the workflow's matrix runs the quick tests on each version.
        pytest.skip(f"NOT TESTED: there is no Python {version}")
    (tmp_path / "one_file.py").write_text(APP, "utf-8")

    programs = installed(built.wheel, tmp_path / "env", python)

    assert run(programs / "python", "-VV", folder=tmp_path).startswith(f"Python {version}.")
    assert run(programs / "consent-middleware", "--version", folder=tmp_path) == f"consent-middleware {__version__}\n"
    page = run(programs / "python", "-W", "error", "one_file.py", folder=tmp_path)
    assert 'data-consent-src="//js.hs-scripts.com/12345.js"' in page
    assert "data-consent-facade" in page
    explained = run(programs / "consent-middleware", "explain", "--app", "one_file:app", folder=tmp_path)
    assert "chat: facade" in explained


#: For each extra: its modules, and code that needs them.
EXTRAS: dict[str, tuple[Sequence[str], str]] = {
    "django": (["django"], "import consent_middleware.django.conf"),
    "flask": (["flask"], "import consent_middleware.flask"),
    "compression": (["brotli"], "from consent_middleware.coding import CODINGS; assert {b'br', b'zstd'} <= CODINGS"),
    "aiohttp": (["aiohttp"], "import consent_middleware.aiohttp"),
    "audit": (["html5lib"], "import html5lib"),
    "verify": (["playwright"], "import playwright.sync_api"),
}


def test_every_extra_is_tested() -> None:
    assert EXTRAS.keys() == PROJECT["optional-dependencies"].keys()


@pytest.fixture(scope="module", name="programs")
def programs_fixture(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(built.wheel, tmp_path_factory.mktemp("extras") / "env", Path(sys.executable))


@pytest.mark.parametrize("extra", EXTRAS)
def test_extra_works_with_its_modules_alone(extra: str, programs: Path, tmp_path: Path) -> None:
    modules, code = EXTRAS[extra]
    spec = find_spec(modules[0])
    assert spec is not None
    assert spec.origin is not None
    # The environment of the tests has the modules of every extra.
    folder = next(parent for parent in Path(spec.origin).parents if parent.name == "site-packages")

    without = subprocess.run(
        [programs / "python", "-c", code], cwd=tmp_path, env=CLEAN, capture_output=True, text=True, check=False
    )
    run(programs / "python", "-c", code, folder=tmp_path, PYTHONPATH=str(folder))

    assert without.returncode == 1
    assert re.search(r"ModuleNotFoundError|AssertionError", without.stderr)
