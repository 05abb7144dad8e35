"""Fix all build errors: the best repair that is verified, for editors that fix on save.

Before:

    let fact n = if n = 0 then 1 else n * fact (n - 1)

After:

    let rec fact n = if n = 0 then 1 else n * fact (n - 1)

Nothing that leaves the build red, and no body that a person has to write.
"""

from collections.abc import Sequence

from lsp_aid.actions.fix_build_error import is_sure
from lsp_aid.actions.offer import FIX_ALL, ApplyProposal, Context, Offer

KINDS = (FIX_ALL,)


def offers(context: Context) -> Sequence[Offer]:
    best = next((proposal for proposal in context.fixes or () if is_sure(proposal)), None)
    if best is None or not context.trusted:
        return ()
    return (Offer("Fix all build errors", FIX_ALL, ApplyProposal(best), for_errors=True),)
