"""Tests that speak of the module at hand: they show how it is used, and may have to change with it."""

import re
from collections.abc import Iterable

from lsp_aid.context.focus import Focus
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.prompts.excerpt import Excerpt

MOST_READ = 200
MOST_OFFERED = 6


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    if focus.path is None or not focus.path.endswith((".ml", ".mli")):
        return
    module = re.compile(rf"\b{re.escape(module_of(focus.path))}\b")
    candidates = [path for path in focus.sources if is_test(path) and path != focus.path]
    offered = 0
    for path in candidates[:MOST_READ]:
        text = focus.read(path)
        if text is not None and module.search(text):
            yield Excerpt(path, text, "tests it", 0.7)
            offered += 1
            if offered == MOST_OFFERED:
                return


def is_test(path: str) -> bool:
    """Whether a file is one of tests, by its folder or its name."""
    *folders, name = path.split("/")
    in_tests = any(folder in ("test", "tests") for folder in folders)
    return path.endswith(".ml") and (in_tests or re.search(r"(^|_)tests?(_|\.)", name) is not None)
