"""A listener that speaks dune's RPC by a script: for what a real dune does not do when it is asked to."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import define, field

from lsp_aid.build.csexp import Csexp, Reader, encode

MENU = {"ping": 1, "diagnostics": 2, "poll/progress": 2, "poll/diagnostic": 2, "promote": 1, "shutdown": 1}


def ok(value: Csexp = ()) -> Csexp:
    return (b"ok", value)


def error(message: bytes) -> Csexp:
    return (b"error", ((b"kind", b"Invalid_request"), (b"message", message)))


@define
class Dune:
    """`answers` gives the result of a method, bytes that are sent as they are, or None for silence. A method that has
    none is answered with `ok`. `asked` are the methods that were called."""

    answers: dict[str, Csexp | None] = field(factory=dict)
    menu: Mapping[str, int] = field(factory=lambda: dict(MENU))
    asked: list[str] = field(factory=list)
    writers: list[asyncio.StreamWriter] = field(factory=list)

    def hang_up(self) -> None:
        for writer in self.writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        packets = Reader()
        while data := await reader.read(65536):
            for packet in packets.feed(data):
                fields = dict(packet)
                method = fields[b"method"].decode()
                self.asked.append(method)
                answer = self.answers.get(method, self._menu() if method == "version_menu" else ok())
                if isinstance(answer, bytes):
                    writer.write(answer)
                elif answer is not None and b"id" in fields:
                    writer.write(encode(((b"id", fields[b"id"]), (b"result", answer))))
        writer.close()

    def _menu(self) -> Csexp:
        return ok(tuple((name.encode(), b"%d" % version) for name, version in self.menu.items()))


@asynccontextmanager
async def listening(path: Path, dune: Dune) -> AsyncIterator[Dune]:
    path.parent.mkdir(parents=True, exist_ok=True)
    server = await asyncio.start_unix_server(dune.serve, path)
    try:
        yield dune
    finally:
        server.close()
        dune.hang_up()
