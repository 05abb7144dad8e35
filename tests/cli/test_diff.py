"""`lsp-aid diff` as a user runs it, against an endpoint that speaks the real protocol."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.scripted_model import (
    Answer,
    ScriptedModel,
    breaks_off,
    ends_early,
    page,
    says,
    stalls,
    status,
    streams,
)

pytestmark = pytest.mark.dune

PROJECT = {
    "dune-project": "(lang dune 3.0)\n",
    "lib/dune": "(library (name shop))\n",
    "lib/basket.ml": "let total = List.fold_left ( + ) 0\n",
    "lib/basket.mli": "val total : int list -> int\n",
    "test/dune": "(test (name test_basket) (libraries shop))\n",
    "test/test_basket.ml": "let () = assert (Shop.Basket.total [ 1; 2 ] = 3)\n",
}

GOOD = """The average, with its test.

lib/basket.ml
```ocaml
<<<<<<< SEARCH
let total = List.fold_left ( + ) 0
=======
let total = List.fold_left ( + ) 0
let average = function [] -> None | prices -> Some (total prices / List.length prices)
>>>>>>> REPLACE
```

lib/basket.mli
```ocaml
<<<<<<< SEARCH
val total : int list -> int
=======
val total : int list -> int
val average : int list -> int option
>>>>>>> REPLACE
```

test/test_basket.ml
```ocaml
<<<<<<< SEARCH
let () = assert (Shop.Basket.total [ 1; 2 ] = 3)
=======
let () = assert (Shop.Basket.total [ 1; 2 ] = 3)
let () = assert (Shop.Basket.average [ 1; 3 ] = Some 2)
>>>>>>> REPLACE
```
"""

BAD = GOOD.replace("Some (total prices /", "Some (total prices /.")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for path, text in PROJECT.items():
        (tmp_path / "p" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / path).write_text(text)
    return tmp_path / "p"


def texts(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def configure(model: ScriptedModel, stall_seconds: float = 1) -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"], "lsp-aid", "config.json")
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps({"model": {"url": model.url, "name": "scripted", "stallSeconds": stall_seconds}}))


async def start(
    project: Path, model: ScriptedModel, *flags: str, stall_seconds: float = 1
) -> asyncio.subprocess.Process:
    configure(model, stall_seconds)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_aid", "diff", "Add the average of a basket", "--at", "lib/basket.ml:1", *flags),
        cwd=project,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ask(project: Path, replies: list[Answer], *flags: str) -> tuple[int, str, str]:
    async with ScriptedModel(replies) as model:
        process = await start(project, model, *flags)
        out, err = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


async def test_a_verified_diff_over_three_files_is_printed(project: Path) -> None:
    code, out, err = await ask(project, [says(GOOD)])
    assert code == 0, err  # what is on disk is green, before as after
    assert texts(project) == PROJECT
    assert [line for line in out.splitlines() if line.startswith("+++")] == [
        "+++ b/lib/basket.ml",
        "+++ b/lib/basket.mli",
        "+++ b/test/test_basket.ml",
    ]
    assert "verified" in err


async def test_apply_writes_what_was_verified_in_the_second_round(project: Path) -> None:
    code, out, err = await ask(project, [says(BAD), says(GOOD)], "--apply", "--json")
    answer = json.loads(out)
    assert (code, answer["status"], answer["proposals"][0]["verdict"]) == (0, "fixed", "verified"), err
    assert "average" in (project / "lib/basket.mli").read_text()


MORE_RUNS = """Only this.

lib/dune
```
<<<<<<< SEARCH
(library (name shop))
=======
(library (name shop))
(rule (with-stdout-to made.txt (echo made)))
>>>>>>> REPLACE
```
"""


async def test_what_a_build_runs_is_not_changed_without_a_word(project: Path) -> None:
    code, out, err = await ask(project, [says(MORE_RUNS)], "--apply")
    assert (code, texts(project)) == (1, PROJECT)
    assert "lib/dune is changed: it says what a build runs" in err
    assert "--yes" in err
    assert "made.txt" in out
    code, out, err = await ask(project, [says(MORE_RUNS)], "--apply", "--yes")
    assert code == 0, err
    assert "made.txt" in texts(project)["lib/dune"]


async def test_what_was_applied_can_be_undone(project: Path) -> None:
    code, _, err = await ask(project, [says(GOOD)], "--apply")
    assert code == 0, err
    assert texts(project) != PROJECT
    undo = await asyncio.create_subprocess_exec(sys.executable, "-m", "lsp_aid", "undo", cwd=project / "lib")
    assert await asyncio.wait_for(undo.wait(), 60) == 0
    assert texts(project) == PROJECT


async def test_what_does_not_type_check_is_not_applied_and_not_called_more_than_it_is(project: Path) -> None:
    code, out, err = await ask(project, [says(BAD)] * 3, "--apply", "--json")
    answer = json.loads(out)
    assert (code, answer["status"], answer["proposals"][0]["verdict"]) == (1, "proposed", "parses"), err
    assert texts(project) == PROJECT


FAULTS = {
    "401": ([status(401)], "401"),
    "429": ([status(429), status(429)], "429"),
    "500": ([status(500)], "500"),
    "garbage": ([page("<html>a proxy</html>", 200, "text/html")], "web page"),
    "garbage in the stream": ([streams([b"data: {nonsense\n\n"])], ""),
    "stall": ([stalls("lib/basket.ml\n")], ""),
    "reset": ([breaks_off("lib/basket.ml\n")], ""),
    "end in mid-stream": ([ends_early(GOOD[:300])], ""),
    "prose alone": ([says("I'll do it tomorrow.")] * 3, "tomorrow"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_model_that_fails_changes_no_file_and_is_said(project: Path, fault: str) -> None:
    replies, named = FAULTS[fault]
    code, out, err = await ask(project, replies, "--apply")
    assert (code, out) == (2, ""), err
    assert err.startswith("lsp-aid: ")
    assert named in err
    assert "Traceback" not in err
    assert texts(project) == PROJECT


async def test_an_endpoint_that_is_down(project: Path) -> None:
    async with ScriptedModel() as model:
        pass
    process = await start(project, model)
    _, err = await process.communicate()
    assert process.returncode == 2
    assert model.url.split("/")[2] in err.decode()


async def test_without_a_model_it_says_what_to_set(project: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lsp_aid", "diff", "x"), cwd=project, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    assert process.returncode == 2
    assert b"LSP_AID_MODEL_URL" in err


async def test_interrupting_closes_the_connection(project: Path) -> None:
    async with ScriptedModel([stalls("Thinking about it")]) as model:
        process = await start(project, model, stall_seconds=600)
        await asyncio.wait_for(model.arrived.wait(), 120)
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 130, err.decode()
        await asyncio.wait_for(model.requests[0].gone.wait(), 120)
