import asyncio
import os
from pathlib import Path

import pytest

from lsp_aid.build.dune import DuneBuild, build_result, disk_reader
from lsp_aid.build.process import Finished
from lsp_aid.build.toolchain import Toolchain, find
from lsp_aid.config import BuildSettings
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.text import SourceText
from lsp_aid.errors import BuildTimeoutError, FileUnwritableError, ToolchainError

pytestmark = pytest.mark.dune

LANG = "(lang dune 3.0)\n"


@pytest.fixture
async def toolchain(tmp_path: Path) -> Toolchain:
    return await find(tmp_path, "", os.environ)


def project(folder: Path, **files: str) -> Path:
    """A dune project. `lib__a_ml` is `lib/a.ml`."""
    root = folder / "project"
    for name, text in {"dune-project": LANG, **files}.items():
        path = root / name.replace("__", "/").replace("_ml", ".ml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def build_of(root: Path, toolchain: Toolchain, **settings: object) -> DuneBuild:
    return DuneBuild(root, root.parent / "build" / "status", toolchain, BuildSettings(**settings))  # type: ignore[arg-type]


def sources(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


async def test_red_then_green_and_the_source_tree_untouched(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path, dune="(library (name p))", a_ml='let é = "é" ^ 1\n', b_ml="let f x = 1\nlet x = A.nope\n")
    before = sources(root)
    red = await build_of(root, toolchain).build()
    assert not red.green
    (error,) = [d for d in red.errors if d.path == "a.ml"]
    assert SourceText((root / "a.ml").read_text()).slice(error.range) == "1"
    assert sources(root) == before
    (root / "a.ml").write_text("let nope = 1\n")
    (root / "b.ml").write_text("let x = A.nope\n")
    assert await build_of(root, toolchain).build() == BuildResult(True, (), pytest.approx(0, abs=1e9))  # type: ignore[arg-type]


async def test_nothing_is_promoted_and_no_opam_file_generated(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(
        tmp_path,
        **{"dune-project": LANG + "(generate_opam_files true)\n(package (name p) (synopsis s))"},
        dune='(rule (mode promote) (alias default) (action (with-stdout-to made (echo "x"))))\n'
        '(rule (with-stdout-to out (echo "new\\n")))\n(rule (alias default) (action (diff expected out)))',
        expected="old\n",
    )
    before = sources(root)
    result = await build_of(root, toolchain).build()
    assert sources(root) == before
    (error,) = result.errors
    assert (error.path, error.source) == ("expected", "dune")
    assert "-old\n+new" in error.message
    assert str(tmp_path) not in error.message


async def test_a_watch_of_the_user_goes_on_beside_it(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path, dune="(library (name p))", a_ml="let x = 1\n")
    log = tmp_path / "log"
    with log.open("wb") as output:
        words = [str(toolchain.dune), "build", "--root", str(root), "--watch"]
        environment = {**toolchain.environment, "XDG_RUNTIME_DIR": str(tmp_path)}
        watch = await asyncio.create_subprocess_exec(*words, env=environment, stdout=output, stderr=output)
    try:
        await until(log, b"Success")
        assert (await build_of(root, toolchain).build()).green
        (root / "a.ml").write_text("let x = nope\n")
        await until(log, b"nope")
        assert not (await build_of(root, toolchain).build()).green
        assert watch.returncode is None
    finally:
        watch.kill()
        await watch.wait()


async def until(log: Path, word: bytes) -> None:
    async with asyncio.timeout(60):
        while word not in log.read_bytes():  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.05)


async def test_builds_that_are_asked_for_at_once_come_one_after_the_other(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path, dune="(library (name p))", a_ml="let x = 1\n")
    build = build_of(root, toolchain)
    results = await asyncio.gather(build.build(), build.build(), build.build())
    assert [result.green for result in results] == [True] * 3


async def test_running_inside_of_a_dune_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSIDE_DUNE", "1")
    monkeypatch.setenv("DUNE_BUILD_DIR", str(tmp_path / "other"))
    root = project(tmp_path, dune="(library (name p))", a_ml="let x = 1\n")
    assert (await build_of(root, await find(tmp_path, "", os.environ)).build()).green
    assert not (tmp_path / "other").exists()


async def test_continuous_integration_changes_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dune is wordier where `CI` is set."""
    root = project(
        tmp_path,
        dune="(library (name p)) (rule (alias default) (action (run false)))\n"
        '(rule (alias default) (action (diff w o))) (rule (with-stdout-to o (echo "b")))\n'
        '(rule (alias default) (deps p.cma) (action (echo "")))',
        w="a",
        a_ml="let x = nope\n",
    )
    told = []
    for variables in ({}, {"CI": "true"}):
        monkeypatch.delenv("CI", raising=False)
        environment = {**os.environ, **variables}
        build = DuneBuild(root, tmp_path / f"b{len(told)}", await find(tmp_path, "", environment), BuildSettings())
        told.append((await build.build()).diagnostics)
    assert [d.path for d in told[0]] == ["a.ml", "dune", "w"]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({"dune": "(library (name p)"}, "dune", "unclosed parenthesis"),
        ({"dune-project": "(lang dune 99.0)"}, "dune-project", "not supported"),
        ({"dune": "(library (name p))", "a_ml": "let x = B.x", "b_ml": "let x = A.x"}, "", "Dependency cycle"),
        ({"dune": '(rule (alias default) (action (system "echo boom; exit 3")))'}, "dune", "boom"),
    ],
)
async def test_errors_of_dune_itself(
    tmp_path: Path, toolchain: Toolchain, files: dict[str, str], path: str, message: str
) -> None:
    (error,) = (await build_of(project(tmp_path, **files), toolchain).build()).errors
    assert (error.path, error.source) == (path, "dune")
    assert message in error.message


async def test_a_target_is_no_option(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path)
    result = await build_of(root, toolchain, targets=("--auto-promote",)).build()
    assert "--auto-promote" in result.errors[0].message


async def test_a_build_that_takes_too_long(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path, dune='(rule (alias default) (action (system "sleep 60")))')
    with pytest.raises(BuildTimeoutError, match=r"build\.seconds"):
        await build_of(root, toolchain, seconds=1.5).build()


async def test_a_build_folder_that_cannot_be_made(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path)
    (tmp_path / "build").write_text("a file")
    with pytest.raises(FileUnwritableError, match="XDG_CACHE_HOME"):
        await build_of(root, toolchain).build()


async def test_a_full_disk(tmp_path: Path, toolchain: Toolchain) -> None:
    root = project(tmp_path)
    (tmp_path / "build" / "status").mkdir(parents=True)
    (tmp_path / "build" / "status" / "log").symlink_to("/dev/full")
    try:
        result = await build_of(root, toolchain).build()
    except (FileUnwritableError, ToolchainError) as error:
        assert "No space left" in str(error)  # noqa: PT017
    else:
        assert result.green


@pytest.mark.parametrize(
    ("done", "error"),
    [
        (Finished(-9, b""), ToolchainError),
        (Finished(2, b"Fatal error: exception Not_found"), ToolchainError),
        (Finished(1, b"Error: A running dune (pid: 1) instance has locked the build directory."), ToolchainError),
        (Finished(1, b"Internal error, please report upstream including the contents of _build/log."), ToolchainError),
        (Finished(1, b"Error: mkdir(/b/x): Read-only file system"), FileUnwritableError),
        (Finished(1, b"Error: write(): No space left on device"), FileUnwritableError),
    ],
)
def test_a_dune_that_broke_is_no_red_build(done: Finished, error: type[Exception]) -> None:
    with pytest.raises(error):
        build_result(done, Path("/r"), Path("/b"), lambda _: None, 1.0)


def test_a_program_that_crashes_in_a_rule_is_one() -> None:
    done = Finished(
        1, b'File "dune", line 1, characters 0-9:\nFatal error: exception Failure("No space left on device")\n'
    )
    (error,) = build_result(done, Path("/r"), Path("/b"), lambda _: None, 1.0).errors
    assert error.path == "dune"


def test_a_red_build_without_any_message_has_one() -> None:
    (error,) = build_result(Finished(1, b"x" * 5000), Path("/r"), Path("/b"), lambda _: None, 1.0).errors
    assert (error.path, error.message, error.source) == ("", "x" * 2000, "dune")
    assert "status 1" in build_result(Finished(1, b""), Path("/r"), Path("/b"), lambda _: None, 1.0).errors[0].message


def test_a_green_build_has_no_errors_whatever_programs_print() -> None:
    done = Finished(0, b'File "a.ml", line 1, characters 0-1:\nError: expected\n')
    assert build_result(done, Path("/r"), Path("/b"), lambda _: None, 1.0).diagnostics == ()


def test_names_of_folders_do_not_show_and_order_is_by_place() -> None:
    text = (
        'File "/r/b.ml", line 2, characters 0-1:\nError: see /b/default/x\n'
        'File "b.ml", line 1, characters 0-1:\nError: y\n'
        "Error: no place\n"
        'File "a.ml", line 1, characters 0-1:\nError: in /other/r/z\n'
    )
    found = build_result(Finished(1, text.encode()), Path("/r"), Path("/b"), lambda _: None, 1.0).errors
    assert [(d.path, d.message) for d in found] == [
        ("a.ml", "in /other/r/z"),
        ("b.ml", "y"),
        ("b.ml", "see _build/default/x"),
        ("", "no place"),
    ]


def test_only_files_of_the_project_are_read(tmp_path: Path) -> None:
    root = project(tmp_path, a_ml="1")
    (tmp_path / "secret").write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "raw").write_bytes(b"\xff")
    read = disk_reader(root)
    assert read("a.ml") == "1"
    for path in ("../secret", str(tmp_path / "secret"), "link", "raw", "gone", "", "\0", "a" * 10000):
        assert read(path) is None
