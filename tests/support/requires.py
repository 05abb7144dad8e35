"""What tests need of the machine. What is missing skips them, or fails them where LSP_AID_REQUIRE names it."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

OLDEST_DUNE = (3, 17)
_OWN_PROGRAMS = Path(__file__).parents[2] / ".tools/ocaml/bin"


def require(*names: str) -> None:
    """Skips the test that runs, or fails it, where one of the named parts is missing.

    Known are `dune`, `bwrap` and `unshare`, which have to work, not only to be there; any other name is a program's.
    """
    for name in names:
        reason = _missing(name)
        if reason and name in os.environ.get("LSP_AID_REQUIRE", "").split(","):
            pytest.fail(f"{name} is required here: {reason}", pytrace=False)
        if reason:
            pytest.skip(reason)


def use_own_toolchain() -> None:
    """Puts the OCaml that `tools/setup` brought first on PATH, where the machine's is missing or old."""
    if (_OWN_PROGRAMS / "dune").exists() and (_dune_version() or (0,)) < OLDEST_DUNE:
        os.environ["PATH"] = f"{_OWN_PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


@cache
def _missing(name: str) -> str:
    """Why a part cannot be used; empty where it can."""
    match name:
        case "dune":
            version = _dune_version()
            if version is None:
                return "no dune on PATH"
            return "" if version >= OLDEST_DUNE else f"the dune on PATH is {'.'.join(map(str, version))}, too old"
        case "bwrap":
            return _trial("bwrap", "--ro-bind", "/", "/", "--unshare-all", "true")
        case "unshare":
            return _trial("unshare", "--user", "--map-root-user", "--net", "true")
    return "" if shutil.which(name) else f"no {name} on PATH"


def _trial(program: str, *arguments: str) -> str:
    if not shutil.which(program):
        return f"no {program} on PATH"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)
    return f"{program} does not work here: {done.stderr.strip()}" if done.returncode else ""


def _dune_version() -> tuple[int, ...] | None:
    try:
        done = subprocess.run(["dune", "--version"], capture_output=True, text=True, timeout=20, check=False)
    except OSError:
        return None
    numbers = re.match(r"(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, numbers.groups())) if numbers else None
