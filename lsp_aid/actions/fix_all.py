"""Fix all build errors: the best repair that is verified, for editors that fix on save.

Before:

    let fact n = if n = 0 then 1 else n * fact (n - 1)

After:

    let rec fact n = if n = 0 then 1 else n * fact (n - 1)

Nothing that leaves the build red, no body that a person has to write, and nothing at all where the best is a guess.
"""

from collections.abc import Sequence

from lsp_aid.actions.fix_build_error import is_sure
from lsp_aid.actions.offer import FIX_ALL, ApplyProposal, Context, Offer
from lsp_aid.domain.proposal import Level

KINDS = (FIX_ALL,)


def offers(context: Context) -> Sequence[Offer]:
    verified = (proposal for proposal in context.fixes or () if proposal.verdict.level is Level.VERIFIED)
    best = next(verified, None)
    if best is None or not is_sure(best) or not context.trusted:
        return ()
    return (Offer("Fix all build errors", FIX_ALL, ApplyProposal(best), for_errors=True),)
