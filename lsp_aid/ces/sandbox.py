"""Where programs run that nobody has read: no network, no home folder, nothing to write but what they are given.

Inside a sandbox the file system is read-only; the folders of users (`$HOME`, `/root`, `/home`, mounted disks), `/tmp`,
`/var/tmp` and `/run`, where agents and daemons have their sockets, are empty; `/dev` has only the harmless devices;
processes and networks of the host cannot be seen. No capability is left by which any of that could be undone, and all
ends when we do. What shows through: the toolchain, read-only, and the folders that are to be written.
"""

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lsp_aid.build.process import run
from lsp_aid.build.toolchain import scrub, which
from lsp_aid.ces.bwrap import Bwrap
from lsp_aid.ces.unshare import Unshare
from lsp_aid.errors import AidError, SandboxError

CURE = "Install bubblewrap, or permit unprivileged user namespaces."
_ALWAYS_HIDDEN = ("/root", "/home", "/mnt", "/media", "/tmp", "/var/tmp", "/run", "/var/run")  # noqa: S108
_SECONDS = 20.0


class Sandbox(Protocol):
    """A way to run a program shut in."""

    @property
    def name(self) -> str:
        """`bwrap` or `unshare`."""

    def wrap(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path],
        visible: Sequence[Path],
        environment: Mapping[str, str],
    ) -> tuple[list[str], dict[str, str]]:
        """The command line and the environment that run `argv` shut in, in the folder that is the current one.

        `writable` are folders that exist and may be written; `visible` are read-only and shown although they lie in a
        hidden folder. `HOME` and `TMPDIR` are empty folders inside.
        """


async def find_sandbox(setting: str, environment: Mapping[str, str]) -> Sandbox | None:
    """The sandbox that works on this machine: tried, not guessed. None where there is none, or none is wanted.

    `setting`: `auto`, `bwrap`, `unshare` or `none`. Raises SandboxError where the one that is named does not work.
    """
    if setting == "none":
        return None
    problems = []
    hidden = hidden_folders(environment)
    for name in ("bwrap", "unshare"):
        if setting not in ("auto", name):
            continue
        program = which(name, environment.get("PATH", ""))
        if program is None:
            problems.append(f"{name} is not on PATH")
            continue
        for sandbox in _kinds(name, program, hidden):
            problem = await _probe(sandbox, scrub(environment))
            if problem is None:
                return sandbox
            problems.append(f"{name} does not work: {problem}")
    if setting == "auto":
        return None
    raise SandboxError(f"The sandbox that the setting `sandbox` names cannot be used: {'; '.join(problems)}", CURE)


def _kinds(name: str, program: Path, hidden: tuple[Path, ...]) -> list[Sandbox]:
    if name == "bwrap":
        return [Bwrap(program, hidden)]
    found: list[Sandbox] = [Unshare(program, hidden)]
    return [*found, Unshare(program, hidden, user_namespace=False)] if os.geteuid() == 0 else found


def hidden_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders that are to be empty: those that exist, links resolved, none inside another."""
    named = [environment.get("HOME", ""), *_ALWAYS_HIDDEN]
    with contextlib.suppress(KeyError):  # an account without an entry, as containers have
        named.append(pwd.getpwuid(os.getuid()).pw_dir)
    folders = {Path(name).resolve() for name in named if Path(name).is_absolute()}
    present = sorted(folder for folder in folders if folder.is_dir() and folder != folder.parent)
    return tuple(folder for folder in present if not any(other in folder.parents for other in present))


async def _probe(sandbox: Sandbox, environment: Mapping[str, str]) -> str | None:
    """Why the sandbox does not work; None where it runs a program that can write its folder and nothing beside it."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="lsp-aid-probe-"))
    except OSError as error:
        return str(error)
    try:
        return await _try(sandbox, environment, folder)
    except (AidError, OSError) as error:
        return str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _try(sandbox: Sandbox, environment: Mapping[str, str], folder: Path) -> str | None:
    inside, outside = folder / "inside", folder / "outside"
    inside.mkdir()
    outside.write_text("seen", encoding="utf-8")
    script = 'echo in > "$1/proof" && ! cat "$2" 2>/dev/null && { echo out > "$2" || true; } 2>/dev/null'
    argv = ["/bin/sh", "-c", script, "sh", str(inside), str(outside)]
    argv, environment = sandbox.wrap(argv, writable=[inside], visible=[], environment=environment)
    done = await run(argv, cwd=inside, environment=environment, seconds=_SECONDS)
    if not (inside / "proof").exists():
        return done.text.strip()[-300:] or f"it ended with status {done.code}"
    if outside.read_text(encoding="utf-8") != "seen" or b"seen" in done.output:
        return "it does not shut in"
    return None
