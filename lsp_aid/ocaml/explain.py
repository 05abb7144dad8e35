"""Explains a message in plain words, without a model and from its structure alone.

What the compiler says comes first, then what it usually means and what to look at; guesses are said to be guesses. Code
stands in backquotes, as in Markdown.
"""
# ruff: noqa: E501 - a sentence stands on one line

import re
from collections.abc import Iterable

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.explain_rules import RULES, WARNINGS

_NUMBERS = {"int", "float", "int32", "int64", "nativeint"}
_PATH = re.compile(r"[\w.']+")
_MOST = 5  # of a list, so that an explanation stays short


def explain(diagnostic: Diagnostic, message: messages.Message) -> str:
    """A few short sentences about `message`, which is what `messages.read` makes of `diagnostic`."""
    found = _errors(message) or _of_types(message) or _of_warnings(message) or _of_projects(message)
    return found or _joined(
        "This message is not among those that can be explained offline. It says:", diagnostic.flat_message
    )


def _errors(message: messages.Message) -> str:
    match message:
        case messages.TypeClash():
            return _clash(message)
        case messages.UnboundName():
            return _unbound(message)
        case messages.SignatureMismatch():
            return _signature(message)
        case messages.SyntaxProblem():
            return _syntax(message)
        case messages.BrokenRule():
            fields = _fields(message.names, message.types, message.numbers, message.sort)
            if message.suggestions:
                fields["suggestion"] = _codes(message.suggestions, "or")
            return _complete(_filled(RULES.get(message.rule, ""), fields), (*message.names, *message.types))
    return ""


# --- pieces ---


def _code(text: str) -> str:
    """Code in backquotes, more of them where it has some itself."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _codes(texts: Iterable[str], word: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [_code(text) for text in texts]
    shown = quoted if len(quoted) <= _MOST else [*quoted[:_MOST], f"{len(quoted) - _MOST} more"]
    return f" {word} ".join([part for part in (", ".join(shown[:-1]), shown[-1]) if part]) if shown else ""


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _fields(names: Iterable[str], types: Iterable[str], numbers: Iterable[int], sort: str) -> dict[str, str]:
    """What the lines of the table may ask for."""
    fields = {"sort": sort} if sort else {}
    for word, values in (("name", names), ("type", types), ("number", numbers)):
        for at, value in enumerate(values, 1):
            key = word if at == 1 else f"{word}{at}"
            fields[key] = str(value) if word == "number" else _code(str(value))
            fields[f"{key}_plain"] = str(value)
    return fields


def _filled(lines: str, fields: dict[str, str]) -> str:
    """The lines of an entry of the table, each in the first of its wordings whose fields are all there."""
    return " ".join(text for line in lines.splitlines() if (text := _first_filled(line.split(" || "), fields)))


def _first_filled(wordings: Iterable[str], fields: dict[str, str]) -> str:
    for wording in wordings:
        try:
            return wording.format_map(fields)
        except KeyError:
            continue
    return ""


def _complete(text: str, named: Iterable[str]) -> str:
    """The text, and what the message names beyond it."""
    left = [name for name in dict.fromkeys(named) if name not in text]
    return _joined(text, f"The message names {_codes(left)}." if text and left else "")


# --- types ---


def _clash(message: messages.TypeClash) -> str:
    wanted = _code(message.expected)
    if not message.found:
        form = message.name or message.what
        return _joined(
            f"The context needs {wanted} here, and a {form} cannot be that.",
            "Either this is not what was meant, or the type that was expected (an annotation, an earlier use) is wrong.",
        )
    found = _code(message.found)
    subject = f"{_code(message.name)} has" if message.name else f"This {message.what} has"
    says = f"{subject} the type {found}, but the context needs {wanted}."
    if message.what == "pattern":
        says = f"This pattern matches values of type {found}, but what is matched has type {wanted}."
    reason = f"That is because {message.because}." if message.because else ""
    return _joined(says, reason, _advice(message))


def _advice(message: messages.TypeClash) -> str:
    """What a clash usually means. The first that fits; each is a guess by the types alone."""
    found, wanted = message.found, message.expected
    if message.did_you_mean:
        return f"The compiler proposes {_code(message.did_you_mean)}."
    if message.forgot_unit:
        return "It is a function that is not called yet: apply it to `()`."
    if message.partial:
        return "The call is likely to lack an argument: the result is still a function."
    if "occurs inside" in message.explanation:
        return "The one type contains the other, so they can never be equal. Often a list is added to itself, or a function applied to itself: compare `::` with `@`, and count the arguments."
    if "escape its" in message.explanation:
        return "The type exists only within a pattern, a local module or a function, and the value would carry it outside. Use the value inside, or return something of another type."
    if "does not allow tag" in message.explanation:
        return "The set of tags that is expected is closed and lacks one. Check the tag's spelling, or widen the type."
    if "has no method" in message.explanation:
        return "The two object types have different methods; a coercion `:>` can drop methods, not add them."
    if "label" in message.explanation.lower():
        return "The labels of the arguments differ. Wrap it: `fun x -> f ~label:x`."
    return _by_types(found, wanted, message)


def _by_types(found: str, wanted: str, message: messages.TypeClash) -> str:
    if {found, wanted} <= _NUMBERS:
        return f"OCaml does not convert numbers by itself: look at the operators (`+` is for int, `+.` for float), or convert with a function such as {_conversion(found, wanted)}."
    if wanted == "unit" and message.because and "sequence" in message.because:
        return "What stands before `;` should give nothing. Perhaps an argument is missing, `;` should be another operator, or the result is to be thrown away with `ignore`."
    if wanted == "unit" and message.because and "no else" in message.because:
        return "Without an `else` an `if` gives `()`. Add the `else`, or parentheses where the `if` ends too early."
    if found.endswith(" ref") != wanted.endswith(" ref"):
        return "A `ref` and what it holds are two things: `!r` reads it and `r := v` sets it."
    if found.endswith(" option") != wanted.endswith(" option"):
        return "An option is not its value: match on `Some x` and `None`, or wrap the value in `Some`."
    if found.endswith(" list") != wanted.endswith(" list"):
        return "One is a list and the other is not: look at `::` (an element and a list), `@` (two lists) and `[a; b]`, whose elements stand between semicolons."
    if found.endswith((" lazy_t", " Lazy.t")):
        return "It is a lazy value: `Lazy.force` computes it."
    if "->" in found and "->" not in wanted:
        return "It is a function where its result seems to be wanted: perhaps an argument is missing."
    if "->" in wanted and "->" not in found:
        return "A function is wanted: perhaps one argument too many is given, or a call was made where the function itself was meant."
    if {found, wanted} == {"char", "string"}:
        return "Single quotes make one character, double quotes a string; `String.make 1 c` turns a character into a string."
    if wanted == "string" and found in _NUMBERS | {"bool"}:
        return (
            f"OCaml does not convert to text by itself: use `string_of_{found}` or `Printf.sprintf`."
            if found in {"int", "float", "bool"}
            else "OCaml does not convert to text by itself: use `Printf.sprintf`."
        )
    if wanted == "bool":
        return "A condition is needed: a comparison such as `=` or `<`, or something of type `bool`."
    if _PATH.fullmatch(found) and _PATH.fullmatch(wanted) and found.rpartition(".")[2] == wanted.rpartition(".")[2]:
        return "The two types only have the same last name. Look at which module each comes from."
    return "One of the two is not what was meant: look at this place, and at where the expected type comes from: an annotation, another branch, or an earlier use."


def _conversion(found: str, wanted: str) -> str:
    if wanted in {"int", "float"} and found in {"int", "float"}:
        return _code(f"{wanted}_of_{found}")
    if found == "int":
        return _code(f"{wanted.capitalize()}.of_int")
    return (
        _code(f"{found.capitalize()}.to_{wanted}") if wanted in {"int", "float"} and found != "float" else "`of_float`"
    )


# --- names and signatures ---


def _unbound(message: messages.UnboundName) -> str:
    where = f" in the type {_code(message.of_type)}" if message.of_type else ""
    says = f"There is no {message.sort} {_code(message.path)}{where} that is visible here."
    if message.rec_line is not None:
        return _joined(says, f"If the definition is to call itself, it needs `rec`, on line {message.rec_line}.")
    if message.suggestions:
        return _joined(
            says,
            f"Perhaps {_codes(message.suggestions, 'or')} was meant; the names are alike, no more than that is known.",
        )
    if message.sort == "module":
        return _joined(
            says,
            "Check the spelling. If the module is in a library, the dune file must name that library; if it is a file, it must be part of the same stanza.",
        )
    if message.sort in {"record field", "constructor"} and not message.of_type:
        return _joined(says, "Check the spelling. If its type is in another module, qualify it or annotate the type.")
    if message.qualifier:
        return _joined(says, f"Look at what {_code(message.qualifier)} offers; its interface may hide the name.")
    return _joined(
        says, "Check the spelling, whether it is defined further down, and whether a module must be opened or named."
    )


def _signature(message: messages.SignatureMismatch) -> str:
    says = "The module does not fit its signature."
    if message.implementation:
        says = f"{_code(message.implementation)} does not do what {_code(message.interface)} promises."
    entries = [_entry(entry) for entry in message.entries]
    more = f"There are {len(entries) - _MOST} more differences." if len(entries) > _MOST else ""
    return _joined(says, *entries[:_MOST], more, "Change either side so that both say the same.")


def _entry(entry: messages.NotProvided | messages.Mismatch) -> str:
    within = f" in {_code('.'.join(entry.within))}" if entry.within else ""
    if isinstance(entry, messages.NotProvided):
        return f"The {entry.sort} {_code(entry.name)}{within} is required but is not there."
    parts = [f"It has {_code(entry.given)}{within} where {_code(entry.wanted)} is required."]
    if entry.missing:
        parts.append(f"It lacks {_codes(entry.missing)}.")
    if entry.extra:
        parts.append(f"It has {_codes(entry.extra)} in addition.")
    return " ".join(parts)


def _syntax(message: messages.SyntaxProblem) -> str:
    if not message.text.startswith("Syntax error"):
        return _joined(
            f"The text cannot be read as OCaml: {message.text.rstrip('.')}.",
            "Look at the quotes, comments and special characters from this place on.",
        )
    if message.expected:
        opening = "An opening one before it is marked as perhaps unmatched." if message.unmatched else ""
        return _joined(f"The text stops being OCaml here: {_code(message.expected)} was expected.", opening)
    detail = message.text.removeprefix("Syntax error").strip(" :.")
    return _joined(
        "The text stops being OCaml here.",
        f"The compiler adds: {detail}." if detail else "",
        "The mistake is often just before: a missing `in`, `then`, `->` or closing bracket, or a `;` or `;;` too many.",
    )


# --- applications, records and constructors ---


def _of_types(message: messages.Message) -> str:
    match message:
        case messages.TooManyArguments():
            subject = _code(message.function) if message.function else "The function"
            cause = "A `;` may be missing between two calls, or" if message.forgot_semicolon else "Perhaps"
            says = f"{subject} has the type {_code(message.type)} and is given more arguments than it takes."
            return _joined(says, f"{cause} parentheses around an argument that is a call itself.")
        case messages.NotAFunction():
            says = f"This has the type {_code(message.type)}, which is no function, but something stands behind it as its argument."
            return _joined(says, "Often an operator, a `;` or a comma between the two is missing.")
        case messages.NotARecord():
            return f"A field is taken from something of type {_code(message.type)}, which is no record. A function may still need its argument, or another value was meant."
        case messages.WrongLabel():
            label = (
                _code(("?" if message.optional else "~") + message.label)
                if message.label
                else "an argument without label"
            )
            says = (
                f"The function has the type {_code(message.type)} and takes no {label}."
                if message.label
                else f"The function has the type {_code(message.type)} and does not take {label} here."
            )
            return _joined(says, "Compare with the labels in that type: it may be misspelt, or given already.")
        case messages.LabelMismatch():
            given = f"the label {_code('~' + message.given)}" if message.given else "no label"
            wanted = f"the label {_code('~' + message.wanted)}" if message.wanted else "no label"
            return f"A function of type {_code(message.type)} is needed, whose first argument has {wanted}, but this one's has {given}. Rename the parameter, or change the order."
        case messages.UndefinedFields():
            return f"The record leaves out {_codes(message.fields)}. Every field needs a value; `{{ r with ... }}` takes the others from `r`."
        case messages.ConstructorArity():
            says = f"The constructor {_code(message.constructor)} takes {message.expected} argument(s) and has {message.given} here."
            return _joined(says, "Several arguments stand in one pair of parentheses: `C (a, b)`.")
    return ""


# --- warnings ---


def _of_warnings(message: messages.Message) -> str:
    match message:
        case messages.MissingCases():
            return _missing_cases(message)
        case messages.RedundantCase():
            return "This case, or a part of it, is never reached: the cases before it match all that it would. It may be in the wrong place, or a name in a case above may match everything where a constant was meant."
        case messages.UnusedName():
            return _unused(message)
        case messages.UnusedOpen():
            return f"Nothing of {_code(message.path)} is used, so the `open` can go."
        case messages.UnusedRec():
            return "The definition never refers to itself, so `rec` can go. If it was to call itself, look at the name in its body."
        case messages.PartialApplication():
            return "The result is still a function, since arguments are missing, and it is thrown away: nothing happens. Give the rest of the arguments."
        case messages.LabelsOmitted():
            return f"The call leaves out the label(s) {_codes(message.labels)}. It works by position, but write them, so that a change of order cannot go unnoticed."
        case messages.UnboundFieldsInPattern():
            return f"The pattern does not mention {_codes(message.fields)}. Add `; _` if that is meant, so that a reader sees it."
        case messages.Alert():
            advice = f"Its author says: {message.advice}" if message.subject and message.advice else message.advice
            subject = (
                f"{_code(message.subject)} is marked {_code(message.category)}."
                if message.subject
                else f"The compiler raises the alert {_code(message.category)}."
            )
            return _joined(subject, advice)
        case messages.CompilerWarning():
            fields = _fields(message.names, message.types, (), message.sort)
            text = _filled(WARNINGS.get(message.number, ""), fields)
            mnemonic = f" ({message.mnemonic})" if message.mnemonic else ""
            text = text or f"Warning {message.number}{mnemonic}: {message.text}"
            return _complete(text, (*message.names, *message.types))
    return ""


def _missing_cases(message: messages.MissingCases) -> str:
    says = (
        f"The patterns do not match every value; {_codes(message.examples)} for example is left."
        if message.examples
        else "The patterns do not match every value."
    )
    guard = (
        "A case with `when` may match it, but the compiler does not look into conditions." if message.guarded else ""
    )
    cure = (
        "The type can get new constructors at any time, so that only `_` ends the matching."
        if message.extensible
        else "Add the cases: a value without one stops the program with Match_failure."
    )
    return _joined(says, guard, cure)


def _unused(message: messages.UnusedName) -> str:
    name = _code(message.name)
    if message.never:
        return f"The {message.sort} {name} is {message.never}. It can go, or be used where it was meant to."
    says = f"The {message.sort} {name} is never used."
    if message.sort in {"variable", "for-loop index"}:
        return _joined(
            says, "If that is meant, put `_` before its name; else look for the place where it should stand."
        )
    if message.sort in {"ancestor variable", "type variable", "label", "method"}:
        return _joined(says, "It can go.")
    return _joined(says, "If nobody outside needs it, remove it; if somebody does, the interface is to export it.")


# --- dune ---


def _of_projects(message: messages.Message) -> str:
    match message:
        case messages.LibraryNotFound(hidden=True):
            reason = f": {message.reason}" if message.reason else ""
            return f"The library {_code(message.name)} exists but cannot be used here{reason}."
        case messages.LibraryNotFound():
            return f"dune knows no library {_code(message.name)}. It is misspelt, or it is not installed in the opam switch or folder that dune sees."
        case messages.NotLinked():
            return _not_linked([reference.module for reference in message.references])
        case messages.DependencyCycle():
            steps = " -> ".join(_code(_short(step)) for step in message.steps)
            return f"These need one another in a circle: {steps}. Move what both sides need into a third module or library."
        case messages.ActionFailed():
            how = f"by the signal {_code(message.signal)}" if message.signal else f"with exit code {message.exit_code}"
            return f"A command that a rule runs ended {how}. What it printed tells why."
        case messages.Promotion():
            return f"What was made differs from {_code(message.path)}. If the new text is right, promote it; else the program has changed where it should not."
    return ""


def _not_linked(modules: list[str]) -> str:
    return f"Something uses {_codes(modules)}, but nothing implements that in what is linked. A library may be missing in the `libraries` of the stanza, or the module in its `modules`."


def _short(step: str) -> str:
    """A step of a cycle as a user knows it: without the build folder, object files as their module."""
    step = re.sub(r"_build/[^/ ]+/", "", step)
    module = re.fullmatch(r"(?:.*/)?(?:\w+__)?(\w+)\.(?:impl|intf)\.all-deps", step)
    module = module or re.fullmatch(r"transitive deps of (?:\w+__)?(\w+)\.(?:impl|intf)\b.*", step)
    return module[1] if module else step
