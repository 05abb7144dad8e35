"""Applies replies by the rules of aider, which runs in an environment and a process of its own."""

import contextlib
import json
import subprocess
import sys
import venv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.edits.ours import Result
from tools.own_ocaml import CHECKOUT

VERSION = "0.86.2"
_PACKAGES = (f"aider-chat=={VERSION}", "diff-match-patch==20241021", "tqdm==4.67.1", "packaging==25.0")
_FOLDER = CHECKOUT / ".tools" / "aider"
_PYTHON = _FOLDER / "bin" / "python"
_WORKER = Path(__file__).with_name("aider_worker.py")


@cache
def install() -> str:
    """Installs aider, without what it needs to talk to models. Says why it could not, or nothing."""
    mark = _FOLDER / ".ready"
    if mark.exists() and mark.read_text() == "\n".join(_PACKAGES):
        return ""
    try:
        venv.create(_FOLDER, clear=True, with_pip=True)
        command = [str(_PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps", *_PACKAGES]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    except subprocess.CalledProcessError as error:
        return str(error.stderr or error).strip().split("\n")[-1]
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    mark.write_text("\n".join(_PACKAGES))
    return ""


class Aider:
    """One process that answers requests, a line of JSON each. A request that takes too long is broken off in it."""

    _shared: ClassVar["Aider | None"] = None

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [str(_PYTHON), "-S", str(_WORKER), str(next((_FOLDER / "lib").glob("python*/site-packages")))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
            encoding="utf-8",
        )

    @classmethod
    def shared(cls) -> "Aider":
        """The one of this process."""
        if cls._shared is None or cls._shared._process.poll() is not None:
            cls._shared = cls()
        return cls._shared

    def apply(self, files: Mapping[str, str], format_: str, text: str) -> Result:
        answer = self.ask({"files": files, "format": format_, "reply": text})
        return Result(answer["after"], answer["problem"], answer["crashed"])

    def ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("aider's process has ended")
        return dict(json.loads(line))

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._process.terminate()
        self._process.wait(10)
