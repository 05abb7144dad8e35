"""What holds for all tests: nothing of the user's is read or written, and what is missing is said."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_aid.sidecar.control import stop
from lsp_aid.sidecar.meeting import Meeting
from tests.support.requires import require
from tools.own_ocaml import use_own_ocaml

_SLOW = ("editor", "dune", "slow")
_CHANGE_PROGRAMS = ("XDG_RUNTIME_DIR", "CI")
"""Where CI is set, dune names the command before what it says; the tests that are about that set it themselves."""
_OF_TESTS = ("LSP_AID_REQUIRE", "LSP_AID_CHAOS_ROUNDS")
_FOLDERS = {
    "HOME": "",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
}


def pytest_configure() -> None:
    use_own_ocaml()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick tests first, real editors last."""
    items.sort(key=lambda item: sum(2**at for at, mark in enumerate(reversed(_SLOW)) if item.get_closest_marker(mark)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("dune"):
        require("dune")
    for mark in item.iter_markers("needs"):
        require(*mark.args)


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No variable of the user's reaches us, and dune's cache is one that the whole run shares."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            ours = name.startswith(("LSP_AID_", "DUNE_", "GIT_", "HG", "OCAMLRUNPARAM")) and name not in _OF_TESTS
            if ours or name in _CHANGE_PROGRAMS:
                patch.delenv(name)
        shared = tmp_path_factory.mktemp("shared")
        _set_folders(patch, shared)
        patch.setenv("DUNE_CACHE_ROOT", str(_of_the_whole_run(shared) / "dune-cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "Test")
            patch.setenv(f"GIT_{who}_EMAIL", "test@example.org")
        patch.setenv("HGRCPATH", "")
        patch.setenv("HGUSER", "Test <test@example.org>")
        yield


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder of the test's own; settings, trust and caches that it makes lie there. A daemon that an
    editor has started there does not outlive the test."""
    folder = tmp_path_factory.mktemp("home")
    _set_folders(monkeypatch, folder)
    environment = dict(os.environ)
    yield folder
    if Path(Meeting(environment).socket).exists():
        stop(environment)


def _of_the_whole_run(folder: Path) -> Path:
    """The folder that all processes share where pytest-xdist runs several: beside those of the processes."""
    return folder.parent.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def _set_folders(patch: pytest.MonkeyPatch, home: Path) -> None:
    for variable, folder in _FOLDERS.items():
        patch.setenv(variable, str(home / folder))
