"""Any endpoint that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, LM Studio, hosted ones.

One POST to `{url}/chat/completions` with `stream: true`, answered by server-sent events. aiohttp is imported when the
first prompt is sent: it takes longer to load than all the rest.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lsp_aid import __version__
from lsp_aid.config import ModelSettings
from lsp_aid.domain.chat import Message
from lsp_aid.errors import ModelError, ModelRateLimitedError
from lsp_aid.models import failures
from lsp_aid.models.completion import Completion
from lsp_aid.models.endpoint import Endpoint, endpoint
from lsp_aid.models.thinking import WithoutThinking

if TYPE_CHECKING:
    import aiohttp

MAX_ERROR_BYTES = 64_000
RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 15.0


class OpenAICompatible:
    """Implements the port `Model`. Holds no connection between two prompts."""

    def __init__(self, settings: ModelSettings, environment: Mapping[str, str]) -> None:
        self._settings = settings
        self._environment = environment

    def __repr__(self) -> str:
        return f"OpenAICompatible({self.name!r})"

    @property
    def name(self) -> str:
        return self._settings.name

    def check(self) -> None:
        """Raises ConfigError where the settings cannot be used, as `stream` would; nothing is sent."""
        endpoint(self._settings, self._environment)

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """The answer, piece by piece, without a reasoning model's thoughts. Closing it closes the connection.

        Raises ConfigError for settings that cannot be used, otherwise the errors below ModelError. A 429 is waited out
        once where the wait is short; no other failure is tried again.
        """
        target = endpoint(self._settings, self._environment)
        thoughts = WithoutThinking()
        async with self._answering(target, messages) as response:
            completion = Completion(self._settings, target.shown)
            while not completion.complete:
                chunk = await response.content.readany()
                for piece in completion.feed(chunk) if chunk else completion.end():
                    if answer := thoughts.feed(piece):
                        yield answer
        if answer := thoughts.end():
            yield answer

    @asynccontextmanager
    async def _answering(
        self, target: Endpoint, messages: Sequence[Message]
    ) -> AsyncIterator["aiohttp.ClientResponse"]:
        """A response with status 200. On leaving, the connection is closed at once, whatever is still to come on it."""
        import aiohttp
        from aiohttp.http_exceptions import HttpProcessingError

        settings = self._settings
        timeout = aiohttp.ClientTimeout(
            total=None,
            connect=settings.connect_seconds,
            sock_connect=settings.connect_seconds,
            sock_read=settings.stall_seconds,
        )
        try:
            async with aiohttp.ClientSession(timeout=timeout, headers=_headers(target)) as session:
                response = await self._post(session, target, self._body(messages))
                try:
                    yield response
                finally:
                    response.close()
        except ModelError as error:
            _scrub(error, target.key)
            raise
        except (aiohttp.ClientError, HttpProcessingError, OSError, EOFError) as error:
            # Without its cause: aiohttp's exceptions carry the request's headers, and so the key.
            raise failures.of_exception(error, target.shown, settings) from None

    async def _post(
        self, session: "aiohttp.ClientSession", target: Endpoint, body: dict[str, Any]
    ) -> "aiohttp.ClientResponse":
        may_wait = True
        while True:
            response = await session.post(target.url, json=body, proxy=target.proxy, allow_redirects=False)
            if response.status == 200:
                return response
            retry_after = failures.seconds_of(response.headers.get("Retry-After"))
            said = await _start_of(response)
            response.close()
            if response.status == 400 and "max_completion_tokens" in said and "max_tokens" in body:
                body["max_completion_tokens"] = body.pop("max_tokens")  # OpenAI's newer models know this name alone
                continue
            error = failures.of_status(response.status, said, target.shown, self._settings, retry_after)
            wait = RETRY_SECONDS if retry_after is None else retry_after
            if not isinstance(error, ModelRateLimitedError) or not may_wait or wait > LONGEST_RETRY_SECONDS:
                raise error
            may_wait = False
            await asyncio.sleep(wait)

    def _body(self, messages: Sequence[Message]) -> dict[str, Any]:
        settings = self._settings
        body: dict[str, Any] = {
            "model": settings.name,
            "messages": [{"role": message.role.value, "content": message.text} for message in messages],
            "stream": True,
            "max_tokens": settings.max_tokens,
        }
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        return body


def _headers(target: Endpoint) -> dict[str, str]:
    headers = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",  # what is packed arrives in lumps
        "User-Agent": f"lsp-aid/{__version__}",
    }
    return {**headers, "Authorization": f"Bearer {target.key}"} if target.key else headers


async def _start_of(response: "aiohttp.ClientResponse") -> str:
    """The start of an error's body; of a redirect, where it leads."""
    if 300 <= response.status < 400:
        location = response.headers.get("Location", "").partition("?")[0]
        return f"it redirects to {location}" if location else ""
    body = bytearray()
    while len(body) < MAX_ERROR_BYTES and (chunk := await response.content.readany()):
        body += chunk
    return body[:MAX_ERROR_BYTES].decode("utf-8", errors="replace")


def _scrub(error: ModelError, key: str) -> None:
    """Some endpoints repeat the key that they refuse."""
    if key and key in str(error):
        error.what = error.what.replace(key, "***")
        error.cure = error.cure.replace(key, "***")
        error.args = (error.what, error.cure)
