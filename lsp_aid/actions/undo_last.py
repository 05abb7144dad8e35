"""Undo the last change: in a file that lsp-aid changed last and that nobody touched since.

Before: what was applied, in this file and in others.

After: all of these files are as they were before it, or none is, where one of them was touched since.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import REWRITE, Context, Offer, UndoLast

KINDS = (REWRITE,)


def offers(context: Context) -> Sequence[Offer]:
    if context.undoable is None:
        return ()
    files = len(context.undoable.changes.files)
    where = f" in {files} files" if files > 1 else ""
    return (Offer(f"AID: undo{where}: {context.undoable.title}", REWRITE, UndoLast(context.undoable.id)),)
