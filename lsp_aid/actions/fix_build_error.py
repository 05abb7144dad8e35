"""Fix build error: on an error, one action for each repair of it, best first.

Before:

    let total items = List.lenght items

After:

    let total items = List.length items

A repair is a complete alternative: with one that is verified the whole build is green. What a title does not say is not
so: one that was not verified says how far it was checked. Where the repairs are not known yet, one action computes them
and applies the best; where a model is configured, another asks it.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import QUICKFIX, ApplyProposal, Context, Offer, StartFix
from lsp_aid.domain.proposal import Kind, Level, Proposal

KINDS = (QUICKFIX,)
_TITLE = "Fix build error"


def offers(context: Context) -> Sequence[Offer]:
    if not context.errors or not context.trusted:
        return ()
    found = [
        Offer(
            _title(proposal),
            QUICKFIX,
            ApplyProposal(proposal),
            preferred=not number and is_sure(proposal),
            for_errors=True,
        )
        for number, proposal in enumerate(context.fixes or ())
    ]
    if context.fixes is None:
        found.append(Offer(_TITLE, QUICKFIX, StartFix(), for_errors=True))
    if context.model:
        found.append(Offer(f"{_TITLE} with {context.model}", QUICKFIX, StartFix(ask_model=True), for_errors=True))
    return found


def is_sure(proposal: Proposal) -> bool:
    """Whether it is a repair, not a guess nor a body to be written, and the build is green with it."""
    return proposal.verdict.level is Level.VERIFIED and proposal.kind is Kind.FIX


def _title(proposal: Proposal) -> str:
    doubts = []
    if proposal.kind in (Kind.GUESS, Kind.SKELETON):
        doubts.append(proposal.kind.value)
    if proposal.verdict.level is Level.PARSES:
        doubts.append("parses only")
    elif proposal.verdict.level is Level.UNVERIFIED:
        doubts.append("unverified")
    return f"{_TITLE}: {proposal.title}" + (f" ({', '.join(doubts)})" if doubts else "")
