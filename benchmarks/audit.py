"""The whole audit of the evaluation engine: about a thousand diffs of real projects and of fixtures, at every level.

    python -m benchmarks.audit [--share N] [--only NAME]

Everything lies in `.tools/audit`; a run that was ended goes on where it was. The real projects are Debian's source
packages, fetched by tools/fetch-sources.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from tests.support import txtar
from tools.own_ocaml import CHECKOUT, use_own_ocaml

FOLDER = CHECKOUT / ".tools" / "audit"
SOURCES = CHECKOUT / ".tools" / "sources"
FIXTURES = CHECKOUT / "tests" / "fixtures" / "ces"


@frozen
class Part:
    """So many diffs of one project. `package` is Debian's, `fixture` a text in tests/fixtures/ces that is laid over it;
    `without` are folders that need more than a bare machine has."""

    name: str
    count: int
    package: str = ""
    fixture: str = ""
    without: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_LARGE = ("--no-test", "--together=10")
_NOT_MENHIR = ("coq-menhirlib", "benchmarks", "doc", "src/stage3")
"""What needs Coq and LaTeX, and the third time that menhir is built."""
_MENHIR = ("--profile=release", "--first=@@src/stage1/check", *_LARGE)
_DUNE = ("--check=@src/check", "--check=@bin/check", "--target=@src/check", *_LARGE)
PARTS = (
    Part("shop", 275, fixture="shop"),
    Part("odd", 275, fixture="odd", options=("--together=6",)),
    Part("csexp", 300, "ocaml-csexp", "csexp", ("bench", "test"), ("--profile=release",)),
    Part("twenty-times", 20, fixture="shop", options=("--repeat=20", "--seed=20")),
    Part("menhir", 100, "menhir", "", _NOT_MENHIR, _MENHIR),
    Part("dune", 50, "ocaml-dune", "", ("test", "bench", "example", "doc"), _DUNE),
)


def lay_out(part: Part) -> Path:
    """The project, where every run finds it the same."""
    target = FOLDER / part.name
    if target.is_dir():
        return target
    making = target.with_name(f"{part.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    if part.package:
        subprocess.run([CHECKOUT / "tools" / "fetch-sources", str(SOURCES), part.package], check=True)
        shutil.copytree(SOURCES / part.package, making, symlinks=True)
    else:
        making.mkdir(parents=True)
    for name in part.without:
        shutil.rmtree(making / name, ignore_errors=True)
    if part.fixture:
        txtar.read(FIXTURES / f"{part.fixture}.txt").write(making)
    return making.rename(target)


def audit(part: Part, share: int) -> int:
    """The exit status of the command."""
    root, count = lay_out(part), max(1, part.count // share)
    print(f"\n{part.name}: {count} diffs", flush=True)
    command = [sys.executable, "-m", "lsp_aid", "ces", "audit", "--repo", str(root), "--count", str(count)]
    return subprocess.run([*command, "--results", f"{root}.jsonl", *part.options], check=False).returncode


def main(share: int, only: list[str] | None) -> int:
    use_own_ocaml()
    FOLDER.mkdir(parents=True, exist_ok=True)
    return max(audit(part, share) for part in PARTS if not only or part.name in only)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=int, default=1, help="one in so many of the diffs")
    parser.add_argument("--only", action="append", choices=[part.name for part in PARTS])
    options = parser.parse_args()
    sys.exit(main(options.share, options.only))
