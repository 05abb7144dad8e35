"""Modules that the standard library has no more, and what is done without them.

Stream.of_list xs, Stream.iter f s        List.to_seq xs, Seq.iter f s
"""

import re
from collections.abc import Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.repair.family import Candidate, Problem

_GONE: Mapping[str, Mapping[str, str]] = {
    "Stream": {
        "of_list": "List.to_seq",
        "of_string": "String.to_seq",
        "of_bytes": "Bytes.to_seq",
        "iter": "Seq.iter",
        "empty": "Seq.is_empty",
        "t": "Seq.t",
        "sempty": "Seq.empty",
        "icons": "Seq.cons",
        "iapp": "Seq.append",
    },
}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return ()
    names = _GONE.get(message.name)
    text = problem.source.text
    uses = list(re.finditer(rf"\b{re.escape(message.name)}\.(?P<name>[a-z_][\w']*)", text)) if names else []
    if not names or not uses or any(use["name"] not in names for use in uses):
        return ()
    edits = [TextEdit(use.start(), use.end(), names[use["name"]]) for use in uses]
    often = f" ({len(edits)} times)" if len(edits) > 1 else ""
    title = f"`{message.name}` is gone: `{uses[0][0]}` is `{edits[0].text}`{often}"
    return [Candidate(title, problem.edit(*edits), 0.92)]
