"""How the code at hand is built: the nearest dune file, those of the project's tests, the dune-project."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from lsp_aid.context.focus import Focus
from lsp_aid.prompts.excerpt import Excerpt


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    folders = [parent.as_posix() for parent in PurePosixPath(focus.path or "x").parents]
    own = next((path for folder in folders if (path := _in(folder, "dune")) in focus.sources), None)
    for path in focus.sources:
        name = path.rpartition("/")[2]
        if path == own:
            why, weight = "its dune file", 0.85
        elif path == "dune-project":
            why, weight = "the project", 0.6
        elif name == "dune" and _is_test(path):
            why, weight = "builds tests", 0.55
        else:
            continue
        text = focus.read(path)
        if text is not None:
            yield Excerpt(path, text, why, weight)


def _in(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _is_test(path: str) -> bool:
    return any(part in ("test", "tests") for part in path.split("/")[:-1])
