"""Finds the compilers that are on PATH, by version, and the newest OCaml and dune, which have a folder of their own."""

import os
import subprocess
from functools import cache
from pathlib import Path

from tools.own_ocaml import CHECKOUT

NEWEST = CHECKOUT / ".tools" / "ocaml-newest" / "bin"
"""Where `tools/setup --all` puts an OCaml and a dune that are newer than those that the rest is tested with."""


@cache
def has_newest() -> bool:
    """Whether they are there, and work."""
    try:
        done = subprocess.run([NEWEST / "dune", "--version"], capture_output=True, timeout=20, check=False)
    except OSError:
        return False
    return done.returncode == 0


@cache
def ocamlc(version: str) -> str | None:
    """The first `ocamlc` on PATH, or of the newest, of a version such as `5.3`; None where there is none."""
    for folder in (*os.environ.get("PATH", os.defpath).split(os.pathsep), NEWEST):
        program = Path(folder, "ocamlc")
        if program.is_file() and _version(str(program)).startswith(f"{version}."):
            return str(program)
    return None


@cache
def _version(program: str) -> str:
    try:
        done = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
