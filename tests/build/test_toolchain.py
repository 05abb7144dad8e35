import os
from pathlib import Path

import pytest

from lsp_aid.build.toolchain import find, marks, parse_opam_env, scrub
from lsp_aid.errors import ToolchainError


def programs(folder: Path, *, dune: str | None = "3.17.2", ocaml: str | None = "5.3.0") -> Path:
    """A folder with programs that tell versions as dune and ocamlc do."""
    folder.mkdir(parents=True, exist_ok=True)
    if dune is not None:
        script(folder / "dune", f"echo {dune}")
    if ocaml is not None:
        library = folder.parent / "lib" / "ocaml"
        script(folder / "ocamlc", f'case $1 in -where) echo "{library}";; *) echo {ocaml};; esac')
        library.mkdir(parents=True, exist_ok=True)
    return folder


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def environment(home: Path, *folders: Path) -> dict[str, str]:
    return {"PATH": ":".join((*map(str, folders), "/usr/bin", "/bin")), "HOME": str(home), "OPENAI_API_KEY": "k"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project" / "lib").mkdir(parents=True)
    return tmp_path / "project"


async def test_on_path(root: Path, tmp_path: Path) -> None:
    folder = programs(tmp_path / "tools" / "bin")
    found = await find(root, "", environment(tmp_path, folder))
    assert (found.dune, found.ocaml) == (folder / "dune", folder / "ocamlc")
    assert (found.dune_version, found.ocaml_version, found.origin) == ((3, 17, 2), "5.3.0", "PATH")
    assert "OPENAI_API_KEY" not in found.environment


async def test_the_setting_goes_before_all_and_takes_a_prefix_too(root: Path, tmp_path: Path) -> None:
    programs(root / "_opam" / "bin")
    other = programs(tmp_path / "tools" / "bin")
    for setting in (other, other.parent):
        found = await find(root, str(setting), environment(tmp_path))
        assert (found.dune, found.origin) == (other / "dune", "setting")
        assert found.environment["PATH"].startswith(f"{other}:")


async def test_a_local_switch_of_the_project_or_above_it(root: Path, tmp_path: Path) -> None:
    switch = programs(root / "_opam" / "bin").parent
    (switch / ".opam-switch").mkdir()
    found = await find(root / "lib", "", environment(tmp_path, programs(tmp_path / "tools" / "bin")))
    assert (found.ocaml, found.origin) == (switch / "bin" / "ocamlc", "local _opam")
    assert found.environment["OPAM_SWITCH_PREFIX"] == str(switch)
    assert switch in found.visible


async def test_opam_env_is_read_and_never_run_by_a_shell(root: Path, tmp_path: Path) -> None:
    switch = programs(tmp_path / "opam" / "it's" / "bin").parent
    tools = programs(tmp_path / "tools" / "bin")
    quoted = str(switch).replace("'", "'\\''")
    script(
        tools / "opam",
        f"""cat <<'E'
OPAM_SWITCH_PREFIX='{quoted}'; export OPAM_SWITCH_PREFIX;
PATH='{quoted}/bin:/usr/bin:/bin'; export PATH;
LD_PRELOAD='/evil.so'; export LD_PRELOAD;
DUNE_X='$(touch {tmp_path}/attacked)'; export DUNE_X;
touch {tmp_path}/attacked
E""",
    )
    found = await find(root, "", environment(tmp_path, tools))
    assert (found.dune, found.origin) == (switch / "bin" / "dune", "opam env")
    assert found.environment["DUNE_X"] == f"$(touch {tmp_path}/attacked)"
    assert "LD_PRELOAD" not in found.environment
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("opam", ["exit 50", "echo garbage", "echo \"OPAM_SWITCH_PREFIX='/gone'; export X;\""])
async def test_an_opam_that_knows_nothing_is_passed_over(root: Path, tmp_path: Path, opam: str) -> None:
    folder = programs(tmp_path / "tools" / "bin")
    script(folder / "opam", opam)
    assert (await find(root, "", environment(tmp_path, folder))).origin == "PATH"


@pytest.mark.parametrize(
    ("dune", "ocaml", "message"),
    [
        (None, "5.3.0", "No dune was found .*opam install dune"),
        ("3.17.2", None, "No OCaml compiler"),
        ("2.9.3", "5.3.0", "dune 2.9.3, which is too old. Install dune 3.17 or later; 3.0 is"),
        ("x; exit 1", "5.3.0", "failed with status 1"),
    ],
)
async def test_what_is_missing_is_said_with_a_cure(
    root: Path, tmp_path: Path, dune: str | None, ocaml: str | None, message: str
) -> None:
    folder = programs(tmp_path / "tools" / "bin", dune=dune, ocaml=ocaml)
    path = {"PATH": str(folder), "HOME": str(tmp_path)}
    with pytest.raises(ToolchainError, match=message):
        await find(root, str(folder), path)


async def test_a_dune_that_cannot_be_started(root: Path, tmp_path: Path) -> None:
    folder = programs(tmp_path / "tools" / "bin")
    (folder / "dune").write_text("#!/no/such/interpreter\n")
    with pytest.raises(ToolchainError, match="dune cannot be started"):
        await find(root, "", environment(tmp_path, folder))


async def test_a_setting_that_names_no_folder(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="`toolchain`"):
        await find(root, str(tmp_path / "gone"), environment(tmp_path))


async def test_a_lone_file_needs_no_dune(root: Path, tmp_path: Path) -> None:
    folder = programs(tmp_path / "tools" / "bin", dune=None)
    found = await find(root, "", {"PATH": str(folder), "HOME": str(tmp_path)}, need_dune=False)
    assert (found.dune, found.ocaml_version) == (None, "5.3.0")


@pytest.mark.parametrize(("told", "version"), [("n/a", ()), ("3.20.0~alpha1", (3, 20, 0)), ("v3.18", (3, 18))])
async def test_versions_of_development_builds(root: Path, tmp_path: Path, told: str, version: tuple[int, ...]) -> None:
    folder = programs(tmp_path / "tools" / "bin", dune=told)
    assert (await find(root, "", environment(tmp_path, folder))).dune_version == version


async def test_programs_of_the_project_are_not_taken_for_the_toolchain(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(root / "bin")
    monkeypatch.chdir(root)
    with pytest.raises(ToolchainError):
        await find(root, "", {"PATH": ".:bin", "HOME": str(tmp_path)})


async def test_home_itself_is_never_shown_in_a_sandbox(root: Path, tmp_path: Path) -> None:
    folder = programs(tmp_path / "bin")
    found = await find(root, "", environment(tmp_path, folder, tmp_path, tmp_path.parent))
    assert folder in found.visible
    assert tmp_path not in found.visible
    assert tmp_path.parent not in found.visible


def test_only_what_a_build_needs_is_passed_on() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "LC_ALL": "C", "OPAMSWITCH": "s", "OCAMLPATH": "/o", "XDG_CACHE_HOME": "/c"}
    dropped = {"AWS_SECRET": "x", "SSH_AUTH_SOCK": "x", "INSIDE_DUNE": "1", "OPAM_TOKEN": "x", "DUNE_API_KEY": "x"}
    assert scrub({**kept, **dropped}) == kept


def test_quotes_of_opam() -> None:
    assert parse_opam_env("A='x'\\''y'; export A;\nB=''; export B;\nC='z'; export D;\n") == {"A": "x'y", "B": ""}


@pytest.mark.dune
async def test_the_real_one(tmp_path: Path) -> None:
    found = await find(tmp_path, "", os.environ)
    assert found.dune is not None
    assert found.dune_version >= (3, 17)


async def test_another_switch_and_an_upgrade_leave_their_marks(root: Path, tmp_path: Path) -> None:
    folder = programs(tmp_path / "tools" / "bin")
    found = await find(root, "", environment(tmp_path, folder))
    seen = [marks(found, root)]
    assert marks(found, root) == seen[0]
    script(folder / "dune.new", "echo 3.18.0")
    (folder / "dune.new").replace(folder / "dune")  # an upgrade
    seen.append(marks(found, root))
    (tmp_path / ".opam").mkdir()
    (tmp_path / ".opam" / "config").write_text('switch: "5.4.0"\n')  # `opam switch`
    seen.append(marks(found, root))
    programs(root / "_opam" / "bin")  # a local switch
    seen.append(marks(found, root))
    assert len(set(seen)) == 4
    (folder / "dune").unlink()  # in the middle of an installation
    assert marks(found, root) is None
