"""The messages that tell of one broken rule each, as a table: an identifier and the texts that say it.

A text has placeholders for what differs: `{name}` a word of code, `{type}` code of any length, `{n}` a number, `{sort}`
words such as `record field`, `{list}` words of code apart by commas or spaces, `{*}` anything. Code stands in any
version's quotes. A text fits the start of a message; one that ends in `$` fits all of it.
"""

import re
from collections.abc import Mapping, Sequence

from attrs import frozen

from lsp_aid.ocaml.message_shapes import BrokenRule, CompilerWarning
from lsp_aid.ocaml.message_text import WORD, code, got

COMPILER: Mapping[str, Sequence[str]] = {
    # bindings and patterns
    "bound-twice": ["Variable {name} is bound several times in this matching"],
    "defined-twice": [
        "Multiple definition of the {sort} name {name}.",
        "Two {sort}s are named {name}$",
        "The record field {sort} {name} is defined several times",
        "The {sort} {name} has multiple definitions in this object",
        "The {sort} {name} is overridden several times",
    ],
    "or-pattern-sides": ['Variable {name} must occur on both sides of this "|" pattern'],
    "or-pattern-types": [
        "The variable {name} on the left-hand side of this or-pattern has type {type} but {*} it has type {type}$"
    ],
    "or-pattern-order": [
        "The variables {name} and {name} must appear in the same order",
        "The variables {*} must appear in the same order",
    ],
    "exception-pattern-place": ["Exception patterns are not allowed in this position"],
    "exception-patterns-only": ['None of the patterns in this "match" expression match values'],
    "pattern-interval": ["Only character intervals are supported in patterns"],
    "not-refuted": ["This match case could not be refuted. Here is an example of a value that would reach it: {type}$"],
    # literals and formats
    "literal-range": ["Integer literal exceeds the range of representable integers of type {name}"],
    "literal-suffix": ["Unknown modifier {name} for literal {name}$"],
    "format": ["invalid format {name}: at character number {n},", "invalid format {type}: at character number {n},"],
    # type definitions
    "type-arity": ["The type constructor {name} expects {n} argument(s), but is here applied to {n} argument(s)"],
    "class-arity": [
        "The class constructor {name} expects {n} type argument(s), but is here applied to {n} type argument(s)"
    ],
    "cyclic-type": ["The type abbreviation {name} is cyclic", "The definition of {name} contains a cycle"],
    "type-variable-unbound": [
        "The type variable {name} is unbound in this type declaration",
        "A type variable is unbound in this type declaration. In {*} the variable {name} is unbound",
        "A type variable is unbound in this type declaration",
        "A type wildcard {name} is not allowed in this type declaration",
    ],
    "class-variable-unbound": [
        "Some type variables are unbound in this type: {*} The {sort} {name} has type {type} where {name} is unbound",
        "Some type variables are unbound in this type",
    ],
    "parameter-twice": ["A type parameter occurs several times"],
    "recursive-parameters": ["This recursive type is not regular. The type constructor {name} is defined as"],
    "private-create": ["Cannot create values of the private type {type}$"],
    "private-assign": ["Cannot assign field {name} of the private type {type}$"],
    "private-extend": ["Cannot extend private type definition {type}$"],
    "not-mutable": ["The {sort} {name} is not mutable"],
    "variance": [
        "In this definition, {*} variances are not satisfied. The {n}{*} was expected to be {type}, but it is {type}.$",
        "In this definition, a type variable",
    ],
    "not-extensible": ["Type definition {type} is not extensible"],
    "extension-mismatch": ["This extension does not match the definition of type {name}"],
    "gadt-result": [
        "Constraints are not satisfied in this type. Type {type} should be an instance of {type}$",
        "Constraints are not satisfied in this type",
    ],
    "type-constraint": [
        "This type {type} should be an instance of type {type}$",
        "The type constraints are not consistent. Type {type} is not compatible with type {type}$",
        "The type parameter {type} does not meet its constraint: it should be {type}$",
        "This alias is bound to type {type} but is used as an instance of type {type}$",
    ],
    "manifest": ["This variant or record definition does not match that of type {type} (?=[A-Z1-9])"],
    "unboxed": ["This type cannot be unboxed because"],
    "immediate": ["Types marked with the immediate"],
    "external-function": ["External identifiers must be functions"],
    "external-unboxed": ["Don't know how to unbox this type"],
    "external-native": ["The native code version of the primitive is mandatory"],
    "row-conflict": ["This variant type contains a constructor {type} which should be {type}$"],
    "row-inherit": [
        "The type {type} does not expand to a polymorphic variant type",
        "The type {type} is not a polymorphic variant type",
        "The type {type} is not an object type",
    ],
    "module-shape": [
        "Signature mismatch: This module should not be a {name}, a {name} was expected.",
        "This module should not be a {name}, a {name} was expected.",
    ],
    "row-bound": ["The constructor {name} is missing from the upper bound"],
    "method-conflict": ["Method {name} has type {type}, which should be {type}$"],
    # records and constructors
    "inline-record-escape": ["This form is not allowed as the type of the inlined record could escape"],
    "inline-record-argument": ["This constructor expects an inlined record argument"],
    "mixed-fields": ["The {sort} {name} belongs to the type {type} but is mixed here with fields of type {type}$"],
    "of-another-type": [
        "The {sort} {name} belongs to the {*} type {type} = {*} was expected belonging to the {*} type {type} = ",
        "The {sort} {name} belongs to the {*} type {type} = {*} was expected belonging to the {*} type {type}$",
        "The {sort} {name} belongs to the {*} type {type} but a {*} was expected belonging to the {*} type {type} = ",
        "The {sort} {name} belongs to the {*} type {type} but a {*} was expected belonging to the {*} type {type}$",
    ],
    # functions and generality
    "too-many-parameters": ["This function expects too many arguments, it should have type {type}$"],
    "operator-type": ["The operator {name} has type {type} but it was expected to have type {type}$"],
    "label-orders": ["This function is applied to arguments in an order different from other calls"],
    "less-general": ["This {sort} has type {type} which is less general than {type}$"],
    "not-a-subtype": [
        "Type {type} is not a subtype of {type} (?=The |Type |Types |Here )",
        "Type {type} is not a subtype of {type}$",
    ],
    "coercion": ["This expression cannot be coerced to type {type}; it has type {type} but is here used with type"],
    "weak-type": [
        "The type of this {sort}, {type}, contains the non-generalizable type variable(s): {name}. ",
        "The type of this {sort}, {type}, contains non-generalizable type variable(s)",
        "The type of this {sort}, {type}, contains type variables that cannot be generalized",
    ],
    "existential": [
        "Existential types are not allowed in {sort}, but the constructor {name} introduces existential types",
        "Existential types are not allowed in {sort}, but this pattern introduces the existential type {name}.$",
        "Existential types are not allowed in {sort}, but",
    ],
    "universal-variable": ["The universal type variable {name} cannot be generalized"],
    "let-rec-right": ['This kind of expression is not allowed as right-hand side of "let rec"'],
    "let-rec-left": ['Only variables are allowed as left-hand side of "let rec"'],
    # objects and classes
    "class-incomplete": ["The class {name} is not yet completely defined"],
    "virtual-class": ["Cannot instantiate the virtual class {name}$"],
    "virtual-left": [
        "This {sort} has virtual {*}. The following {*} are virtual : {list}$",
        "This {sort} has virtual {*}. The following {*} are undefined : {list}$",
        "This {sort} should be virtual. The following {*} are undefined : {list}$",
    ],
    "not-an-instance-variable": ["The value {name} is not an instance variable"],
    "instance-variable-access": [
        "The {sort} {name} cannot be accessed from the definition of another instance variable",
        "The {sort} {name} cannot be accessed from the definition of an instance variable",
    ],
    "not-an-object": ["This expression is not an object; it has type {type}$"],
    "override-nothing": ["The {sort} {name} has no previous definition", "This {sort} does not override any"],
    "instance-variable-type": [
        "The {sort} {name} has type {type} but is expected to have type {type} (?=Type |The |Hint)",
        "The {sort} {name} has type {type} but is expected to have type {type}$",
    ],
    "class-not-a-function": ["This class expression is not a class function, it cannot be applied"],
    "class-not-a-structure": ["This class expression is not a class structure; it has type {type}$"],
    "class-type-mismatch": ["The class type {type} is not matched by the class type {type} (?=The )"],
    "self-pattern": ["This pattern cannot match self: it only matches values of type {type}$"],
    "object-copy-outside": ["This object duplication occurs outside a method definition"],
    # modules
    "packed-module-type": ["The signature for this packaged module couldn't be inferred"],
    "package-type": ["invalid package type:"],
    "functor-components": ["The module {name} is a functor, it cannot have any components"],
    "not-a-functor": ["The module {name} is not a functor, it cannot be applied"],
    "not-a-structure": ["This module is not a structure; it has type {type}$"],
    "generative-functor": [
        "The functor {name} is generative, it cannot be applied in type expressions",
        "This is a generative functor. It can only be applied to",
    ],
    "functor-application": [
        "This application of the functor {name} is ill-typed.",
        "The functor application is ill-typed.",
    ],
    "with-no-component": ['The signature constrained by "with" has no component named {name}$'],
    "not-a-signature": ["This module type is not a signature"],
    "recursive-modules-unsafe": [
        "Cannot safely evaluate the definition of the following cycle of recursively-defined modules: {type}. "
    ],
    "recursive-module-signature": ["Recursive modules require an explicit module type"],
    "shadowed-inclusion": ["Illegal shadowing of included {sort} {name} by {name}"],
    "abstract-path": ["The module {name} is abstract, it cannot have any components"],
    "missing-alias": ["The module {name} is an alias for module {name}, which is missing"],
    # extensions and attributes
    "extension-node": ["Uninterpreted extension {name}."],
    # files and linking
    "corrupted-interface": ["Corrupted compiled interface {name}$", "{name} is not a compiled interface"],
    "inconsistent-files": [
        "The files {name} and {name} make inconsistent assumptions over {sort} {name}",
        "The files {name} and {name} disagree over {sort} {name}",
    ],
    "missing-interface-file": ["Could not find the .cmi file for interface {name}"],
    "missing-implementation": ["Required module {name} is unavailable"],
    "linking": ["Error during linking (exit code {n})", "Error while linking {name}:"],
    "preprocessor": ["Error while running external preprocessor"],
    "input": ["I/O error: {type}: No such file or directory$", "I/O error:"],
    "file-unavailable": ["File unavailable: {name}"],
    "linked-twice": ["Files {name} and {name} both define a module named {name}$"],
}

DUNE: Mapping[str, Sequence[str]] = {
    "dune-unknown-field": ["Unknown field {name}", "Unknown action or rule field"],
    "dune-unknown-word": ["Unknown constructor {name}", "Unknown value {name}", "undefined symbol {name}"],
    "dune-unknown-language": ["Unknown language {name}.", "Unknown extension {name}."],
    "dune-unknown-variable": ["Unknown variable %{{name}}", "Unknown macro %{{name}}"],
    "dune-missing-field": [
        "Field {name} is missing",
        "field {name} missing",
        "either the {name} or the {name} field must be present",
    ],
    "dune-field-twice": ["Field {name} is present too many times"],
    "dune-arguments": ["Too many arguments for {name}$", "Not enough arguments for {name}$"],
    "dune-bad-name": ["{name} is an invalid {sort} name."],
    "dune-syntax": [
        "unclosed parenthesis at end of input",
        "right parenthesis without matching left parenthesis",
        "unterminated quoted string",
        "S-expression of the form",
        "Atom or quoted string expected",
        "Atom expected",
        "List expected",
        "Unexpected list",
        "Too many arguments$",
        "Not enough arguments$",
        "The character {name} is not allowed inside",
        "Invalid first line, expected: {type}$",
        "Parse error",
    ],
    "dune-defined-twice": [
        "Library {name} appears for the second time in this directory",
        "library {name} is present twice",
        "Library {name} is defined twice",
        "Public library {name} is defined twice",
        "Multiple rules generated for {name}:",
        "Executable {name} appears for the second time",
    ],
    "dune-module-missing": ["Module {name} doesn't exist."],
    "dune-module-shared": ["Module {name} is used in several stanzas"],
    "dune-module-twice": ["Module {name} appears in several directories", "Too many files for module {name} in"],
    "dune-interface-alone": [
        "Some modules don't have an implementation. You need to add {*} (modules_without_implementation {list})$"
    ],
    "dune-not-a-ppx": [
        "Ppx dependency on a non-ppx library {name}.",
        "No ppx driver were found. It seems that {name} is not compatible",
        "No ppx driver were found",
        "Failed to create on-demand ppx rewriter",
    ],
    "dune-no-rule": ["No rule found for alias {name}", "No rule found for {name}", "Don't know how to build {name}"],
    "dune-program-missing": ["Program {name} not found in the tree or in PATH"],
    "dune-targets-missing": ["Rule failed to generate the following targets: - {name}"],
    "dune-rule-shape": ["You cannot use %{{name}} with inferred rules", "Rule has no targets specified"],
    "dune-file-missing": ["File {name} doesn't exist", "Cannot find directory: {name}$"],
    "dune-source-missing": ["Object {name} has no source; {name} must be present"],
    "dune-version": [
        "{name} is only available since version {name} of the {*} language",
        "{name} was deleted in version {name} of the {*} language",
        "Version {name} of the {*} is not supported",
    ],
    "dune-extension": ["{name} is available only when {name} is enabled in the dune-project"],
    "dune-package-missing": [
        "The current scope doesn't define package {name}",
        "You cannot declare items to be installed without {*} To declare elements {*} as part of package {name},",
        "You cannot declare items to be installed without",
        "The current project defines some public elements, but no opam packages are defined",
    ],
    "dune-package-unclear": ["I can't determine automatically which package this stanza is for"],
    "dune-private-library": ["Library {name} is private, it cannot be a dependency of a public library"],
    "dune-select": ["No solution found for this select form"],
    "dune-opam-file": ["Unable to read opam file"],
    "dune-locked": ["A running dune (pid: {n}) instance has locked the build directory", "A running dune"],
    "compiler-option": ["{*}: unknown option {name}."],
}

GENERATORS: Mapping[str, Sequence[str]] = {
    "grammar-no-start": ["the start symbol `%entry%' is undefined", "no start symbol has been declared."],
    "grammar-undefined": [
        "{name} is undefined.",
        "the symbol {name} is undefined",
        "the start symbol {name} is undefined",
    ],
    "grammar-unused": [
        "the {sort} {name} is unused.",
        "symbol {name} is unreachable from any of the start symbol(s).",
        "production {name} -> {*} is never reduced.",
        "the precedence level assigned to {name} is never useful.",
    ],
    "grammar-conflicts": [
        "{*} conflicts. {*} conflict{*} arbitrarily resolved.",
        "{n} {*} conflict",
        "{n} rules never reduced",
        "{n} rule never reduced",
        "in total, {n} production",
    ],
    "grammar-precedence-twice": ["there are multiple precedence declarations for token {name}."],
    "grammar-start-type": ["no type has been declared for the start symbol {name}"],
    "grammar-keyword": ["please do not say: {name}. Instead, say: {name}.$"],
    "grammar-no-value": ["{name} refers to terminal {name}, which has no argument"],
    "grammar-parameter": ["{name} is unbound"],
    "grammar-defined-twice": ["multiple definitions of symbol {name}.", "redeclaration of {name}"],
    "grammar-brace": ["unbalanced opening {name}.", "unterminated action", "unbalanced opening {*}"],
    "grammar-syntax": ["syntax error after {type} and before {type}.", "syntax error"],
    "lexer-unbound": ["Reference to unbound regexp name {name}."],
    "lexer-text": [
        "unescaped newline in string",
        "unterminated string",
        "unterminated comment",
        "illegal escape sequence {name}",
        "illegal backslash escape in string or character",
        "illegal character {name}",
    ],
    "lexer-too-large": ["Transition table overflow", "Position memory overflow"],
}
"""What ocamllex, ocamlyacc and menhir say of a grammar."""

WARNINGS: Mapping[int, Sequence[str]] = {
    1: ["this {*} is the start of a comment"],
    4: ["this pattern-matching is fragile. It will remain exhaustive when constructors are added to type {type}.$"],
    7: ["the method {name} is overridden", "the following methods are overridden by the class {name}: {list}$"],
    13: [
        "the instance variable {name} is overridden",
        "the following instance variables are overridden by {*}: {list}$",
    ],
    17: ["the virtual method {name} is not declared"],
    24: ["bad source file name: {name} is not a valid module name"],
    30: ["the {sort} {name} is defined in both types {name} and {name}"],
    34: ["unused {sort} {name}"],
    40: ["{name} was selected from type {type}. It", "{name} was selected from type {type}.$"],
    41: [
        "{name} belongs to several types: {list} The first",
        "these field labels belong to several types: {list} The first",
    ],
    42: ["this use of {name} relies on type-directed"],
    43: ["the label {name} is not optional"],
    44: ["this open statement shadows the {sort} {name} (which"],
    45: ["this open statement shadows the {sort} {name} (which"],
    47: ["illegal payload for attribute {name}(?=\\. |\\.$)"],
    49: ["no cmi file was found in path for module {name}"],
    53: ["the {name} attribute cannot appear in this context"],
    54: ["the {name} attribute is used more than once"],
    57: [
        "Ambiguous or-pattern variables under guard; variable {name} ",
        "Ambiguous or-pattern variables under guard; variables {list} (?=appear|may match)",
    ],
    58: ["no cmx file was found in path for module {name}"],
    60: ["unused module {name}"],
    63: [
        "The printed interface differs from the inferred interface. The inferred interface contained items {*}: {name}"
    ],
}
"""What warnings without a shape of their own name, by number. Those that are not listed name nothing."""

_EXPANDED = re.compile(r'^"([^"]*)" = "([^"]*)"$')
_SORT = r"[a-z][a-z -]*?"
_PLACEHOLDER = re.compile(r"\{(name|type|n|sort|list|\*)\}")
_AFTER_LAST = r"(?=[\s.,;:]|$)"


@frozen
class _Text:
    rule: str
    pattern: re.Pattern[str]
    groups: tuple[tuple[str, str], ...]
    """The placeholders in their order: their kind and the group."""


def _compiled(rule: str, text: str) -> _Text:
    whole = text.endswith("$")
    text, ahead = text.removesuffix("$"), ""
    if cut := re.search(r"\(\?=.*$", text):
        text, ahead = text[: cut.start()], cut[0]
    pattern, groups, at = "", [], 0
    for number, place in enumerate(_PLACEHOLDER.finditer(text)):
        kind, group = place[1], f"g{number}"
        pattern += _literal(text[at : place.start()])
        pattern += {
            "name": code(group, WORD),
            "type": code(group),
            "n": rf"(?P<{group}>\d+)",
            "sort": rf"(?P<{group}>{_SORT})",
            "list": rf"(?P<{group}>.+?)",
            "*": ".*?",
        }[kind]
        groups.append((kind, group))
        at = place.end()
    pattern += _literal(text[at:])
    pattern += r"\.?$" if whole else ahead or (_AFTER_LAST if text.endswith("}") else "")
    return _Text(rule, re.compile(pattern), tuple(groups))


def _literal(text: str) -> str:
    """Quotes around words differ between versions and may be left out."""
    return re.sub(r"\"([^\"]+)\"", r"[\"`']?\1[\"`']?", re.escape(text).replace(r"\ ", " "))


_COMPILER = [_compiled(rule, text) for rule, texts in COMPILER.items() for text in texts]
_DUNE = [_compiled(rule, text) for rule, texts in DUNE.items() for text in texts]
_GENERATORS = [_compiled(rule, text) for rule, texts in GENERATORS.items() for text in texts]
_WARNINGS = {number: [_compiled("", text) for text in texts] for number, texts in WARNINGS.items()}


def broken_rule(
    flat: str, *, of_dune: bool, of_grammar: bool = False, suggestions: tuple[str, ...]
) -> BrokenRule | None:
    """The rule that a message on one line tells of; None where it tells of none that is known here.

    `of_grammar`: whether it is about a file that a lexer or a parser is made of."""
    tables = [*(_GENERATORS if of_grammar else ()), *(_DUNE if of_dune else ()), *_COMPILER]
    for text in tables:
        if match := text.pattern.match(flat):
            return _told(text, match, flat, suggestions)
    return None


def of_warning(number: int, mnemonic: str, flat: str) -> CompilerWarning:
    """What a warning names. Any warning has this structure at least."""
    for text in _WARNINGS.get(number, ()):
        if match := text.pattern.match(flat):
            told = _told(text, match, flat, ())
            return CompilerWarning(number, mnemonic, told.names, told.types, told.sort, flat)
    return CompilerWarning(number, mnemonic, text=flat)


def _bare(name: str) -> str:
    """dune puts some names in single quotes; a character literal keeps its own."""
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "'" else name


def _told(text: _Text, match: re.Match[str], flat: str, suggestions: tuple[str, ...]) -> BrokenRule:
    names, types, numbers, sort = [], [], [], ""
    for kind, group in text.groups:
        match kind:
            case "name":
                names.append(_bare(got(match, group)))
            case "type":
                types.append(_EXPANDED.sub(r"\1 = \2", got(match, group)))
            case "n":
                numbers.append(int(match[group]))
            case "sort":
                sort = match[group]
            case "list":
                names.extend(word.strip("\"`'") for word in re.split(r"[,\s]+", match[group].strip(" .")) if word)
    rest = flat[match.end() :].strip(" .,:")
    return BrokenRule(text.rule, tuple(names), tuple(types), tuple(numbers), sort, rest, suggestions)
