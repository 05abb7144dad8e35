import pytest

from lsp_aid.ces.cheats import report
from lsp_aid.ces.policy import Policy
from lsp_aid.domain.changes import ChangeSet, FileChange


def cheats(path: str, before: str | None, after: str | None) -> list[tuple[str, int]]:
    """The kinds and lines of what a change of one file adds."""
    return [(cheat.kind, cheat.line) for cheat in report(ChangeSet([FileChange(path, before, after)]))]


ADDED = {
    "let x = 1\nlet y = Obj.magic x\n": ("obj-magic", 2),
    "let y x = Stdlib.Obj.magic x\n": ("obj-magic", 1),
    'external f : int -> string = "%identity"\n': ("external", 1),
    "let f () = assert false\n": ("assert-false", 1),
    'let f () = failwith "later"\n': ("failwith", 1),
    'let f () = invalid_arg "later"\n': ("failwith", 1),
    "let () = exit 0\n": ("exit", 1),
    "let () = at_exit ignore\n": ("exit", 1),
    "let f g =\n  try g () with\n  | Not_found -> 1\n  | _ -> 0\n": ("catch-all", 4),
    "let f g = match g () with x -> x | exception _ -> 0\n": ("catch-all", 1),
    '[@@@warning "-a"]\n': ("silenced-warning", 1),
    'let f x = (x [@ocaml.warning "-8"])\n': ("silenced-warning", 1),
    '[@@@alert "-deprecated"]\n': ("silenced-warning", 1),
    "let x = Marshal.from_string\n": ("unsafe", 1),
}


@pytest.mark.parametrize("text", ADDED)
def test_what_is_added_is_told(text: str) -> None:
    assert cheats("lib/a.ml", "let x = 1\n", text) == [ADDED[text]]
    assert cheats("lib/a.ml", None, text) == [ADDED[text]]


@pytest.mark.parametrize("text", ADDED)
def test_what_was_there_is_not(text: str) -> None:
    assert cheats("lib/a.ml", text, f"(* new *)\nlet z = 3\n{text}") == []
    assert cheats("lib/a.ml", text, "let x = 1\n") == []
    moved = ChangeSet([FileChange("lib/a.ml", text, "let x = 1\n"), FileChange("lib/b.ml", None, text)])
    assert report(moved) == ()
    twice = [cheat.kind for cheat in report(ChangeSet([FileChange("lib/a.ml", text, text + text)]))]
    assert twice == [ADDED[text][0]]


@pytest.mark.parametrize(
    "text",
    [
        "(* Obj.magic, assert false *)\n",
        'let s = "Obj.magic failwith exit"\n',
        "let exit_code = 1\nlet failwith_more = 2\n",
        "let f g = try g () with Not_found -> 1\n",
        "let f = function _ -> 0\n",
        "let () = assert (1 = 1)\n",
        "let f x = (x [@inline])\n",
        "let x = List.exit\n",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    assert cheats("lib/a.ml", "let x = 1\n", text) == []


DUNE = {
    "(library (name a) (enabled_if false))": "not-built",
    "(library (name a) (optional))": "not-built",
    "(library (name a) (modules :standard \\ b))": "module-left-out",
    "(library (name a) (flags (:standard -w -a)))": "silenced-warning",
    "(env (_ (flags (:standard -w -32-33))))": "silenced-warning",
    "(library (name a))\n(rule (with-stdout-to b.ml (echo x)))": "program-in-build",
    "(library (name a) (preprocess (action (run x))))": "program-in-build",
}


@pytest.mark.parametrize("text", DUNE)
def test_dune_files(text: str) -> None:
    found = [kind for kind, _ in cheats("lib/dune", "(library (name a))", text)]
    assert "build-file" in found
    assert DUNE[text] in found
    assert cheats("lib/dune", text, f"; more\n{text}") == [("build-file", 0)]
    assert set(found) <= {"build-file", DUNE[text]}


def test_tests_and_interfaces() -> None:
    test = "let () = assert (f 1 = 2)\nlet () = assert (f 2 = 3)\n"
    assert cheats("test/t.ml", test, None) == [("test-deleted", 0)]
    assert cheats("test/t.ml", test, "let () = assert (f 1 = 2)\n") == [("test-weakened", 0)]
    assert cheats("test/t.ml", test, test.replace("= 3", "= 4")) == [("test-changed", 0)]
    assert cheats("test/t.ml", None, test) == []
    assert cheats("test/out.expected", "1\n2\n", "1\n") == [("test-weakened", 0)]
    inline = "let f x = x\nlet%test _ = f 1 = 1\nlet%expect_test _ = print_int 1; [%expect {| 1 |}]\n"
    assert cheats("lib/a.ml", inline, "let f x = x\n") == [("test-weakened", 0)]
    assert cheats("lib/a.ml", inline, inline.replace("x = x", "x = x + 0")) == []
    gone = report(ChangeSet([FileChange("lib/a.mli", "val x : int\nval y : int\n", "val y : string\n")]))
    assert [(cheat.kind, cheat.detail) for cheat in gone] == [("interface-entry-gone", "x")]
    assert cheats("lib/a.mli", "val x : int\n", None) == [("interface-deleted", 0)]
    assert cheats("lib/a.mli", "val x : int\n", "val y : int\nval x : int\n") == []


@pytest.mark.parametrize("path", ["dune", "dune-project", "a.opam", ".ocamlformat", "Makefile", "run.sh"])
def test_files_that_say_what_runs(path: str) -> None:
    assert cheats(path, "a\n", "b\n") == [("build-file", 0)]


def test_patterns_of_a_policy() -> None:
    changes = ChangeSet(
        FileChange(path, None, "") for path in ("a.ml", "lib/a.ml", "lib/deep/a.ml", "lib/a.mli", "test/t.ml")
    )

    def refused(*allowed: str) -> set[str]:
        return set(Policy(allowed).refused(changes))

    assert refused("**") == set()
    assert refused("lib/") == {"a.ml", "test/t.ml"}
    assert refused("lib/*.ml") == {"a.ml", "lib/deep/a.ml", "lib/a.mli", "test/t.ml"}
    assert refused("lib/**/*.ml") == {"a.ml", "lib/a.mli", "test/t.ml"}
    assert refused("*.ml", "**/*.mli") == {"lib/a.ml", "lib/deep/a.ml", "test/t.ml"}
    assert refused("lib/?.ml") == {"a.ml", "lib/deep/a.ml", "lib/a.mli", "test/t.ml"}
    assert refused("lib/[b-z].ml", "x(y|") == set(changes.paths)
    kept, restored = Policy(tests=("test/",)).restored(changes)
    assert restored == ("test/t.ml",)
    assert "test/t.ml" not in kept.paths
