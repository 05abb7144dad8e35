"""Somebody who types at random, and knows what the text must be: several documents, several lines, any characters."""

import json
import random
from pathlib import Path

from attrs import define, field

from tests.support.bare_client import BareClient

PIECES = ("a", "let x = 1\n", "ä", "🐫", "\n", "\r\n", "(* é🐪 *)", "  ", "\t", "é\u0301", "𝔸\n𝔹\n", "\u2028", "\f", "")


@define(eq=False)
class Typed:
    """A document as the editor holds it. Positions are counted in `encoding`, by encoding the text itself."""

    uri: str
    text: str
    encoding: str
    version: int = 1

    def place(self, offset: int) -> dict:
        before = self.text[:offset]
        start = max(before.rfind("\n"), before.rfind("\r")) + 1
        line = before.replace("\r\n", "\n").replace("\r", "\n").count("\n")
        return {"line": line, "character": self._units(before[start:])}

    def _units(self, text: str) -> int:
        match self.encoding:
            case "utf-8":
                return len(text.encode())
            case "utf-16":
                return len(text.encode("utf-16-le")) // 2
        return len(text)

    def between(self, offset: int) -> bool:
        """Whether a place is inside of a line end, where no editor has its cursor."""
        return self.text[offset - 1 : offset + 1] == "\r\n"

    def edit(self, dice: random.Random) -> dict:
        """One random change: what the notification says of it."""
        start, end = sorted(dice.randint(0, len(self.text)) for _ in range(2))
        end = min(end, start + dice.choice((0, 0, 1, 5, 40)))
        start, end = start - self.between(start), end + self.between(end)
        new = "".join(dice.choice(PIECES) for _ in range(dice.randint(0, 4)))
        if new.endswith("\r") or (new.startswith("\n") and self.text[:start].endswith("\r")):
            new = ""
        change = {"range": {"start": self.place(start), "end": self.place(end)}, "text": new}
        if self.text[:start].endswith("\r") and (new + self.text[end:]).startswith("\n"):
            return self.edit(dice)  # what comes of that is a line end of two that were none
        self.text = self.text[:start] + new + self.text[end:]
        return change


@define(eq=False)
class Typist:
    client: BareClient
    dice: random.Random
    encoding: str
    documents: list[Typed] = field(factory=list)
    asked: int = 0

    def open(self, path: Path, text: str) -> Typed:
        typed = Typed(path.as_uri(), text, self.encoding)
        self.documents.append(typed)
        self.client.open(path, text)
        return typed

    def type(self, keys: int) -> None:
        """Edits documents, by one change or several at once, and closes one and opens it again now and then."""
        for _ in range(keys):
            typed = self.dice.choice(self.documents)
            if self.dice.random() < 0.05:
                self.client.notify("textDocument/didClose", {"textDocument": {"uri": typed.uri}})
                typed.version = 1
                item = {"uri": typed.uri, "languageId": "ocaml", "version": 1, "text": typed.text}
                self.client.notify("textDocument/didOpen", {"textDocument": item})
                continue
            typed.version += 1
            changes = [typed.edit(self.dice) for _ in range(self.dice.choice((1, 1, 1, 3)))]
            if self.dice.random() < 0.05:
                changes = [{"text": typed.text}]
            document = {"uri": typed.uri, "version": typed.version}
            self.client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
            self.client.texts[typed.uri] = typed.text

    def set(self, typed: Typed, text: str) -> None:
        """Replaces a whole document."""
        typed.version, typed.text = typed.version + 1, text
        document = {"uri": typed.uri, "version": typed.version}
        self.client.texts[typed.uri] = text
        self.client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": typed.text}]}
        )

    async def check(self) -> None:
        """The server holds what the editor holds."""
        for typed in self.documents:
            found = await self.client.request("lsp-aid/text", {"uri": typed.uri})
            assert found is not None, f"{typed.uri} is not open"
            assert (found["text"], found["version"]) == (typed.text, typed.version), json.dumps(typed.uri)
