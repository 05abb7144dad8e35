"""Finds the compilers that are on PATH, by version."""

import os
import subprocess
from functools import cache
from pathlib import Path


@cache
def ocamlc(version: str) -> str | None:
    """The first `ocamlc` on PATH of a version such as `5.3`; None where there is none."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
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
