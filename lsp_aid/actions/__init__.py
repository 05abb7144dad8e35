"""What the editor's light bulb offers: one file per code action, in the order in which they are listed.

An action is a module with `KINDS`, the kinds of what it offers, and `offers(context)`.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from lsp_aid.actions import (
    explain_error,
    fix_all,
    fix_build_error,
    generate_diff,
    promote,
    take_hunks,
    trust_folder,
    undo_last,
)
from lsp_aid.actions.offer import Context, Offer

log = logging.getLogger(__name__)


class Action(Protocol):
    @property
    def KINDS(self) -> tuple[str, ...]: ...  # noqa: N802 - a module's constant

    def offers(self, context: Context, /) -> Sequence[Offer]: ...


ACTIONS: tuple[Action, ...] = (
    fix_build_error, promote, take_hunks, generate_diff, trust_folder, fix_all, explain_error, undo_last,
)  # fmt: skip

KINDS: tuple[str, ...] = tuple(dict.fromkeys(kind for action in ACTIONS for kind in action.KINDS))
"""All kinds that are offered."""


def is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a kind is asked for. `quickfix` asks for `quickfix.x` as well. What works on a whole source file is
    offered only where it is asked for."""
    if only is None:
        return not kind.startswith("source.")
    return any(not asked or kind == asked or kind.startswith(f"{asked}.") for asked in only)


def offers(context: Context, only: Sequence[str] | None, actions: Sequence[Action] = ACTIONS) -> list[Offer]:
    """What all actions offer. One that fails is logged and left out; the others still answer."""
    found: list[Offer] = []
    for action in actions:
        if any(is_wanted(kind, only) for kind in action.KINDS):
            try:
                found += action.offers(context)
            except Exception:
                log.exception("An action failed: %r", action)
    return [offer for offer in found if is_wanted(offer.kind, only)]
