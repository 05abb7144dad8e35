"""The interface of the implementation at hand, or the implementation of the interface."""

from collections.abc import Iterable

from lsp_aid.context.focus import Focus
from lsp_aid.prompts.excerpt import Excerpt


def excerpts(focus: Focus) -> Iterable[Excerpt]:
    path = focus.path or ""
    other, why = "", ""
    if path.endswith(".mli"):
        other, why = path[:-1], "its implementation"
    elif path.endswith(".ml"):
        other, why = f"{path}i", "its interface"
    text = focus.read(other) if other and focus.view.exists(other) else None
    if text is not None:
        yield Excerpt(other, text, why, 0.9)
