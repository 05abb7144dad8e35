"""Trust this folder: where something is asked for that needs a build, in a folder that is not trusted.

Before: an error, and no repair of it: finding one runs the project's rules, preprocessors and tests.

After: the folder is remembered as trusted, and is built.
"""

from collections.abc import Sequence

from lsp_aid.actions.offer import QUICKFIX, Context, GiveTrust, Offer

KINDS = (QUICKFIX,)


def offers(context: Context) -> Sequence[Offer]:
    if context.trusted or not context.errors:
        return ()
    return (Offer("Trust this folder, to build it and fix its errors", QUICKFIX, GiveTrust(), for_errors=True),)
