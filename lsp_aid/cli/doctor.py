"""Check what lsp-aid needs: Python, OCaml, dune, typer, sandbox, model, the folder's trust, the daemon, its folders.

Each line says what was found and, where something is amiss, its cure. Nothing is changed but the cache, where the typer
is compiled if it was not before; a model is asked for its list of models, if one is configured. Exit status: 0 unless
there is a problem, which is 1.
"""

import argparse
import asyncio
import enum
import json
import os
import platform
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lsp_aid.build.toolchain import Toolchain
    from lsp_aid.cli.report import Paint
    from lsp_aid.config import ModelSettings, Settings

NAME = "doctor"
HELP = "check OCaml, dune, the sandbox and the model"

TESTED_DUNE = (3, 17)
_LONGEST = 300


class Status(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"  # something does not work, or is not set up, that others can do without
    PROBLEM = "problem"  # builds cannot be made


class Check(NamedTuple):
    """One line: what was looked at, what was found, and what to do where that is not all right."""

    name: str
    status: Status
    found: str
    cure: str = ""

    def data(self) -> dict[str, str]:
        """As JSON has it."""
        return {"name": self.name, "status": self.status.value, "found": self.found, "cure": self.cure}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the project (this folder)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.cli.report import Paint
    from lsp_aid.errors import UsageError

    if not options.folder.is_dir():
        raise UsageError(f"{options.folder} is no folder", "Name a folder that exists.")
    checks = asyncio.run(_checks(options.folder.resolve(), dict(os.environ), Paint(sys.stdout), quiet=options.json))
    worst = next((s for s in (Status.PROBLEM, Status.WARNING) if any(c.status is s for c in checks)), Status.OK)
    if options.json:
        print(json.dumps({"status": worst.value, "checks": [check.data() for check in checks]}, ensure_ascii=False))
    return 1 if worst is Status.PROBLEM else 0


async def _checks(folder: Path, environment: Mapping[str, str], paint: "Paint", *, quiet: bool) -> list[Check]:
    checks = []
    async for check in _examine(folder, environment):
        checks.append(check)
        if not quiet:
            print(_line(check, paint), flush=True)
    return checks


def _line(check: Check, paint: "Paint") -> str:
    mark = {Status.OK: paint.green("✓"), Status.WARNING: paint.yellow("!"), Status.PROBLEM: paint.red("✗")}
    cure = f"\n  {'':10}→ {check.cure}" if check.cure else ""
    return f"{mark[check.status]} {check.name:10}{check.found}{cure}"


async def _examine(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Check]:
    from lsp_aid.build.cache import cache_home
    from lsp_aid.build.project_root import find_root
    from lsp_aid.config import Settings, load
    from lsp_aid.errors import ConfigError
    from lsp_aid.workspace.records import state_home

    yield Check("python", Status.OK, f"{platform.python_version()}, {sys.executable}")
    settings = Settings()
    try:
        settings = load(environment)
    except ConfigError as error:
        yield Check("settings", Status.PROBLEM, error.what, error.cure)
    root = find_root(folder)
    if root is None:
        cure = "Go to a folder below a dune-project, or name one."
        yield Check("project", Status.WARNING, f"no dune-project in {folder} or above", cure)
    trusted = _trust(root or folder, settings, environment)
    yield trusted
    async for check in _toolchain(root or folder, settings, environment, trusted=trusted.status is Status.OK):
        yield check
    yield await _sandbox(settings, environment)
    yield await _evaluation(settings, environment)
    yield await _model(settings.model, environment)
    yield _daemon(environment)
    yield _writable("cache", cache_home(environment), "XDG_CACHE_HOME")
    yield _writable("state", state_home(environment), "XDG_STATE_HOME")


def _trust(root: Path, settings: "Settings", environment: Mapping[str, str]) -> Check:
    from lsp_aid.workspace.trust import Trust

    if Trust(environment, settings.trust).is_trusted(root):
        return Check("trust", Status.OK, f"{root} is trusted")
    if settings.trust == "never":
        cure = "Set `trust` to `ask` if builds are wanted."
        return Check("trust", Status.WARNING, "the setting `trust` is `never`: nothing is built", cure)
    cure = "Building runs the project's own programs. If that is all right: lsp-aid trust"
    return Check("trust", Status.WARNING, f"{root} is not trusted: editors get no builds there", cure)


async def _toolchain(
    root: Path, settings: "Settings", environment: Mapping[str, str], *, trusted: bool
) -> AsyncIterator[Check]:
    from lsp_aid.build.toolchain import OLDEST_DUNE, find
    from lsp_aid.errors import ToolchainError

    try:
        found = await find(root, settings.toolchain, environment, need_dune=False, trusted=trusted)
    except ToolchainError as error:
        yield Check("ocaml", Status.PROBLEM, error.what, error.cure)
        return
    yield Check("ocaml", Status.OK, f"{found.ocaml_version}, {found.ocaml}, by {found.origin}")
    version = ".".join(map(str, found.dune_version)) or "a development version"
    where = f"{version}, {found.dune}"
    if found.dune is None:
        cure = "Install it with opam (`opam install dune`), or set `toolchain` to the folder that holds it."
        yield Check("dune", Status.PROBLEM, "none was found", cure)
    elif found.dune_version and found.dune_version < OLDEST_DUNE:
        yield Check("dune", Status.PROBLEM, f"{where}, is too old", "Install dune 3.17 or later.")
    elif found.dune_version and found.dune_version < TESTED_DUNE:
        yield Check("dune", Status.WARNING, f"{where}, is older than what is tested", "Install dune 3.17 or later.")
    else:
        yield Check("dune", Status.OK, where)
    yield await _typer(found, environment)


async def _typer(toolchain: "Toolchain", environment: Mapping[str, str]) -> Check:
    """By which way the compiler's type checker is reached."""
    from lsp_aid.errors import AidError
    from lsp_aid.typer.installing import Level
    from lsp_aid.wiring import typer_program

    try:
        program = await typer_program(toolchain, environment)
    except AidError as error:
        return Check("typer", Status.WARNING, error.what, error.cure)
    why = " ".join(program.why.split())[:_LONGEST]
    if program.level is Level.NATIVE:
        return Check("typer", Status.OK, "native: compiled with this OCaml, and kept running")
    if program.level is Level.TOPLEVEL:
        cure = "All works, slower. Install ocamlopt and the compiler's library (compiler-libs) to have it compiled."
        return Check("typer", Status.WARNING, f"toplevel: run as bytecode, since {why}", cure)
    cure = (
        "Errors are told, slower, and no types. Install this OCaml with its library (compiler-libs), or a tested one."
    )
    return Check("typer", Status.WARNING, f"compiler: ocamlc is started for each check, since {why}", cure)


async def _sandbox(settings: "Settings", environment: Mapping[str, str]) -> Check:
    from lsp_aid.ces.sandbox import find_sandbox
    from lsp_aid.errors import SandboxError

    cure = "Install bubblewrap, and permit user namespaces. Without a sandbox, diffs by a model stay unverified."
    try:
        sandbox = await find_sandbox(settings.sandbox, environment)
    except SandboxError as error:
        return Check("sandbox", Status.PROBLEM, error.what, error.cure)
    if sandbox is None:
        reason = "switched off by the setting" if settings.sandbox == "none" else "none works on this machine"
        return Check("sandbox", Status.WARNING, reason, cure)
    return Check("sandbox", Status.OK, sandbox.name)


async def _evaluation(settings: "Settings", environment: Mapping[str, str]) -> Check:
    """What `lsp-aid ces` evaluates in."""
    from lsp_aid.ces.keeping import probe
    from lsp_aid.ces.opening import isolation
    from lsp_aid.errors import SandboxError, ToolchainError

    try:
        sandbox, _ = await isolation(settings, environment)
        if sandbox is None:
            found = "without a sandbox, by the setting `sandbox`: what is evaluated can do what you can"
            return Check("isolation", Status.WARNING, found, "Set `sandbox` to `auto` where that is possible.")
        tried = await probe(sandbox)
    except (SandboxError, ToolchainError) as error:
        return Check("isolation", Status.WARNING, error.what, error.cure)
    walls = f"; {' and '.join(tried.walls) or 'neither landlock nor seccomp'} as a second wall"
    if tried.way == "overlay":
        return Check("isolation", Status.OK, f"namespaces and overlays{walls}")
    cure = "Use Linux 6.6 or newer, which has all that builds need of overlays."
    found = f"namespaces, and copies for want of overlays ({tried.why}){walls}"
    return Check("isolation", Status.WARNING, found, cure)


async def _model(settings: "ModelSettings", environment: Mapping[str, str]) -> Check:
    from lsp_aid.errors import ConfigError, ModelError, ModelProtocolError
    from lsp_aid.models.listing import list_models

    if not settings.is_configured:
        found = "none is configured: build errors are repaired without one, diffs from a prompt need one"
        return Check("model", Status.WARNING, found, "Set `model.url` and `model.name` (docs/configuration.md).")
    known = f"{settings.name} at {settings.url}"
    try:
        names = await list_models(settings, environment)
    except ModelProtocolError as error:
        return Check("model", Status.WARNING, f"{known}; {error.what}", error.cure)
    except (ModelError, ConfigError) as error:
        return Check("model", Status.PROBLEM, error.what, error.cure)
    if names and settings.name not in names:
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        return Check("model", Status.WARNING, f"{settings.url} does not list {settings.name}", f"It lists {shown}.")
    return Check("model", Status.OK, known)


def _daemon(environment: Mapping[str, str]) -> Check:
    from lsp_aid import __version__
    from lsp_aid.errors import AidError
    from lsp_aid.sidecar.control import status
    from lsp_aid.sidecar.meeting import Meeting, MeetingError

    try:
        Meeting(environment).make()
        found = status(environment)
    except MeetingError as error:
        what, _, cure = str(error).partition(". ")
        return Check("daemon", Status.PROBLEM, what, cure)
    except AidError as error:
        return Check("daemon", Status.PROBLEM, error.what, "`lsp-aid restart` puts another in its place.")
    if found is None:
        return Check("daemon", Status.OK, "none runs; editors start one")
    count = len(found["editors"])
    known = f"lsp-aid {found['version']}, process {found['pid']}, {count} editor{'s' if count != 1 else ''}"
    if found["version"] != __version__:
        return Check("daemon", Status.WARNING, f"{known}; this is {__version__}", "`lsp-aid restart` replaces it.")
    return Check("daemon", Status.OK, known)


def _writable(name: str, folder: Path, variable: str) -> Check:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Check(name, Status.OK, str(folder))
    cure = f"Permit writing there, or set {variable} to another folder."
    return Check(name, Status.PROBLEM, f"{existing} cannot be written", cure)
