"""The layers that docs/architecture.md draws: what may import what, read off the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lsp_aid"

BELOW = {"domain", "errors", "config", "wire"}
PURE = BELOW | {"ocaml", "editformats", "prompts", "edits"}
FEATURES = {"context", "repair"}
ADAPTERS = {"build", "typer", "models", "workspace", "telemetry"}

MAY_IMPORT = {
    # 0: the values, errors and settings that all speak in
    "errors": set(),
    "domain": {"errors"},
    "config": {"errors"},
    "wire": set(),
    # 1: pure, no input or output
    "ocaml": BELOW,
    "editformats": BELOW,
    "prompts": BELOW | {"ocaml"},
    "edits": BELOW | {"ocaml"},
    # 2: adapters to the outside, never one another
    **dict.fromkeys(ADAPTERS, PURE),
    # 3: features, which reach the outside through the ports of `domain` alone
    **dict.fromkeys(FEATURES, PURE),
    "tasks": PURE | FEATURES,
    "actions": PURE | FEATURES | {"tasks"},
    "ces": PURE | ADAPTERS,
    # 4: applications, never one another
    "server": PURE | FEATURES | ADAPTERS | {"tasks", "actions", "ces"},
    "sidecar": BELOW | {"workspace"},
}
"""Every folder and module of the package but those of layer 5, and what it may import. A new one is added here."""

TOP = {"wiring", "cli", "__main__"}
"""Layer 5, which may import all."""

HOMES = {
    "pygls": {"server"},
    "lsprotocol": {"server"},
    "tree_sitter": {"ocaml"},
    "tree_sitter_ocaml": {"ocaml"},
    "rapidfuzz": {"edits"},
    "aiohttp": {"models"},
}
"""Libraries, and the only folders that may import them."""


def imports(path: Path) -> set[str]:
    """The dotted names that a module imports, anywhere in it, for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= (
                {f"{node.module}.{alias.name}" for alias in node.names} if node.module == "lsp_aid" else {node.module}
            )
    return found


def room(path: Path) -> str:
    """The folder or module directly below the package that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE or path.name != "__init__.py")


def test_every_room_is_listed() -> None:
    """A new folder says first where it stands; one that is gone leaves the list."""
    assert {room(path) for path in MODULES} == set(MAY_IMPORT) | TOP


def test_imports_run_downward() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} may not import {name}"
        for path in MODULES
        for name in imports(path)
        if name.startswith("lsp_aid.") and room(path) not in TOP
        if name.split(".")[1] not in MAY_IMPORT[room(path)] | {room(path), "__version__"}
    ]
    assert wrong == []


def test_a_library_has_one_home() -> None:
    wrong = [
        f"{path.relative_to(PACKAGE)} may not import {name}"
        for path in MODULES
        for name in imports(path)
        if room(path) not in HOMES.get(name.split(".")[0], {room(path)})
    ]
    assert wrong == []


def test_no_module_imports_itself_in_a_circle() -> None:
    """Within a folder, too, imports run one way."""
    names = {path: ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in MODULES}
    graph = {
        name.removesuffix(".__init__"): {other for other in _at_run_time(path) if other.startswith("lsp_aid.")}
        for path, name in names.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done or name not in graph:
            return
        for other in graph[name]:
            walk(other, (*trail, name))
        done.add(name)

    for name in graph:
        walk(name, ())


def _at_run_time(path: Path) -> set[str]:
    """What a module imports when it is imported itself: not in functions, not for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {path.relative_to(PACKAGE.parent).with_suffix("")}
    found = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if _is_module(name) else node.module for name in whole}
    return found - {".".join(name.parts).removesuffix(".__init__") for name in own}


def _is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["doctor", "--help"]])
def test_the_command_starts_without_what_is_heavy(arguments: list[str]) -> None:
    heavy = ["pygls", "lsprotocol", "aiohttp", "tree_sitter", "cattrs", "rapidfuzz"]
    code = f"""
import sys
sys.argv = ["lsp-aid", *{arguments!r}]
from lsp_aid.__main__ import main
try:
    main()
except SystemExit:
    pass
print(*sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr.split() == []
