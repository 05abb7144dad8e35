"""docs/protocol.md, replayed: what the page says is sent is sent, and what it says comes back comes back."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from lsp_aid.server.commands import COMMANDS
from tests.support.bare_client import BareClient
from tests.support.served import Saying, Toy, block, project, served

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
_BLOCK = re.compile(r"^```json (to|from)-server\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MADE_UP = ("id", "proposal")  # members whose values are the server's to choose


def examples(root: Path) -> list[tuple[str, dict]]:
    text = PAGE.read_text().replace("file:///home/ada/shop", root.as_uri())
    return [(way, json.loads(body)) for way, body in _BLOCK.findall(text)]


class Replay:
    """Matches what came with what is documented. What the server made up is learnt at first sight."""

    def __init__(self, client: BareClient) -> None:
        self.client = client
        self.names: dict[str, str] = {}
        self.used: set[int] = set()

    def send(self, message: dict) -> None:
        self.client.send(self.renamed(message))

    async def expect(self, wanted: dict) -> None:
        async with asyncio.timeout(20), self.client.news:
            await self.client.news.wait_for(lambda: self.matched(wanted))

    def matched(self, wanted: dict) -> bool:
        for number, message in enumerate(self.came()):
            names = dict(self.names)
            if number not in self.used and self.fits(wanted, message, names):
                self.used.add(number)
                self.names = names
                return True
        return False

    def came(self) -> list[dict]:
        """All messages of the server's, the notifications and answers first."""
        others = [n["params"] if n["method"] == "stray answer" else n for n in self.client.notifications]
        return [*others, *({} for _ in range(1000 - len(others))), *self.client.requests]

    def fits(self, wanted: Any, got: Any, names: dict[str, str], key: str = "") -> bool:
        """Whether all that is wanted is there; more may be."""
        if isinstance(wanted, dict):
            return isinstance(got, dict) and all(k in got and self.fits(v, got[k], names, k) for k, v in wanted.items())
        if isinstance(wanted, list):
            if not isinstance(got, list) or len(got) != len(wanted):
                return False
            return all(self.fits(w, g, names) for w, g in zip(wanted, got, strict=True))
        if key in _MADE_UP and isinstance(wanted, str) and isinstance(got, str):
            return names.setdefault(wanted, got) == got
        return bool(wanted == got)

    def renamed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.renamed(item) for item in value]
        return self.names.get(value, value) if isinstance(value, str) else value


async def test_the_examples_are_what_happens(tmp_path: Path) -> None:
    root = project(tmp_path / "shop", a="let n = List.lenght []\n")
    model = Saying(block("a.ml", "let n = List.lenght []\n", "let n = 1\n"))
    async with served(Toy(tmp_path / "home", model)) as client:
        replay = Replay(client)
        for way, message in examples(root):
            if way == "to":
                replay.send(message)
                continue
            try:
                await replay.expect(message)
            except TimeoutError:
                came = "\n".join(json.dumps(m)[:2000] for m in replay.came() if m)
                raise AssertionError(f"Not so:\n{json.dumps(message)}\nbut:\n{came}") from None


def test_every_command_is_documented() -> None:
    text = PAGE.read_text()
    assert not [name for name in COMMANDS if f"`{name}" not in text]
