"""The command line: one file per subcommand.

Each module has NAME, HELP, `add_arguments(parser)` and `run(options) -> int`, and imports what is heavy when it runs.
Exit status 2 is for "could not work", with the reason on standard error.
"""

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

from lsp_aid import __version__
from lsp_aid.errors import AidError

COMMANDS = (
    *("fix", "diff", "apply", "undo", "status", "serve", "doctor", "trust", "ces", "eval"),
    *("daemon", "restart", "stop", "logs"),
)
"""The subcommands, in the order of `--help`. A new one is a file in this folder and its name here."""

DESCRIPTION = """\
AI development environment for OCaml, as one Language Server. Without arguments, or with --stdio, it serves an
editor on standard input and output."""

EXAMPLES = """\
examples:
  lsp-aid fix                     show a diff that makes the dune project here green
  lsp-aid fix --apply             ... and apply it
  lsp-aid diff "add a function that reverses a queue" --at lib/queue.ml:12
  lsp-aid apply < reply.md        apply a model's reply, whole or not at all
  lsp-aid undo                    take back what was applied last
  lsp-aid status --watch          say how the build here stands, whenever that changes
  lsp-aid doctor                  check OCaml, dune, the sandbox and the model
"""


def dispatch(arguments: Sequence[str]) -> int:
    """Runs the command line and returns the exit status: of the subcommand, or 2 where it could not work."""
    parser = argparse.ArgumentParser(
        prog="lsp-aid", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"lsp-aid {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    modules = {}
    for name in COMMANDS:
        module = importlib.import_module(f"lsp_aid.cli.{name}")
        modules[module.NAME] = module
        module.add_arguments(commands.add_parser(module.NAME, help=module.HELP, description=module.__doc__))
    if not arguments:
        parser.print_help()
        return 0
    options = parser.parse_args(arguments)
    try:
        status = int(modules[options.command].run(options))
        if sys.stdout:
            sys.stdout.flush()
        return status
    except AidError as error:
        sys.stderr.write(f"lsp-aid: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has seen enough, as in `lsp-aid fix | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still to be flushed
        return 141
    except Exception:  # a fault of ours; 1 would be a word on the code that was asked about
        traceback.print_exc()
        return 2
