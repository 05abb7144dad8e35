"""An endpoint that speaks the chat completions protocol over real HTTP on loopback, and answers as it is told.

    async with ScriptedModel([says("..."), status(429, headers={"Retry-After": "0"})]) as model:
        settings = ModelSettings(url=model.url, name="scripted")

Each request takes the next reply. As a program, each file is one reply's text, answered in turn:

    python -m tests.support.scripted_model --port 0 FILE...
"""

import argparse
import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def event(data: Any) -> bytes:
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def delta(finish: str | None = None, **delta: Any) -> bytes:
    return event(
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    )


def says(text: str, *, piece: int = 7, finish: str = "stop", thoughts: str = "", done: bool = True) -> Answer:
    """The text, streamed in pieces of so many characters."""
    chunks = [delta(role="assistant", content="")]
    chunks += [delta(reasoning_content=thoughts)] if thoughts else []
    chunks += [delta(content=text[i : i + piece]) for i in range(0, len(text), piece)]
    return streams([*chunks, delta(finish), *([event("[DONE]")] if done else [])])


def streams(chunks: Iterable[bytes], *, then: str = "end") -> Answer:
    """Raw chunks of an event stream; `then` it is to "end", "stall" or "break" the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        if then == "stall":
            await asyncio.sleep(3600)
        if then == "break" and request.transport:
            request.transport.abort()
        await response.write_eof()
        return response

    return answer


def stalls(text: str = "") -> Answer:
    """Says the text, then nothing more, with the connection open."""
    return streams([delta(content=text)] if text else [], then="stall")


def breaks_off(text: str) -> Answer:
    """Says the text and resets the connection."""
    return streams([delta(content=text)], then="break")


def ends_early(text: str) -> Answer:
    """Says the text and ends the body in good order, without a finish reason or `[DONE]`."""
    return streams([delta(content=text)])


def status(code: int, body: str = '{"error": {"message": "scripted"}}', headers: Mapping[str, str] = {}) -> Answer:
    return page(body, code, "application/json", headers)


def page(
    body: str,
    code: int = 200,
    content_type: str = "text/html",
    headers: Mapping[str, str] = {},
) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, text=body, content_type=content_type, headers=headers)

    return answer


def whole(text: str, finish: str = "stop") -> Answer:
    """The answer as one JSON object, as endpoints do that ignore `stream`."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return page(json.dumps({"object": "chat.completion", "choices": [choice]}), content_type="application/json")


@dataclass
class Recorded:
    """A request. `gone` is set once its client has disconnected before the answer was complete, at `gone_at`."""

    path: str
    headers: Mapping[str, str]
    body: Any
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    gone_at: float | None = None  # time.monotonic

    @property
    def prompt(self) -> str:
        """The text of the last message."""
        return str(self.body["messages"][-1]["content"])


class ScriptedModel:
    def __init__(self, replies: Iterable[Answer] = (), *, port: int = 0, repeat_last: bool = False) -> None:
        self.replies = deque(replies)
        self.requests: list[Recorded] = []
        self.arrived = asyncio.Event()  # the first request
        self.url = ""
        self._port = port
        self._repeat_last = repeat_last
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=50_000_000)
        app.router.add_post("/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        recorded = Recorded(request.path, dict(request.headers), await request.json())
        self.requests.append(recorded)
        self.arrived.set()
        if not self.replies:
            return web.json_response({"error": {"message": "the script has no more replies"}}, status=500)
        reply = self.replies[0] if self._repeat_last and len(self.replies) == 1 else self.replies.popleft()
        try:
            return await reply(request)
        except (asyncio.CancelledError, ConnectionError):
            recorded.gone_at = time.monotonic()
            recorded.gone.set()
            raise


async def _serve(port: int, files: list[Path]) -> None:
    async with ScriptedModel(
        [says(f.read_text(encoding="utf-8")) for f in files], port=port, repeat_last=True
    ) as model:
        print(model.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A scripted chat completions endpoint on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="the text of a reply; the last one repeats")
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.files))


if __name__ == "__main__":
    main()
