"""Show what the daemon has noted down: starts and ends, what failed and why. No code of yours is in it."""

import argparse
import os
import sys
import time
from pathlib import Path

NAME = "logs"
HELP = "show the daemon's log"

_LOOK_SECONDS = 0.3
_MOST = 4_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-n", "--lines", type=int, default=100, metavar="N", help="how many lines, from the end (100)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    parser.add_argument("--path", action="store_true", help="print where the log is, and nothing else")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.sidecar.meeting import Meeting

    path = Path(Meeting(os.environ).log)
    if options.path:
        print(path)
        return 0
    place = _show(path, options.lines)
    while options.follow:
        time.sleep(_LOOK_SECONDS)
        place = _go_on(path, place)
    return 0


def _show(path: Path, lines: int) -> tuple[int, int]:
    """Prints the last lines. The file, and how far it was read."""
    if not path.exists():
        sys.stderr.write(f"{path} is not there: no daemon has run yet.\n")
        return 0, 0
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _MOST))
        found = file.read().decode("utf-8", "replace").splitlines()
        print("\n".join(found[max(0, len(found) - max(0, lines)) :]), flush=True)
        return os.fstat(file.fileno()).st_ino, size


def _go_on(path: Path, place: tuple[int, int]) -> tuple[int, int]:
    inode, size = place
    try:
        with path.open("rb") as file:
            now = os.fstat(file.fileno())
            file.seek(size if now.st_ino == inode and now.st_size >= size else 0)
            data = file.read(_MOST)
            sys.stdout.write(data.decode("utf-8", "replace"))
            sys.stdout.flush()
            return now.st_ino, file.tell()
    except FileNotFoundError:
        return place
