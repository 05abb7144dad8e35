import asyncio
import os
import stat
import sys
import time
from pathlib import Path

import pytest

from lsp_aid.build.cache import cache_home, claim_slot, project_cache, prune
from lsp_aid.errors import FileUnwritableError


def test_each_project_has_a_private_folder_of_its_own(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": "/nonexistent"}
    roots = [tmp_path / "a" / "my project", tmp_path / "b" / "my project"]
    folders = [project_cache(root, environment) for root in roots]
    assert folders[0] != folders[1]
    assert folders[0] == project_cache(roots[0], environment)
    assert all(folder.parent == tmp_path / "cache" / "lsp-aid" for folder in folders)
    assert all(folder.name.startswith("my_project-") for folder in folders)
    assert stat.S_IMODE(folders[0].stat().st_mode) == 0o700


def test_where_it_lies_without_a_variable_or_with_a_relative_one(tmp_path: Path) -> None:
    for variables in ({}, {"XDG_CACHE_HOME": "here"}):
        assert cache_home({"HOME": str(tmp_path), **variables}) == tmp_path / ".cache" / "lsp-aid"


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileUnwritableError, match="XDG_CACHE_HOME"):
        project_cache(tmp_path, {"XDG_CACHE_HOME": str(tmp_path / "file")})
    with pytest.raises(FileUnwritableError):
        claim_slot(tmp_path / "file")


def test_no_two_hold_one_slot(tmp_path: Path) -> None:
    first, second = claim_slot(tmp_path), claim_slot(tmp_path)
    assert (first.folder, second.folder) == (tmp_path / "0", tmp_path / "1")
    first.release()
    again = claim_slot(tmp_path)
    assert again.folder == tmp_path / "0"
    again.release()
    second.release()


async def test_a_slot_is_free_once_its_process_is_dead(tmp_path: Path) -> None:
    code = "import sys, pathlib, time; from lsp_aid.build.cache import claim_slot\n"
    code += "slot = claim_slot(pathlib.Path(sys.argv[1])); print(slot.folder.name, flush=True); time.sleep(60)"
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, str(tmp_path)), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"0\n"
    slot = claim_slot(tmp_path)
    assert slot.folder == tmp_path / "1"
    slot.release()
    holder.kill()
    await holder.wait()
    slot = claim_slot(tmp_path)
    assert slot.folder == tmp_path / "0"
    slot.release()


def test_old_projects_are_removed_unless_held(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    old, held, new = (project_cache(tmp_path / name, environment) for name in ("old", "held", "new"))
    (tmp_path / "lsp-aid" / "foreign").mkdir()
    slot = claim_slot(held)
    claim_slot(old).release()
    for folder in (old, held):
        os.utime(folder / "root", (0, 0))
    prune(cache_home(environment))
    assert not old.exists()
    assert held.exists()
    assert new.exists()
    assert (tmp_path / "lsp-aid" / "foreign").exists()
    slot.release()
    prune(tmp_path / "gone")


def test_projects_that_are_gone_are_removed_after_a_day(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    yesterday = time.time() - 25 * 3600
    (tmp_path / "there").mkdir()
    there, gone, fresh = (project_cache(tmp_path / name, environment) for name in ("there", "gone", "fresh"))
    for folder in (there, gone):
        os.utime(folder / "root", (yesterday, yesterday))
    prune(cache_home(environment))
    assert there.exists()
    assert not gone.exists()
    assert fresh.exists()  # a disk may be away for a moment
