"""What tests need of the machine. What is missing skips them, or fails them where LSP_AID_REQUIRE names it."""

import os
import shutil
import subprocess
from functools import cache

import pytest

from tests.support.ocaml_versions import NEWEST, has_newest, ocamlc
from tools.own_ocaml import OLDEST_DUNE, dune_version


def require(*names: str) -> None:
    """Skips the test that runs, or fails it, where one of the named parts is missing.

    Known are `dune`, `bwrap` and `unshare`, which have to work, not only to be there, and `ocaml-4.13`, a compiler of
    that version, and `newest-dune`, one beside it that is newer; any other name is a program's.
    """
    for name in names:
        reason = _missing(name)
        if reason and name in os.environ.get("LSP_AID_REQUIRE", "").split(","):
            pytest.fail(f"{name} is required here: {reason}", pytrace=False)
        if reason:
            pytest.skip(reason)


@cache
def _missing(name: str) -> str:
    """Why a part cannot be used; empty where it can."""
    match name:
        case "dune":
            version = dune_version()
            if version is None:
                return "no dune on PATH"
            return "" if version >= OLDEST_DUNE else f"the dune on PATH is {'.'.join(map(str, version))}, too old"
        case "newest-dune":
            return "" if has_newest() else f"no dune in {NEWEST}"
        case "bwrap":
            return _trial("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true")
        case "unshare":
            return _trial("unshare", "--user", "--map-root-user", "--net", "true")
    if name.startswith("ocaml-"):
        return "" if ocamlc(name.removeprefix("ocaml-")) else f"no ocamlc {name.removeprefix('ocaml-')} on PATH"
    return "" if shutil.which(name) else f"no {name} on PATH"


def _trial(program: str, *arguments: str) -> str:
    if not shutil.which(program):
        return f"no {program} on PATH"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)
    return f"{program} does not work here: {done.stderr.strip()}" if done.returncode else ""
