"""Slips of the keyboard, for text that does not parse: one kind per file. `syntax_errors` tries them.

A file has `ways(place)`, the changes that might have been meant; a new one is a line in `ALL`.
"""

from collections.abc import Callable, Iterator

from lsp_aid.repair.slips import (
    conflicts,
    declarations,
    keywords,
    labelled_types,
    modules,
    other_functions,
    other_languages,
    quotation,
    signs,
    single_tokens,
    stray_signs,
    type_texts,
    typography,
    unclosed_blocks,
    unclosed_texts,
    words_left_out,
)
from lsp_aid.repair.slips.way import Place, Way

ALL: tuple[Callable[[Place], Iterator[Way]], ...] = (
    conflicts.ways,
    typography.ways,
    unclosed_texts.ways,
    unclosed_blocks.ways,
    quotation.ways,
    stray_signs.ways,
    labelled_types.ways,
    declarations.ways,
    keywords.ways,
    type_texts.ways,
    words_left_out.ways,
    modules.ways,
    other_functions.ways,
    other_languages.ways,
    signs.ways,
    single_tokens.ways,
)
"""What is tried, the likeliest kinds first: the time may run out."""
