"""The sandbox by `unshare` of util-linux, which makes the namespaces, and `init.py`, which furnishes them."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lsp_aid.ces.inside import HOME, binds, inside_environment

_INIT = Path(__file__).with_name("init.py")


@frozen
class Unshare:
    """Implements `Sandbox`. `hidden` are the folders that are empty inside, none within another.

    `user_namespace`: root can do without, in containers that forbid it.
    """

    program: Path
    hidden: tuple[Path, ...]
    user_namespace: bool = True
    name: str = "unshare"

    def wrap(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path],
        visible: Sequence[Path],
        environment: Mapping[str, str],
    ) -> tuple[list[str], dict[str, str]]:
        plan = {
            "hidden": [str(folder) for folder in self.hidden],
            "binds": [(str(b.source), str(b.target), b.writable) for b in binds(self.hidden, visible, writable)],
            "home": HOME,
        }
        words = self.command([sys.executable, "-I", "-S", str(_INIT), json.dumps(plan), *argv])
        return words, inside_environment(environment)

    def command(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs `argv` as process 1 of new namespaces, with the powers of root there alone."""
        return [
            *(str(self.program), *(["--user", "--map-root-user"] if self.user_namespace else [])),
            *("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--"),
            *argv,
        ]
