"""Whole files: the path, then the whole new text in a fence."""

from lsp_aid.domain.reply import Reply, Whole
from lsp_aid.editformats.markup import fence_in, path_in, path_in_info
from lsp_aid.errors import ReplyFormatError

NAME = "whole_file"

INSTRUCTIONS = """\
Write every file that changes whole: the file's path alone on a line, then its complete new text in a fenced block:

lib/greeting.ml
```ocaml
let hello name = "Hello, " ^ name
```

- The text replaces the whole file, so repeat everything that stays. Leave nothing out with `...`.
- Files that do not change are not written at all. Put a file's path only above its text."""

_SOURCE = ("", "ocaml", "ml", "mli", "reason", "dune", "dune-project", "opam")


def recognises(text: str) -> bool:
    found, _, _ = _files(text.split("\n"))
    return bool(found)


def read(text: str) -> Reply:
    """The files of a reply. Raises ReplyFormatError."""
    found, prose, problem = _files(text.split("\n"))
    if problem:
        raise ReplyFormatError(problem, "Put the file's path above each fenced block, and close each block.")
    paths = [file.path for file in found]
    for path in paths:
        if paths.count(path) > 1:
            raise ReplyFormatError(f"The reply holds {path} more than once", "Write each file once.")
    return Reply("\n".join(prose).strip(), tuple(found))


def _files(lines: list[str]) -> tuple[list[Whole], list[str], str]:
    """The named files, the lines beside them, and what is wrong with the reply if anything is."""
    found: list[Whole] = []
    prose: list[str] = []
    problem = ""
    at = 0
    while at < len(lines):
        fence = fence_in(lines[at])
        if fence is None:
            prose.append(lines[at])
            at += 1
            continue
        end = next((n for n in range(at + 1, len(lines)) if fence.is_closed_by(lines[n])), None)
        path = path_in_info(fence.info) or _path_above(prose)
        if end is None:
            problem = problem or f"The fenced block {'for ' + path if path else 'at the end'} is not closed"
            end = len(lines)
        body = lines[at + 1 : end]
        if path:
            found.append(Whole(path, "".join(f"{line}\n" for line in body)))
            _drop_path(prose)
        else:
            if fence.info.split(" ")[0].lower() in _SOURCE:
                problem = problem or "A fenced block names no file"
            prose += lines[at : end + 1]
        at = end + 1
    return found, prose, problem


def _path_above(prose: list[str]) -> str | None:
    for line in prose[-1:-3:-1]:  # one blank line may stand in between
        if line.strip():
            return path_in(line)
    return None


def _drop_path(prose: list[str]) -> None:
    while prose and not prose[-1].strip():
        prose.pop()
    if prose and path_in(prose[-1]):
        prose.pop()
