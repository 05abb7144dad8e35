"""Explain this error: what a message of the compiler or of dune means, in plain words and without a model.

Before:

    let total = 1 + 2.5

After: the text is as it was, and the editor shows that `2.5` has the type `float` where an `int` is needed, since OCaml
does not convert numbers by itself.

Its kind is one of its own: who asks for quick fixes and takes the only one, as some editors do, gets the fix.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import EXPLAIN, Context, Explain, Offer

KINDS = (EXPLAIN,)


def offers(context: Context) -> Sequence[Offer]:
    if not context.messages:
        return ()
    what = "error" if any(message.is_error for message in context.messages) else "warning"
    return (Offer(f"Explain this {what}", EXPLAIN, Explain(context.messages)),)
