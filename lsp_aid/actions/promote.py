"""Promote: what a test printed, or a rule made, becomes what the file says.

Before:

    [%expect {| 1 |}]

in a test whose output has changed, with the diff shown at these lines and in dune's message.

After:

    [%expect {| 2 |}]

Several places of one file are promoted one by one, or all at once, from any of them or from dune's message.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import QUICKFIX, Context, Offer, Promote

KINDS = (QUICKFIX,)


def offers(context: Context) -> Sequence[Offer]:
    promotable = context.promotable
    if promotable is None:
        return ()
    here = [hunk for hunk in promotable.hunks if hunk.range and hunk.range.touches(context.range)]
    if not here and not promotable.is_said_here:
        return ()
    count = len(promotable.hunks)
    if count == 1:
        return (Offer("Promote this", QUICKFIX, Promote(), for_errors=True),)
    found = [Offer("Promote this", QUICKFIX, Promote((hunk.id,)), for_errors=True) for hunk in here]
    return (*found, Offer(f"Promote all {count} in this file", QUICKFIX, Promote(), for_errors=True))
