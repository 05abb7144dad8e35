"""Say how the build of a project stands: green or red, with its errors and warnings.

A `dune build --watch` that runs for the project, the user's or an editor's, is asked; without one it is built, in a
folder of our own. Exit status: 0 green, 1 red, 2 if it is not known (not trusted, or the build could not be made). With
--watch it goes on until it is interrupted.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lsp_aid.build.monitor import BuildMonitor
    from lsp_aid.config import Settings
    from lsp_aid.domain.build_status import BuildState, BuildStatus
    from lsp_aid.errors import AidError

NAME = "status"
HELP = "say how the build stands"

_MOST_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the project (this folder)")
    parser.add_argument("--json", action="store_true", help="print one JSON object, with --watch one a line")
    parser.add_argument("--watch", action="store_true", help="go on, and say it whenever it changes")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.config import load
    from lsp_aid.errors import UsageError

    if not options.folder.is_dir():
        raise UsageError(f"{options.folder} is no folder", "Name a folder that exists.")
    return asyncio.run(_run(options.folder.resolve(), load(), as_json=options.json, watch=options.watch))


async def _run(folder: Path, settings: "Settings", *, as_json: bool, watch: bool) -> int:
    from lsp_aid.build.project_root import find_root
    from lsp_aid.domain.build_status import BuildState
    from lsp_aid.wiring import Wiring

    root = find_root(folder)
    if root is None:
        _print_nothing(folder, as_json=as_json)
        return 2
    if not Wiring().trust(settings).is_trusted(root):
        _print(root, BuildState.UNTRUSTED, None, None, as_json=as_json)
        return 2
    async with Wiring().watching(root, settings) as monitor:
        state = BuildState.FAILED
        last: dict[str, Any] = {}
        async for state, status, error in _changes(monitor):
            if state is BuildState.BUILDING and not (watch and as_json):
                continue
            last = _print(root, state, status, error, as_json=as_json, but=last)
            if not watch and state is not BuildState.BUILDING:
                break
    return {BuildState.GREEN: 0, BuildState.RED: 1}.get(state, 2)


async def _changes(
    monitor: "BuildMonitor",
) -> "AsyncIterator[tuple[BuildState, BuildStatus | None, AidError | None]]":
    """How the build stands, whenever that changes; for ever."""
    from lsp_aid.domain.build_status import BuildState

    found: asyncio.Queue[tuple[BuildState, BuildStatus | None, AidError | None]] = asyncio.Queue()

    class Listener:
        """Implements the port `BuildListener`."""

        last: "BuildStatus | None" = None

        def build_begun(self) -> None:
            found.put_nowait((BuildState.BUILDING, self.last, None))

        def build_ended(self, status: "BuildStatus") -> None:
            self.last = status
            found.put_nowait((status.state, status, None))

        def build_failed(self, error: "AidError") -> None:
            self.last = None
            found.put_nowait((BuildState.FAILED, None, error))

        def toolchain_changed(self) -> None:
            pass  # a watch that is followed begins anew by itself

    monitor.start(Listener())
    while True:
        yield await found.get()


def _print_nothing(folder: Path, *, as_json: bool) -> None:
    from lsp_aid.tasks.report import status_data

    if as_json:
        _write(json.dumps(status_data([], *_daemon())))
    else:
        _write(f"{folder} belongs to no dune project.")
        _print_daemon()


def _print(
    root: Path,
    state: "BuildState",
    status: "BuildStatus | None",
    error: "AidError | None",
    *,
    as_json: bool,
    but: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Prints how a project stands, unless that is `but`, what was printed before. What is printed."""
    from lsp_aid.cli.report import Paint, headline
    from lsp_aid.tasks.report import status_data, workspace_data

    workspace = workspace_data(root, state, status)
    shown = status.result.diagnostics if status else ()
    now = {**workspace, "shown": shown, "error": str(error or "")}
    if as_json and (not but or workspace != {name: but[name] for name in workspace}):
        _write(json.dumps(status_data([workspace], *_daemon()), ensure_ascii=False))
    elif not as_json and now != but:
        paint = Paint(sys.stdout)
        word = {"green": paint.green, "red": paint.red}.get(state.value, paint.yellow)(state.value)
        counts = [(workspace["errors"], "error"), (workspace["warnings"], "warning")]
        told = [f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts if count]
        if state.value == "untrusted":
            told.append("`lsp-aid trust` permits building it")
        _write(f"{root}: {', '.join((word, *told))}")
        for diagnostic in shown[:_MOST_SHOWN]:
            sys.stdout.write(headline(diagnostic, paint))
        if len(shown) > _MOST_SHOWN:
            _write(f"... and {len(shown) - _MOST_SHOWN} more")
        if error is not None:
            sys.stderr.write(f"lsp-aid: {error}\n")
        if not but:
            _print_daemon()
    return now


def _daemon() -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The daemon that runs, None where none does, and the editors that it serves."""
    from lsp_aid.errors import AidError
    from lsp_aid.sidecar.control import status

    try:
        found = status(os.environ)
    except AidError as error:
        sys.stderr.write(f"lsp-aid: {error}\n")
        return None, []
    return (None, []) if found is None else (found, found.pop("editors"))


def _print_daemon() -> None:
    daemon, editors = _daemon()
    if daemon is not None:
        names = ", ".join(editor["name"] or "an editor" for editor in editors) or "no editor"
        size = f"{daemon['memory'] / 1e6:.0f} MB"
        _write(f"daemon: lsp-aid {daemon['version']}, process {daemon['pid']}, {size}, for {names}")


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
