"""The interfaces of the project's modules that the file at hand uses."""

import re
from collections.abc import Iterable

from lsp_aid.context.focus import Focus
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.prompts.excerpt import Excerpt

MOST = 12
_MODULE = re.compile(r"\b[A-Z]\w*")


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    text = focus.read(focus.path) if focus.path and focus.view.exists(focus.path) else None
    if text is None or focus.path is None:
        return
    # Words in comments and strings count as well: a file too many costs little, and comes last.
    times: dict[str, int] = {}
    for word in _MODULE.findall(text):
        times[word] = times.get(word, 0) + 1
    times.pop(module_of(focus.path), None)
    used = [path for path in focus.sources if path.endswith((".ml", ".mli")) and module_of(path) in times]
    shown = [path for path in used if path.endswith(".mli") or f"{path}i" not in used]
    shown.sort(key=lambda path: (-times[module_of(path)], path))
    for path in shown[:MOST]:
        found = focus.read(path)
        if found is not None:
            why = "a module that it uses" + (", which has no interface" if path.endswith(".ml") else "")
            yield Excerpt(path, found, why, 0.5 if path.endswith(".mli") else 0.4)
