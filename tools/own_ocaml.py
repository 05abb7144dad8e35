"""Finds the OCaml of this checkout where the machine has none that is new enough."""

import os
import re
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
OLDEST_DUNE = (3, 17)
_PROGRAMS = CHECKOUT / ".tools/ocaml/bin"


def use_own_ocaml() -> None:
    """Puts what `tools/setup` installed first on PATH, unless the dune that is there will do."""
    if (_PROGRAMS / "dune").exists() and (dune_version() or (0,)) < OLDEST_DUNE:
        os.environ["PATH"] = f"{_PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def dune_version() -> tuple[int, ...] | None:
    """The version of the dune on PATH, its first two numbers; None where there is none that runs."""
    try:
        done = subprocess.run(["dune", "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    numbers = re.match(r"(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, numbers.groups())) if numbers else None
