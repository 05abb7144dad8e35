"""Trust a folder: building it runs its programs (rules, preprocessors, tests). Remembered until revoked."""

import argparse
import os
import sys
from pathlib import Path

from lsp_aid.errors import UsageError

NAME = "trust"
HELP = "trust a folder, so that the server builds it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the folder (this one)")
    parser.add_argument("--revoke", action="store_true", help="trust it no longer")
    parser.add_argument("--list", action="store_true", help="list the trusted folders")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.workspace.trust import Trust

    trust = Trust(os.environ)
    if options.list:
        sys.stdout.write("".join(f"{folder}\n" for folder in trust.folders()))
        return 0
    folder = options.folder.resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder", "Name a folder that exists.")
    if options.revoke:
        trust.revoke(folder)
    else:
        trust.trust(folder)
    sys.stderr.write(f"{folder} is {'no longer ' if options.revoke else ''}trusted.\n")
    return 0
