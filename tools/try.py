"""Shows lsp-aid at work: takes a copy of `examples/inventory`, whose build is red, and makes it green.

Ends with 0 if the build is green at the end.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.own_ocaml import CHECKOUT, use_own_ocaml

STEPS = (
    ("The build is red:", "dune build", 1),
    ("What lsp-aid proposes; dune has built it before it is shown:", "lsp-aid fix", 1),
    ("Apply it:", "lsp-aid fix --apply", 0),
    ("Now the build and its tests are green:", "dune build && dune test", 0),
)
"""What is said, the command, and its exit status."""


def main() -> int:
    use_own_ocaml()
    with tempfile.TemporaryDirectory(prefix="lsp-aid-try-") as folder:
        project = Path(folder, "inventory")
        shutil.copytree(CHECKOUT / "examples/inventory", project, ignore=shutil.ignore_patterns("_build"))
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_CACHE_HOME": f"{folder}/cache",
            "XDG_STATE_HOME": f"{folder}/state",
            "XDG_CONFIG_HOME": f"{folder}/config",
            "LSP_AID_TRUST": "always",  # it is ours; a machine without a sandbox builds it as well
        }
        dune_config = Path(folder, "config/dune/config")
        dune_config.parent.mkdir(parents=True)
        dune_config.write_text("(lang dune 3.17)\n(display quiet)\n", encoding="utf-8")
        for title, command, expected in STEPS:
            print(f"\n{_bold(title)}\n$ {command}", flush=True)
            words = ["sh", "-c", command]
            # One stream, so that what is read from a pipe is in order.
            done = subprocess.run(
                words, cwd=project, env=environment, stderr=subprocess.STDOUT, timeout=150, check=False
            )
            status = done.returncode
            if status != expected:
                print(f"\n{_bold('Something went wrong')}: exit status {status}, expected {expected}.")
                return 1
    print(f"\n{_bold('Green.')}")
    return 0


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


if __name__ == "__main__":
    sys.exit(main())
