"""Files that the task names: by path or module in the prompt, by place in the errors. Without a file at hand, all."""

import re
from collections.abc import Iterable

from lsp_aid.context.focus import Focus
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.prompts.excerpt import Excerpt

MOST = 60


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    in_error = {error.path for error in focus.errors} | {r.path for error in focus.errors for r in error.related}
    words = set(re.findall(r"[\w./-]+", focus.prompt)) | {w.rstrip(".") for w in re.findall(r"[\w./-]+", focus.prompt)}
    modules = {word.split(".")[0] for word in words if word[:1].isupper()}
    count = 0
    for path in focus.sources:
        name = path.rpartition("/")[2]
        if path in in_error:
            why, weight = "has an error", 0.95
        elif path in words or name in words - {"dune"}:
            why, weight = "named in the task", 0.95
        elif path.endswith((".ml", ".mli")) and module_of(path) in modules:
            why, weight = "named in the task", 0.9
        elif focus.path is None:
            why, weight = "in the project", 0.3
        else:
            continue
        text = focus.read(path) if count < MOST else None
        if text is not None:
            count += 1
            yield Excerpt(path, text, why, weight)
