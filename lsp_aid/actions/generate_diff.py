"""AID comment: a comment that says what should happen becomes the prompt of a diff, which removes the comment.

Before:

    (* AID: the average of a list, None if it is empty *)
    let total items = List.fold_left ( +. ) 0. items

After:

    let total items = List.fold_left ( +. ) 0. items

and whatever the model's diff adds, here and in other files.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import REWRITE, Context, Offer, StartDiff
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.ports import View
from lsp_aid.domain.text import Range, SourceText
from lsp_aid.ocaml.syntax import AidComment, aid_comments

KINDS = (REWRITE,)
_TITLE_LENGTH = 60


def offers(context: Context) -> Sequence[Offer]:
    source = SourceText(context.view.read(context.path))
    found = []
    for comment in aid_comments(source.text, context.path):
        place = source.range(comment.start, comment.end)
        if comment.prompt and place.touches(context.range):
            found.append(Offer(f"AID: {_short(comment.prompt)}", REWRITE, StartDiff(comment.prompt, place)))
    return found


def removal(view: View, path: str, prompt: str, near: Range) -> ChangeSet:
    """The change that removes the comment with this prompt; none where it is no longer there."""
    source = SourceText(view.read(path))
    same = [comment for comment in aid_comments(source.text, path) if comment.prompt == prompt]
    if not same:
        return ChangeSet()
    comment = min(same, key=lambda c: abs(source.position(c.start).line - near.start.line))
    return ChangeSet.of([FileChange(path, source.text, without(source.text, comment))])


def without(text: str, comment: AidComment) -> str:
    """The text without the comment, and without its lines where nothing else stands on them."""
    start, end = comment.start, comment.end
    source = SourceText(text)
    first = source.line_starts[source.position(start).line]
    last = source.position(end).line
    after = source.line_starts[last + 1] if last + 1 < len(source.line_starts) else len(text)
    if not text[first:start].strip() and not text[end:after].strip():
        return text[:first] + text[after:]
    if text[start - 1 : start] == " " and text[end : end + 1] in ("", " ", "\r", "\n"):
        start -= 1
    return text[:start] + text[end:]


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= _TITLE_LENGTH else f"{prompt[: _TITLE_LENGTH - 1].rstrip()}…"
