# ruff: noqa: E501 - a line is a sentence or two
"""What broken rules and warnings mean, in plain words: the table behind `explain`.

A line is a sentence or two. `{name}`, `{name2}`, `{type}`, `{type2}`, `{number}`, `{number2}`, `{sort}`, `{mnemonic}` and
`{suggestion}` stand for what the message names; a line that asks for what the message does not have is left out. What
stands behind `||` is said where the text before it asks for what is not there.
"""

from collections.abc import Mapping

RULES: Mapping[str, str] = {
    "bound-twice": """The pattern, or the group of definitions, binds {name} more than once.
A name may stand only once in a pattern: rename one, or match two names and compare them in a `when` guard.""",
    "defined-twice": """The {sort} {name} is defined more than once in one place.
Probably one was copied or forgotten: rename one of them or remove it.""",
    "or-pattern-sides": """Only one side of the `|` in this pattern binds {name}.
Both sides must bind the same names, since the code behind them cannot know which side matched. Bind it on the other side too, or write two cases.""",
    "or-pattern-types": """The two sides of this `|` pattern bind {name} at different types: {type} and {type2}.
Write two cases, or bind different names.""",
    "or-pattern-order": """The two sides of this `|` pattern bind {name} and {name2} in different orders. || The two sides of this `|` pattern bind the same existential types in different orders. Write two cases.""",
    "exception-pattern-place": """An `exception` pattern stands where none is allowed.
It may only be a whole case of a `match` or an alternative of one, not inside another pattern nor in `function` or `let`.""",
    "exception-patterns-only": """This `match` handles exceptions alone and no value.
Add a case for the value, or use `try ... with` instead.""",
    "pattern-interval": """`..` in patterns works between characters only, such as `'a'..'z'`.
For numbers, bind a name and compare it in a `when` guard.""",
    "not-refuted": """The case `.` says that no value comes here, but the compiler finds one that does, such as {type}.
Give that case a result.""",
    "literal-range": """The number does not fit into the type {name}.
Use a wider type (suffix `L` for int64) or a smaller number.""",
    "literal-suffix": """{name2} ends in {name}, which is no suffix that OCaml knows.
`l`, `L` and `n` make int32, int64 and nativeint; other letters are for preprocessors.""",
    "format": """The format string {name} is not valid, from character number {number}. || The format string {type} is not valid, from character number {number}.
Look at the conversion behind the `%` there; a plain percent sign is written `%%`.""",
    "type-arity": """The type {name} takes {number} parameter(s) but is given {number2} here.
Parameters stand before the name: `int list`, `(string, int) Hashtbl.t`.""",
    "class-arity": """The class {name} takes {number} type parameter(s) but is given {number2} here.
They stand in brackets before the name: `[int] c`.""",
    "cyclic-type": """The type {name} is defined by itself, with no constructor or record between.
Put a constructor in between (`type t = T of t list`), or check whether another name was meant.""",
    "type-variable-unbound": """The type variable {name} is used in the definition but is no parameter of the type. || A type variable is used in the definition but is no parameter of the type; an open `[> ..]` or `< .. >` type has a hidden one.
Add it to the parameters (`type 'a t = ...`), or use a definite type.""",
    "class-variable-unbound": """The {sort} {name} of the class has the type {type}, and nothing binds the variable {name2} in it. || The type of the class has type variables that nothing binds.
Give the class a type parameter (`class ['a] c`), or annotate with a definite type.""",
    "parameter-twice": "The same type parameter stands twice in the definition's head. Rename or remove one.",
    "recursive-parameters": """Inside its own definition the type {name} is used with different parameters.
Use the same parameters there as in its head.""",
    "private-create": """The type {type} is private: other modules may look at its values but not make them.
Look in its module for a function that makes one.""",
    "private-assign": """{name} is a field of {type}, which is private: other modules may read it but not set it.
Look in its module for a function that changes it.""",
    "private-extend": """{type} is private, so that no other module may add constructors to it.""",
    "not-mutable": """The {sort} {name} is set here, but it is not declared `mutable`.
Declare it `mutable`, or make a changed copy: `{{ r with ... }}` for a record.""",
    "variance": """The definition says that parameter number {number} is {type}, but the way it is used makes it {type2}. || A type variable cannot be deduced from the parameters of the type, so that its variance is not known.
Change the sign before the parameter (`+` or `-`) or drop it, or change how the parameter is used.""",
    "not-extensible": """{type} is not an extensible type, so `+=` cannot add constructors to it.
Only a type that is declared `type t = ..` can be extended. If a type of its own was meant, write `=`.""",
    "extension-mismatch": """The extension has other parameters than the definition of {name}.
Repeat the type's head as it is declared.""",
    "gadt-result": """The type {type} stands where the constraints of the definition only allow {type2}; as the result of a constructor, that is the type being defined. || The parameters here do not meet the constraints of the type's definition.""",
    "type-constraint": """The type {type} stands where the definition only allows {type2}.
Look at the `constraint`, the class or the `as` that binds the type variable.""",
    "manifest": """The definition repeats the type {type} but lists other constructors or fields than it has.
Copy its definition exactly, or drop the `= ...` that ties the two together.""",
    "unboxed": """`[@@unboxed]` needs a type of one constructor with one argument, or of one field, and this one is not.
Remove the attribute.""",
    "immediate": """`[@@immediate]` promises that values are plain numbers, and the type's definition does not hold that.
Remove the attribute, or change the type.""",
    "external-function": "An `external` must have a function's type, with `->`.",
    "external-unboxed": """`[@unboxed]` is on a type that cannot be passed unboxed to C.
Only float, int32, int64 and nativeint can.""",
    "external-native": "An `external` with this many or with unboxed arguments needs two C functions: for bytecode and for native code.",
    "row-conflict": """The variant type gives the same tag two different types: {type} and {type2}.
Rename one tag, or give both the same argument.""",
    "row-inherit": """The type {type} is taken into another one, but it is no such type.
Only a polymorphic variant goes into `[ ... ]` and only an object type into `< ... >`.""",
    "module-shape": """A {name_plain} stands where a {name2_plain} is needed.
A functor becomes a structure once it is applied: `F (X)`. A structure becomes a functor by parameters: `functor (X : S) -> struct ... end`.""",
    "row-bound": """The tag {name} is promised behind `>` but is not allowed by the list before it.
Add it to the list, or take it off behind the `>`.""",
    "method-conflict": """The object type gives the method {name} two types: {type} and {type2}.
Keep one.""",
    "inline-record-escape": """The record of a constructor such as `A of {{ ... }}` cannot leave its constructor as a value of its own.
Use its fields (`r.x`), build the constructor anew, or declare the record as a type of its own.""",
    "inline-record-argument": """This constructor takes an inline record, so its argument is written `{{ field = ... }}`.""",
    "mixed-fields": """The {sort} {name} belongs to {type}, but the others here belong to {type2}.
One record has the fields of one type: check the names, or qualify the fields with their module.""",
    "of-another-type": """{name} is a {sort} of {type}, but here something of {type2} is expected.
Check the name and the value. In a match within a match the cases below may be meant for the outer one: put the inner
match in parentheses.""",
    "too-many-parameters": """The function has more parameters than its type, {type}, allows.
Remove a parameter, or write the type of one more argument.""",
    "operator-type": """{name} has type {type}, but for its use here it must have {type2}.
The operator's definition is likely to be wrong or shadowed.""",
    "label-orders": """The function's type is not known yet, and its labelled arguments come in another order than in an earlier call.
Annotate the function with its type, or keep one order.""",
    "less-general": """This {sort} has the type {type}, but it must work for every type: {type2}.
Something in it fixes the type, such as an operator or a constant. Make it general, or weaken the annotation.""",
    "not-a-subtype": """A coercion with `:>` needs a subtype, and {type} is not one of {type2}.
Convert the value with a function; objects need all of the methods, variants may have no more tags.""",
    "coercion": "The expression cannot be coerced to {type}; its own type is {type2}. Give both types: `(e : t1 :> t2)`.",
    "weak-type": """The type of this {sort}, {type}, has a variable that is not known yet ({name}) and cannot be made general. || The type of this {sort}, {type}, has a variable that is not known yet and cannot be made general.
This is usual for `ref []`, `Hashtbl.create` and partial applications. Annotate with the type of the elements, or write a function's argument out: `let f x = g x`.""",
    "existential": """{name} hides a type, and such a pattern is not allowed in {sort}.
Use `match ... with` inside a function instead.""",
    "universal-variable": "The type variable {name} is promised to be general, but the code ties it to another type.",
    "let-rec-right": """A recursive value is used while it is still being computed.
Only functions, constructors and `lazy` may refer to themselves. Is `rec` wanted here, or was another name meant?""",
    "let-rec-left": "`let rec` defines names, not patterns. Take the value apart in a second `let`.",
    "class-incomplete": "The class {name} is used in its own definition before it is complete. A class cannot inherit from itself.",
    "virtual-class": """{name} is virtual: some of its methods have no body, so no object can be made of it.
Make an object of a class that inherits from it and defines them.""",
    "virtual-left": """This {sort} leaves {name} without a definition.
Define what is missing, or declare the class `virtual`.""",
    "not-an-instance-variable": """`<-` sets instance variables, and {name} is not one.
For a `ref` use `:=`. An ordinary variable cannot be changed: make it a `ref`, or bind a new one.""",
    "instance-variable-access": """The {sort} {name} is not there yet while the instance variables are computed.
Use a `let` before `object`, or an `initializer`.""",
    "not-an-object": "`#` calls a method of an object, but this has type {type}. For a field of a record, write `.`.",
    "override-nothing": """`!` says that the {sort} {name} overrides one that is inherited, but there is none. || `!` says that this {sort} overrides something, but it does not.
Remove the `!`, or check the name.""",
    "instance-variable-type": """The {sort} {name} has type {type}, but the class it comes from, or its class type, says {type2}.""",
    "class-not-a-function": "The class is given more arguments than it takes.",
    "class-not-a-structure": "Only a class without missing arguments can be inherited, and this one has type {type}. Give it its arguments.",
    "class-type-mismatch": "The class is {type}, but its class type asks for {type2}. Compare the methods one by one.",
    "self-pattern": """The annotation of the object itself allows {type} alone, but the object has more.
Open the type with `..`, or remove the annotation.""",
    "object-copy-outside": "`{{< ... >}}` copies the object that a method runs in, so it stands in methods only.",
    "packed-module-type": """It is not known which signature the module has.
Annotate: `(module M : S)` when packing, `(val m : S)` when unpacking.""",
    "package-type": "A packed module's type allows only `with type t = ...` constraints.",
    "functor-components": """{name} is a functor, a function from modules to modules, so nothing can be taken out of it.
Apply it first: `module M = {name_plain}(Argument)`.""",
    "not-a-functor": "{name} is an ordinary module, no functor, so it takes no argument.",
    "not-a-structure": "A structure is needed here, but this module is a functor: {type}. Apply it first.",
    "generative-functor": """A functor that takes `()` makes new types at each use.
{name} cannot stand in a type for that reason.
Bind the result to a module first (`module M = F ()`), and use that.""",
    "functor-application": """The arguments do not fit the parameters of the functor {name}. || The arguments do not fit the functor's parameters.
Compare them one by one: there may be too many, or one lacks something.""",
    "with-no-component": "The `with` constraint names {name}, which the signature does not have. Check the name.",
    "not-a-signature": "The module type is a functor's, so that `with` cannot constrain it.",
    "recursive-modules-unsafe": """The modules {type} need one another's values while they are being set up.
Make at least one of them hold only functions, so that it can be set up first.""",
    "recursive-module-signature": "Each module of a `module rec` needs its signature: `module rec M : S = ...`.",
    "shadowed-inclusion": "An `include` brings in {sort} {name}, which {name2} shadows though other things still refer to it.",
    "abstract-path": "Nothing is known of what is in the module {name}, since its type is abstract.",
    "missing-alias": "{name} is another name for {name2}, whose interface is not found. A library may be missing in the dune file.",
    "extension-node": """`[%{name_plain}]` is not OCaml's own: a preprocessor was to replace {name}, and none did.
Add the ppx that knows it to `(preprocess (pps ...))` in the dune file, or check its name.""",
    "corrupted-interface": """The compiled interface {name} cannot be read.
It may be damaged or from another OCaml. Clean and build again.""",
    "inconsistent-files": """{name} and {name2} were compiled against different versions of {name3}.
Build all again; if it stays, two copies of a library are in use.""",
    "missing-interface-file": "The compiled interface of {name} is not found. A library may be missing in the dune file.",
    "missing-implementation": """Something uses {name}, but nothing implements it in what is linked.
Add its library or its .ml file, or drop it from `modules_without_implementation`.""",
    "linked-twice": "{name} and {name2} both define the module {name3}. Rename one.",
    "linking": "The linker failed, with exit code {number}. What it printed above tells what it misses.",
    "preprocessor": "The preprocessor of this file failed. What it printed above tells why.",
    "input": "A file could not be read: {type}.",
    "dune-unknown-field": """dune knows no field {name} at this place. || dune knows no such field and no such action at this place.
The field may be misspelt, belong to another stanza, or need a newer `(lang dune ...)`.
Did you mean {suggestion}?""",
    "dune-unknown-word": """dune does not know {name} here.
Did you mean {suggestion}?""",
    "dune-unknown-language": """The first line names the language {name}, which dune does not know.
Did you mean {suggestion}?""",
    "dune-unknown-variable": "dune knows no variable {name}. In `%{{...}}` stand its own variables and prefixes such as `dep:`.",
    "dune-missing-field": """The stanza needs the field {name} or {name2}. || The stanza needs the field {name}.""",
    "dune-field-twice": "The field {name} stands more than once in the stanza. Put its values into one.",
    "dune-arguments": "{name} has too many or too few values.",
    "dune-bad-name": """{name} cannot name a {sort}.
Such names have letters, digits and `_` alone; a hyphen belongs into `public_name`.""",
    "dune-syntax": """The dune file cannot be read: {type} is expected. || The dune file cannot be read: the character {name} is not allowed there. || The dune file cannot be read.
Look at the parentheses, quotes and the order of the values around this place.""",
    "dune-defined-twice": "{name} is there twice. Rename or remove one.",
    "dune-module-missing": """The stanza names the module {name}, but there is no such .ml file in the folder.
Check its spelling, or make the file.""",
    "dune-module-shared": """More than one stanza of this dune file takes the module {name}.
Give each stanza a `(modules ...)` field, so that each module belongs to one.""",
    "dune-module-twice": "There is more than one file for the module {name}. Rename one.",
    "dune-interface-alone": """{name} has an .mli file but no .ml file.
Write the .ml, or list it in `modules_without_implementation` where it has types alone.""",
    "dune-not-a-ppx": """{name} is used as a preprocessor but is not one. || What `pps` names is no preprocessor.
Ordinary libraries go into `(libraries ...)`.""",
    "dune-no-rule": """Something needs {name}, but it does not exist and no rule makes it.
Check the spelling and the folder.""",
    "dune-program-missing": """A rule runs {name}, which is neither in the project nor on PATH.
Install it, or check its name.""",
    "dune-targets-missing": """The rule ran but did not make {name}, which it promises.
Check that the action writes the file of that name.""",
    "dune-rule-shape": """The variable {name} cannot be used where dune is to find the targets by itself. || The rule does not say well enough what it makes.
Name the targets in a `(targets ...)` field.""",
    "dune-file-missing": "{name} does not exist. Check the path: it is relative to the folder of this dune file.",
    "file-unavailable": """dune cannot read {name}: it is a link that leads nowhere, or a file that may not be read.
A build in a sandbox sees the project's own files alone: there, a link out of the project leads nowhere.""",
    "dune-source-missing": "The foreign stubs name {name}, but there is no {name2}.",
    "dune-version": """{name} needs version {name2} of the dune language, or was dropped in it. || The version {name} is not one that this dune knows.
Change `(lang dune ...)` in dune-project.""",
    "dune-extension": "{name} works only where dune-project says `(using {name2_plain} ...)`.",
    "dune-package-missing": """No package {name} is declared in this project. || The project declares no package for what it installs.
Declare it: `(package (name ...))` in dune-project, or an .opam file.""",
    "dune-package-unclear": "The project has several packages, and the stanza does not say which it belongs to. Add `(package ...)`.",
    "dune-private-library": "A public library depends on {name}, which is private. Give {name} a `public_name`, or drop the dependency.",
    "dune-select": "No choice of this `select` has all of its libraries. Add a last choice without conditions: `(-> file.ml)`.",
    "dune-opam-file": "The opam file cannot be read; dune goes on without what it says.",
    "dune-locked": "Another dune works in this build folder. Wait for it, or stop it.",
    "compiler-option": "The compiler does not know the option {name}. Look at the `flags` fields.",
    "grammar-undefined": """The grammar uses {name}, which is neither a token nor a rule of it.
Check the spelling; tokens are declared by `%token`, rules stand behind `%%`.""",
    "grammar-unused": """The {sort} {name} is declared and not used. || Nothing that the grammar starts with leads to {name}, or it can never be chosen.
Remove it, or use it where it was meant.""",
    "grammar-conflicts": """Some inputs can be read in more than one way by this grammar, and one way was chosen for each. || Some rules of this grammar compete, and some were never chosen.
Say which is meant, by `%left`, `%right` and `%nonassoc` or by other rules; `menhir --explain` and `ocamlyacc -v` show the places.""",
    "grammar-precedence-twice": """The token {name} is given a precedence more than once.
Keep one of the lines `%left`, `%right` or `%nonassoc` that name it.""",
    "grammar-start-type": """The grammar starts with {name}, and does not say of what type its result is.
Declare it: `%type <t> {name_plain}`.""",
    "grammar-no-start": """The grammar does not say with which rule it starts.
Name one by `%start`.""",
    "grammar-keyword": """This producer has a name, so that menhir takes {name2} in place of {name}.
Write the name.""",
    "grammar-no-value": """{name} asks for the value of the token {name2}, which carries none.
Count the parts of the rule, or give the token a type: `%token <t> {name2_plain}`.""",
    "grammar-parameter": """{name} asks for a part that this rule does not have.
Count the parts: `$1` is the first.""",
    "grammar-defined-twice": """{name} is defined more than once in this grammar.
Rename one, or put the two together.""",
    "grammar-brace": """What is opened here is never closed.
Look for a brace, bracket or quote without its partner in the code behind this place.""",
    "grammar-syntax": """The grammar cannot be read from here on: something is missing or too much between {type} and {type2}. || The grammar cannot be read from here on.
A rule is `name: parts {{ code }} | parts {{ code }} ;`.""",
    "lexer-unbound": """The pattern uses the name {name}, which no `let` above defines.
Check the spelling, or define it: `let {name_plain} = ...`.""",
    "lexer-text": """A string, a character or a comment of this lexer cannot be read. It is {name}.  || A string, a character or a comment of this lexer cannot be read.
Look at the quotes and backslashes from here on.""",
    "lexer-too-large": """The lexer has too many cases for one automaton.
Let one case match all words, and look keywords up in a table.""",
}

WARNINGS: Mapping[int, str] = {
    1: "`(*` starts a comment here. For the operator, put a space in: `( * )`.",
    2: "`*)` stands outside of a comment. Is the start of the comment missing?",
    3: "Something deprecated is used.",
    4: "A catch-all case would go on matching in silence when {type} gets new constructors. Listing the constructors is safer.",
    7: "The method {name} replaces one that is inherited. If that is meant, write `method!`.",
    10: "The value before the `;` is thrown away. Use `ignore` if that is meant.",
    13: "The instance variable {name} replaces one that is inherited. If that is meant, write `val!`.",
    14: "A backslash in a string starts an escape such as `\\n`, and this one is none. For the backslash itself write two.",
    16: "No positional argument follows the optional one, so it can never be left out. Add a `()` at the end.",
    17: "The method {name} is called on the object itself but declared nowhere. Declare it `virtual`, or check the name.",
    20: "The function never returns, or its type allows anything, so this argument is not used. Parentheses may be missing.",
    21: "This never returns, as with `raise` and `exit`, so that what follows is not run.",
    23: "All fields are given, so that `with` copies nothing. Remove it.",
    24: "The file's name makes the module {name}, which is no valid name. Rename the file.",
    28: "The constructor takes no argument, so the `_` behind it matches nothing. Remove it.",
    30: "The {sort} {name} is in both {name2} and {name3}, of one group of types; the last hides the first.",
    40: "{name} was found only since the type {type} was expected. Qualify it with its module, or open that.",
    41: "{name} belongs to several types, and the last defined is taken. Annotate, if another is meant.",
    42: "{name} is told apart by its type, which OCaml before 4.01 could not.",
    43: "The argument {name} is passed with `?`, but it is not optional. Pass it with `~`.",
    44: "The `open` hides the {sort} {name}, which is used later. Is the opened module's meant?",
    45: "The `open` hides the {sort} {name}, which is used later. Is the opened module's meant?",
    47: "The attribute {name} has a value that it does not take.",
    49: "The compiled interface of the module {name} is not found.",
    50: "A documentation comment stands where it belongs to nothing, or to two things. Move it, or write `(*`.",
    51: "The call is marked as a tail call, but something is still done with its result.",
    52: "The match depends on the text of an error, which may change with the next version. Match with `_` instead.",
    53: "The attribute {name} has no effect at this place. Move it, or check its spelling.",
    54: "The attribute {name} is given twice.",
    55: "The call is marked to be inlined, but it cannot be.",
    56: "No value can reach this case. Remove it, or write `.` as its result.",
    57: "{name} is bound in several alternatives under a `when`, and only the first that matches is tried by the guard. Write separate cases.",
    58: "The native code of the module {name} is not found, so that calls to it are slower.",
    60: "The module {name} is never used.",
    67: "The functor's parameter {name} is never used.",
    70: "The file has no .mli, so that all of it is visible outside.",
    73: "A functor that takes `()` is given a module. Write `()`.",
}
