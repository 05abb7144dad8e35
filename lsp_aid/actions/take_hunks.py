"""Take a proposal by hunk: where one waits to be decided, at the lines that it would change.

Before: `AID: take this hunk`, `AID: take all of lib/cart.ml`, `AID: take the whole change`, `AID: discard the change`
on its hunks. A file that it creates or deletes, which has no lines to stand on, is listed with every hunk.

After: what was taken is type-checked by itself and applied; the other hunks go on waiting.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import REWRITE, Context, Discard, Offer, OfferHunks, TakeHunks, Waiting

KINDS = (REWRITE,)


def offers(context: Context) -> Sequence[Offer]:
    if context.waiting:
        return _waiting(context, context.waiting)
    best = next(iter(context.fixes or ()), None)
    if best is None or context.hunks < 2:
        return ()
    return (Offer(f"AID: choose from {context.hunks} hunks: {best.title}", REWRITE, OfferHunks(best)),)


def _waiting(context: Context, waiting: Waiting) -> list[Offer]:
    here = [h for h in waiting.hunks if h.path == context.path and h.range and h.range.touches(context.range)]
    placed = any(hunk.range for hunk in waiting.hunks)
    if not here and (placed or context.path != waiting.origin):
        return []
    found = []
    if len(waiting.hunks) > 1:
        found += [_offer("take this hunk", TakeHunks(waiting.proposal, (hunk.id,))) for hunk in here]
        paths = dict.fromkeys(hunk.path for hunk in waiting.hunks)
        files = [h.path for h in waiting.hunks if not h.range]
        if here and len(paths) > 1 and sum(hunk.path == context.path for hunk in waiting.hunks) > 1:
            files.insert(0, context.path)
        found += [_offer(f"take all of {path}", TakeHunks(waiting.proposal, files=(path,))) for path in files]
    found.append(_offer("take the whole change", TakeHunks(waiting.proposal)))
    found.append(_offer("discard the change", Discard(waiting.proposal)))
    return found


def _offer(title: str, does: TakeHunks | Discard) -> Offer:
    return Offer(f"AID: {title}", REWRITE, does)
