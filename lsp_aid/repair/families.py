"""The families of repairs, in their order."""

from collections.abc import Mapping

from lsp_aid.repair import (
    attributes,
    classes,
    comments_and_strings,
    deprecated,
    guards,
    interface_mismatch,
    marks,
    missing_cases,
    missing_library,
    missing_rec,
    misspelt_name,
    needless,
    numeric_types,
    records,
    renamed,
    syntax_errors,
    typed_search,
    unit_argument,
    unused,
)
from lsp_aid.repair.family import Family

FAMILIES: Mapping[str, Family] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        missing_library,
        misspelt_name,
        renamed,
        missing_rec,
        numeric_types,
        unit_argument,
        marks,
        missing_cases,
        interface_mismatch,
        unused,
        needless,
        guards,
        records,
        classes,
        attributes,
        comments_and_strings,
        deprecated,
        syntax_errors,
        typed_search,
    )
}
"""The families, by name. A new one is a file in this folder and a line here."""

LAST_RESORTS = frozenset(("typed_search",))
"""Those that search for seconds: they are asked where no other family has a good answer."""
