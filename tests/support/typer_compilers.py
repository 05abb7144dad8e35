"""The OCaml compilers of this machine that the typer is tested with."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from lsp_aid.build.toolchain import scrub
from lsp_aid.typer.installing import Compiler
from tests.support.ocaml_versions import NEWEST
from tests.support.requires import require

BOMB = (
    "module type S0 = sig type t end\n"
    + "".join(
        f"module type S{n} = sig {' '.join(f'module M{k} : S{n - 1}' for k in range(8))} end\n" for n in range(1, 12)
    )
    + "module F (X : S11) : S11 = X\n"
)
"""Signatures of exponential size: any compiler is at it for ages."""

OLD = Path("/usr/bin/ocamlc")
"""Where a distribution has its own, older OCaml."""


@cache
def _version(ocamlc: str) -> str:
    done = subprocess.run([ocamlc, "-version"], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip()


def own() -> Compiler:
    """The compiler that the other tests use."""
    ocamlc = shutil.which("ocamlc")
    if ocamlc is None:
        pytest.skip("no ocamlc on PATH")
    return Compiler(Path(ocamlc), _version(ocamlc), scrub(os.environ))


def old() -> Compiler:
    """OCaml 4.13 or 4.14, where it is installed with its libraries."""
    version = _version(str(OLD)) if OLD.exists() else ""
    if not version.startswith(("4.13", "4.14")) or not Path("/usr/lib/ocaml/compiler-libs").is_dir():
        require("ocaml-4.13")
        pytest.skip("no OCaml 4.13 or 4.14 with its libraries in /usr/bin")
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    return Compiler(OLD, version, environment)


def newest() -> Compiler:
    """A newer OCaml than that, which has a folder of its own."""
    require("newest-dune")
    ocamlc = NEWEST / "ocamlc"
    return Compiler(ocamlc, _version(str(ocamlc)), scrub(os.environ))


COMPILERS = {"own": own, "old": old, "newest": newest}
