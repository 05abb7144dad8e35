"""Put a new daemon, of the version that this command is, in the place of the one that runs, for all editors.

Editors notice nothing: what is under way is ended first, within half a minute, and the rest is told to the new one.
"""

import argparse
import json
import os

NAME = "restart"
HELP = "replace the daemon, for all editors, by one of this version"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    from lsp_aid import __version__
    from lsp_aid.sidecar.control import restart

    old, new = restart(os.environ)
    if options.json:
        print(json.dumps({"status": "restarted" if old else "started", "old": old, "new": new}))
    elif old is None:
        print(f"No daemon ran. lsp-aid {__version__} is started, process {new}.")
    else:
        print(f"lsp-aid {__version__}, process {new}, takes the place of process {old}.")
    return 0
