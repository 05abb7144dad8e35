"""The words of `dune` and `dune-project` files: which stanzas there are, and which fields each takes.

For finding what a misspelt word was meant to be, and which stanza a field belongs to; not for telling whether a file is
right, which dune does. Of dune 3.17, with what has gone since 1.0 left out.
"""

from collections.abc import Mapping

_BUILDABLE = """
    modules private_modules modules_without_implementation libraries preprocess preprocessor_deps flags ocamlc_flags
    ocamlopt_flags instrumentation lint enabled_if allow_overlapping_dependencies ctypes foreign_stubs
    foreign_archives extra_objects js_of_ocaml wasm_of_ocaml root_module empty_module_interface_if_absent per_module
    melange.compile_flags c_names cxx_names c_flags cxx_flags
"""
_EXECUTABLE = """
    package link_flags link_deps modes forbidden_libraries bootstrap_info embed_in_plugin_libraries promote
    ocaml_flags optional
"""
_LIBRARY = """
    name public_name package synopsis kind ppx_runtime_libraries wrapped virtual_deps virtual_modules implements
    default_implementation modes library_flags c_library_flags optional no_dynlink stdlib inline_tests
    special_builtin_support deprecated library_parameters inline_tests.backend sub_system melange.runtime_deps
    install_c_headers public_headers
"""
_TEST = "deps action locks build_if"

STANZAS: Mapping[str, frozenset[str]] = {
    stanza: frozenset(fields.split())
    for stanza, fields in {
        "library": _BUILDABLE + _LIBRARY,
        "executable": "name public_name" + _BUILDABLE + _EXECUTABLE,
        "executables": "names public_names" + _BUILDABLE + _EXECUTABLE,
        "test": "name" + _BUILDABLE + _EXECUTABLE + _TEST,
        "tests": "names" + _BUILDABLE + _EXECUTABLE + _TEST,
        "rule": "action alias aliases deps enabled_if fallback locks mode package target targets",
        "alias": "deps name",
        "install": "dirs enabled_if files package section source_trees",
        "env": "",
        "ocamllex": "enabled_if mode modules",
        "ocamlyacc": "enabled_if mode modules",
        "menhir": "enabled_if explain flags infer menhir_flags merge_into mode modules",
        "include_subdirs": "",
        "copy_files": "alias enabled_if files mode only_sources",
        "copy_files#": "alias enabled_if files mode only_sources",
        "cram": "alias applies_to deps enabled_if locks package runtest_alias shell timeout",
        "documentation": "mld_files package",
        "mdx": "deps enabled_if files libraries locks ocaml_version package packages preludes",
        "toplevel": "libraries loaders name preprocess",
        "dirs": "",
        "data_only_dirs": "",
        "vendored_dirs": "",
        "ignored_subdirs": "",
        "subdir": "",
        "include": "",
        "dynamic_include": "",
        "foreign_library": "archive_name enabled_if extra_deps flags include_dirs language names",
        "deprecated_library_name": "new_public_name old_public_name",
        "generate_sites_module": "module plugins relocatable sites sourceroot",
        "plugin": "libraries name optional package site",
        "melange.emit": """
            alias compile_flags emit_stdlib libraries module_systems modules package preprocess promote
            target
        """,
        "coq.theory": "flags modules name package theories",
    }.items()
}
"""The fields of each stanza of a dune file; none where its arguments are no fields."""

_PACKAGE = """
    allow_empty authors bug_reports conflicts contact depends depopts deprecated_package_names description
    documentation homepage license maintainers name sites source synopsis tags version
"""
_PROJECT = """
    accept_alternative_dune_file_name allow_approximate_merlin authors bug_reports cram dialect documentation
    executables_implicit_empty_intf expand_aliases_in_sandbox explicit_js_mode formatting generate_opam_files
    homepage implicit_transitive_deps lang license maintainers maintenance_intent map_workspace_root name
    opam_file_location pin source strict_package_deps subst use_standard_c_and_cxx_flags using version warnings
    wrapped_executables
"""
PROJECT: Mapping[str, frozenset[str]] = {
    "package": frozenset(_PACKAGE.split()),
    **dict.fromkeys(_PROJECT.split(), frozenset()),
}
"""The same of a `dune-project` file."""

_EXTENSIONS = """
    menhir mdx ctypes cinaps fmt dune_site directory-targets melange coq action-plugin
"""
_VARIABLES = """
    target targets deps input-file workspace_root project_root first-dep make ocaml ocamlc ocamlopt ocaml_version
    ocaml_where arch_sixtyfour architecture system model os_type ext_obj ext_asm ext_lib ext_dll ext_exe ext_plugin
    profile context_name null cc cxx ignoring_promoted_rules version corrected-suffix test library-name impl-files
    intf-files inline_tests dev_null natdynlink_supported ocaml-config:version
"""
_MACROS = """
    exe dep bin bin-available lib libexec lib-available lib-private libexec-private version read read-lines
    read-strings env cma cmo cmi cmx cmt cmti coq config path findlib path-no-dep ocaml-config pkg
"""
_ACTIONS = """
    run chdir setenv with-stdout-to with-stderr-to with-outputs-to ignore-stdout ignore-stderr ignore-outputs
    with-stdin-from progn concurrent echo write-file cat copy copy# system bash diff diff? cmp no-infer pipe-stdout
    pipe-stderr pipe-outputs with-accepted-exit-codes dynamic-run
"""
_VALUES = """
    promote fallback standard promote-until-then patch-back-source-tree byte native exe object c js plugin
    shared_object wasm byte_complete best unqualified qualified no normal ppx_rewriter ppx_deriver parameter pps
    staged_pps action per_module no_preprocessing future_syntax true false always optional universe glob_files
    glob_files_rec source_tree file alias alias_rec env_var package sandbox include select re_export lib libexec bin
    sbin toplevel share share_root etc doc stublibs man misc cxx only except until-clean into and or not github
    gitlab bitbucket sourcehut
"""
WITHIN: Mapping[str, frozenset[str]] = {
    field: frozenset(fields.split())
    for field, fields in {
        "foreign_stubs": "language names flags include_dirs extra_deps mode",
        "inline_tests": "arguments backend deps enabled_if executable flags libraries modes",
        "js_of_ocaml": "build_runtime_flags compilation_mode enabled_if flags javascript_files link_flags sourcemap",
        "wasm_of_ocaml": "build_runtime_flags compilation_mode enabled_if flags javascript_files link_flags sourcemap",
        "instrumentation": "backend deps",
        "ctypes": """
            build_flags_resolver deps external_library_name function_description generated_entry_point generated_types
            headers type_description
        """,
        "merlin": "extensions",
    }.items()
}
"""The fields within a field, which only some have."""

VALUES_OF: Mapping[str, tuple[str, ...]] = {
    field: tuple(values.split())
    for field, values in {
        "modes": "byte native exe object c js plugin shared_object wasm byte_complete best melange",
        "mode": "standard fallback promote promote-until-then patch-back-source-tree",
        "language": "c cxx",
        "kind": "normal ppx_rewriter ppx_deriver parameter",
        "wrapped": "true false transition",
        "include_subdirs": "no unqualified qualified",
        "preprocess": "pps staged_pps action per_module future_syntax no_preprocessing",
        "section": """
            lib libexec lib_root libexec_root bin sbin toplevel share share_root etc doc stublibs man misc site
        """,
        "enabled_if": "= <> < > <= >= and or not true false",
        "build_if": "= <> < > <= >= and or not true false",
        "source": "uri github gitlab bitbucket sourcehut codeberg",
        **dict.fromkeys(("optional", "generate_opam_files", "implicit_transitive_deps", "no_dynlink"), "true false"),
    }.items()
}
"""What may stand in a field that takes one of a few words."""

SYMBOLS = (":standard", ":include", ":as")
EXTENSIONS = tuple(_EXTENSIONS.split())
VARIABLES = tuple(_VARIABLES.split())
MACROS = tuple(_MACROS.split())
ACTIONS = tuple(_ACTIONS.split())
VALUES = tuple(_VALUES.split())
"""`VALUES` stand as values of fields, or head what stands there."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    word: tuple(known.split())
    for word, known in {
        # stanzas
        "lib": "library",
        "exe": "executable exe",
        "bin": "executable exe bin",
        "binary": "executable exe byte",
        "program": "executable exe",
        "main": "executable",
        "unit_test": "test",
        "unittest": "test",
        "lexer": "ocamllex",
        "yacc": "ocamlyacc",
        "parser": "menhir ocamlyacc",
        "target": "rule",
        "c_library": "foreign_library",
        "c_stubs": "foreign_stubs",
        "stubs": "foreign_stubs",
        "subdirs": "dirs include_subdirs",
        "exclude_dirs": "data_only_dirs",
        "vendor_dirs": "vendored_dirs",
        # fields
        "dependencies": "deps libraries depends",
        "dependency": "deps depends",
        "deps": "libraries depends",
        "depend": "deps depends",
        "libs": "libraries",
        "requires": "libraries deps depends",
        "packages": "libraries package",
        "depends": "deps libraries",
        "src": "modules names",
        "srcs": "modules names",
        "sources": "modules names",
        "files": "modules names deps",
        "public": "public_name",
        "ppx": "preprocess",
        "pps": "preprocess",
        "interface_only": "modules_without_implementation",
        "mli_only": "modules_without_implementation",
        "cflags": "c_flags flags",
        "c_flags": "flags",
        "cxxflags": "cxx_flags flags",
        "ldflags": "link_flags",
        "ld_flags": "link_flags",
        "linkopts": "link_flags",
        "linker_flags": "link_flags",
        "ocamlflags": "flags",
        "ocaml_flags": "flags",
        "compile_flags": "flags",
        "compiler_flags": "flags",
        "commands": "action",
        "command": "action",
        "cmd": "action run",
        "do": "action progn",
        "output": "targets target with-stdout-to",
        "outputs": "targets",
        "out": "targets target",
        "inputs": "deps",
        "input": "deps",
        "if": "enabled_if",
        "when": "enabled_if",
        "condition": "enabled_if",
        "only_if": "enabled_if",
        "lang": "language",
        "include": "include_dirs",
        "includes": "include_dirs",
        "headers": "install_c_headers extra_deps",
        # of dune-project
        "pkg": "package",
        "licence": "license",
        "author": "authors",
        "maintainer": "maintainers",
        "desc": "description synopsis",
        "summary": "synopsis",
        "title": "synopsis name",
        "url": "homepage source",
        "repository": "source",
        "repo": "source",
        "issues": "bug_reports",
        "bugs": "bug_reports",
        "docs": "documentation",
        "keywords": "tags",
        "extension": "using",
        # actions
        "print": "echo",
        "printf": "echo",
        "cp": "copy",
        "exec": "run",
        "call": "run",
        "sh": "system",
        "shell": "system",
        "cd": "chdir",
        "env": "setenv",
        "seq": "progn",
        "sequence": "progn",
        "begin": "progn",
        "all": "progn",
        "steps": "progn",
        "parallel": "concurrent",
        "pipe": "pipe-stdout",
        "type": "cat",
        "read": "cat",
        "write": "write-file",
        "save": "write-file",
        "compare": "diff cmp",
        "redirect": "with-stdout-to",
        "stdout": "with-stdout-to",
        "stderr": "with-stderr-to",
        "stdin": "with-stdin-from",
        # values
        "bytecode": "byte",
        "bytes": "byte",
        "executable": "exe",
        "opt": "native",
        "nat": "native",
        "optimized": "native",
        "javascript": "js",
        "obj": "object",
        "shared": "shared_object",
        "so": "shared_object",
        "dll": "shared_object",
        "cpp": "cxx",
        "c++": "cxx",
        "cc": "cxx",
        "clang": "c",
        "gcc": "c",
        "c99": "c",
        "c11": "c",
        "rewriter": "ppx_rewriter",
        "deriver": "ppx_deriver",
        "default": "standard normal",
        "regular": "normal",
        "library": "normal",
        "manual": "fallback",
        "yes": "true",
        "on": "true",
        "always": "true",
        "no": "false",
        "off": "false",
        "never": "false",
        # conditions
        "==": "=",
        "eq": "=",
        "equal": "=",
        "!=": "<>",
        "ne": "<>",
        "=<": "<=",
        "=>": ">=",
        "&&": "and",
        "||": "or",
        "!": "not",
    }.items()
}
"""What other build tools, and people, call it: what is meant, by the place where it stands."""


def fields_of(stanza: str) -> frozenset[str]:
    """The fields that a stanza takes, of either kind of file, or a field within one."""
    return STANZAS.get(stanza) or PROJECT.get(stanza) or WITHIN.get(stanza, frozenset())
