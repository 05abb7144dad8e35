"""The families of repairs, in their order."""

from collections.abc import Mapping

from lsp_aid.repair import (
    attributes,
    changed_calls,
    classes,
    comments_and_strings,
    constructor_arity,
    deprecated,
    dune_misspelt,
    dune_modules,
    dune_shared_modules,
    dune_structure,
    eta_expanded,
    guards,
    interface_mismatch,
    joined_lists,
    locally_abstract,
    marks,
    missing_cases,
    missing_else,
    missing_library,
    missing_rec,
    misspelt_name,
    module_lists,
    module_members,
    needless,
    neighbours,
    numeric_types,
    records,
    renamed,
    syntax_errors,
    typed_search,
    unit_argument,
    unused,
    variant_tags,
)
from lsp_aid.repair.family import Family

FAMILIES: Mapping[str, Family] = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        dune_misspelt,
        dune_structure,
        dune_modules,
        dune_shared_modules,
        missing_library,
        misspelt_name,
        renamed,
        changed_calls,
        eta_expanded,
        module_members,
        variant_tags,
        locally_abstract,
        joined_lists,
        neighbours,
        module_lists,
        missing_else,
        constructor_arity,
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
