"""Real OCaml files, found on the machine at run time: nothing of them is kept here.

Three sources: the standard library of the installed OCaml, the libraries installed beside it, and Debian's source
packages, which are fetched once into `.tools/ocaml-sources` where a Debian mirror can be reached.
"""

import functools
import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

from tools.own_ocaml import CHECKOUT, use_own_ocaml

SHORTEST, LONGEST = 10, 5000
"""Lines of the files that are taken."""

_PACKAGES = ("ocaml", "ocaml-dune", "menhir")
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SOURCES = CHECKOUT / ".tools" / "ocaml-sources"


@frozen
class SourceFile:
    """A file of the corpus: where it is from, its name there, its text with LF line ends."""

    source: str
    name: str
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.removesuffix("\n").split("\n")


@functools.cache
def corpus() -> tuple[SourceFile, ...]:
    """All files, in an order that depends on their names alone."""
    use_own_ocaml()
    asked = subprocess.run(["ocamlc", "-where"], capture_output=True, text=True, check=False, timeout=60)
    files: list[SourceFile] = []
    if asked.returncode == 0:
        where = Path(asked.stdout.strip())
        files += _taken("standard library", where, where.glob("*.ml*"))
        files += _taken("installed libraries", where, where.glob("*/**/*.ml*"))
    for package in _PACKAGES:
        folder = _SOURCES / package
        files += _taken(f"Debian source {package}", folder, folder.rglob("*.ml*"))
    if not files:
        raise SystemExit("No OCaml source was found. Run tools/setup first.")
    return tuple(files)


def fetch() -> None:
    """Fetches the source packages that are not there yet. What cannot be fetched is said, and left out."""
    missing = [package for package in _PACKAGES if not (_SOURCES / package).is_dir()]
    if not missing:
        return
    if not _KEYRING.exists():
        print(f"No Debian keyring at {_KEYRING}: the bench goes on without {', '.join(missing)}.", file=sys.stderr)
        return
    _SOURCES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_SOURCES) as state:
        for package in missing:
            if not _fetched(package, Path(state)):
                print(f"Debian's source of {package} was not to be had: the bench goes on without it.", file=sys.stderr)


def summary(files: Iterable[SourceFile]) -> dict[str, int]:
    """How many files of each source there are."""
    return dict(Counter(file.source for file in files))


def _taken(source: str, folder: Path, paths: Iterable[Path]) -> list[SourceFile]:
    files = []
    for path in sorted(paths):
        if path.suffix not in (".ml", ".mli") or not path.is_file():
            continue
        try:
            text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
        if SHORTEST <= text.count("\n") <= LONGEST and "\r" not in text and "\0" not in text:
            files.append(SourceFile(source, path.relative_to(folder).as_posix(), text))
    return files


def _fetched(package: str, state: Path) -> bool:
    archive = state / package
    archive.mkdir()
    try:
        _apt(state, "update", cwd=archive)
        _apt(state, "source", "--download-only", package, cwd=archive)
    except (OSError, subprocess.SubprocessError):
        pass  # a part of the package may be there all the same, and its upstream half is all that is needed
    found = next(iter(sorted(archive.glob("*.orig.tar.*"))), None)
    if found is None:
        return False
    unpacked = archive / "unpacked"
    with tarfile.open(found) as tar:
        members = [m for m in tar.getmembers() if m.isfile() and m.name.endswith((".ml", ".mli"))]
        tar.extractall(unpacked, members, filter="data")
    unpacked.rename(_SOURCES / package)
    return True


def _apt(state: Path, *command: str, cwd: Path) -> None:
    """apt with a state of its own, so that nothing of the system's is touched and no root is needed."""
    for folder in ("lists/partial", "archives/partial", "preferences", "sources"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    mirror = os.environ.get("LSP_AID_DEBIAN_MIRROR") or _mirror()
    (state / "sources" / "debian.sources").write_text(
        f"Types: deb-src\nURIs: {mirror}\nSuites: trixie\nComponents: main\nSigned-By: {_KEYRING}\n"
    )
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": state / "sources",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": state / "preferences",
        "Dir::State": state,
        "Dir::State::Lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
        "Dir::Cache::Archives": state / "archives",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "true",
    }
    settings = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", "-qq", *settings, *command], cwd=cwd, check=True, capture_output=True, timeout=300)


def _mirror() -> str:
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return next(line for line in asked.stdout.split("\n") if line.rstrip("/").endswith("/debian"))
