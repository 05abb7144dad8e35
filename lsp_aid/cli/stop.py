"""End the daemon. Editors that are open start it again when they ask for something next."""

import argparse
import json
import os

NAME = "stop"
HELP = "end the daemon"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.sidecar.control import stop

    pid = stop(os.environ)
    if options.json:
        print(json.dumps({"status": "stopped" if pid else "none", "pid": pid}))
    else:
        print(f"The daemon, process {pid}, has ended." if pid else "No daemon runs.")
    return 0
