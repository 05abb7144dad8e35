"""What one of the project's modules has and what goes by another name now, wherever the file uses it.

    let a t = Store.find "a" t        let a t = Store.lookup "a" t
    let b t = Store.find "b" t        let b t = Store.lookup "b" t

What the module defines today, and the file does not use yet, may be it: the build tells whether its type fits.
"""

import re
from collections.abc import Sequence

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import declared_elsewhere, text_of
from lsp_aid.repair.similarity import similarity

MOST = 6
_KINDS = {
    "value": ("value", "external"),
    "constructor": ("constructor",),
    "type constructor": ("type",),
    "module": ("module",),
}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    kinds = _KINDS.get(message.sort) if isinstance(message, messages.UnboundName) else None
    if not isinstance(message, messages.UnboundName) or kinds is None or not message.qualifier:
        return ()
    text = text_of(problem.view, problem.diagnostic.path)
    if text is None or (problem.diagnostic.path.endswith(".mli") and message.sort == "value"):
        return ()
    old = f"{message.qualifier}.{message.name}"
    places = [match.start() for match in re.finditer(rf"(?<![\w'.]){re.escape(old)}(?![\w'])", text)]
    names = [
        d.name for d in declared_elsewhere(problem) if d.path == f"{message.qualifier}.{d.name}" and d.kind in kinds
    ]
    fresh = [name for name in dict.fromkeys(names) if f"{message.qualifier}.{name}" not in text]
    fresh.sort(key=lambda name: -similarity(name, message.name))
    found = []
    for number, name in enumerate(fresh[:MOST]):
        new = f"{message.qualifier}.{name}"
        edits = [TextEdit(place, place + len(old), new) for place in places]
        if edits:
            often = f" ({len(edits)} times)" if len(edits) > 1 else ""
            title = f"`{old}` may be `{new}` now{often}"
            found.append(Candidate(title, problem.edit(*edits), 0.4 / (1 + number / 2), Kind.GUESS))
    return found
