"""Runs inside aider's environment: applies replies by aider's own coders, a line of JSON in, a line of JSON out.

aider's rules are its coders (`get_edits`, `apply_edits`), unchanged. Only what surrounds them is replaced, because it
needs a model: the base class with its files, and modules that the rules import for other purposes.
"""

import importlib
import json
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import types

sys.path.insert(0, sys.argv[1])
MOST_SECONDS = 10


class Files:
    """aider's `io`, as far as coders use it: text mode, so that line ends become line feeds."""

    def read_text(self, filename):
        try:
            with pathlib.Path(filename).open(encoding="utf-8") as file:
                return file.read()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def write_text(self, filename, content):
        with pathlib.Path(filename).open("w", encoding="utf-8") as file:
            file.write(content)

    def tool_output(self, *arguments, **options):
        pass

    tool_warning = tool_error = tool_output


class Coder:
    """What aider's coders use of their base class."""

    fence = ("```", "```")

    def __init__(self, root, names, reply):
        self.root = str(root)
        self.io = Files()
        self.abs_fnames = {str(root / name) for name in names}
        self.partial_response_content = reply
        self.shell_commands = []

    def abs_root_path(self, path):
        return str((pathlib.Path(self.root) / path).resolve())

    def get_rel_fname(self, name):
        return str(pathlib.Path(name).relative_to(self.root))

    def get_inchat_relative_files(self):
        return sorted(self.get_rel_fname(name) for name in self.abs_fnames)

    def get_multi_response_content_in_progress(self, final=False):
        return self.partial_response_content.rstrip()

    def apply_edits_dry_run(self, edits):
        return edits


def load():
    """aider's coders by the name of their format, with stand-ins for what they import besides."""
    import aider

    folder = pathlib.Path(aider.__file__).parent
    package = types.ModuleType("aider.coders")
    package.__path__ = [str(folder / "coders")]
    sys.modules["aider.coders"] = package
    base = types.ModuleType("aider.coders.base_coder")
    base.Coder = Coder
    sys.modules["aider.coders.base_coder"] = base
    utils = types.ModuleType("aider.utils")
    utils.GitTemporaryDirectory = None
    aider.utils = sys.modules["aider.utils"] = utils
    diffs = types.ModuleType("aider.diffs")
    aider.diffs = sys.modules["aider.diffs"] = diffs
    coders = {
        "search_replace": ("editblock_coder", "EditBlockCoder"),
        "unified_diff": ("udiff_coder", "UnifiedDiffCoder"),
        "whole_file": ("wholefile_coder", "WholeFileCoder"),
        "apply_patch": ("patch_coder", "PatchCoder"),
    }
    return {
        name: getattr(importlib.import_module(f"aider.coders.{module}"), kind)
        for name, (module, kind) in coders.items()
    }


def too_long(number, frame):
    raise TimeoutError(f"no answer within {MOST_SECONDS} s")


def answer(coders, root, request):
    for name, text in request["files"].items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    before = {name: (root / name).stat().st_mtime_ns for name in request["files"]}
    coder = coders[request["format"]](root, request["files"], request["reply"])
    problem, crashed = "", False
    signal.alarm(MOST_SECONDS)
    started = time.process_time()
    try:
        edits = coder.apply_edits_dry_run(coder.get_edits())
        if not edits:
            problem = "No edit was found."
        coder.apply_edits(edits)
    except (ValueError, TimeoutError) as error:  # what aider tells the model, and then asks again
        problem = str(error) or "refused"
    except Exception as error:  # aider prints these and tells the model, too
        problem = f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
    seconds = time.process_time() - started
    after = {}
    for name, text in request["files"].items():
        file = root / name
        untouched = file.exists() and file.stat().st_mtime_ns == before[name]
        after[name] = text if untouched else file.read_bytes().decode() if file.exists() else None
    for file in root.rglob("*"):
        name = file.relative_to(root).as_posix()
        if file.is_file() and name not in after:
            after[name] = file.read_bytes().decode()
    return {"after": after, "problem": problem, "crashed": crashed, "seconds": seconds}


def main():
    coders = load()
    signal.signal(signal.SIGALRM, too_long)
    output, sys.stdout = sys.stdout, sys.stderr  # aider prints
    for line in sys.stdin:
        root = pathlib.Path(tempfile.mkdtemp()).resolve()
        try:
            output.write(json.dumps(answer(coders, root, json.loads(line))) + "\n")
            output.flush()
        finally:
            shutil.rmtree(root, ignore_errors=True)


main()
