"""The wire to a model, over real HTTP: what arrives, and what every failure of it looks like to the user."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions
from yarl import URL

from lsp_aid import errors
from lsp_aid.config import ModelSettings
from lsp_aid.domain.chat import Message, Role
from lsp_aid.models import model_from
from lsp_aid.models.failures import of_exception
from lsp_aid.models.openai_compatible import OpenAICompatible
from tests.support import scripted_model as scripted
from tests.support.scripted_model import Answer, ScriptedModel

KEY = "sk-very-secret-0123"
ASKED = (Message(Role.SYSTEM, "You write OCaml."), Message(Role.USER, "Größe? 🐫"))


def model(url: str, **settings: Any) -> OpenAICompatible:
    values = {"url": url, "name": "scripted", "key_env": "TEST_KEY", "stall_seconds": 5.0, **settings}
    return OpenAICompatible(ModelSettings(**values), {"TEST_KEY": KEY})


async def asked(url: str, **settings: Any) -> str:
    return "".join([piece async for piece in model(url, **settings).stream(ASKED)])


async def answer_of(*replies: Answer, **settings: Any) -> str:
    async with ScriptedModel(replies) as endpoint:
        return await asked(endpoint.url, **settings)


async def failure_of(*replies: Answer, **settings: Any) -> errors.ModelError:
    with pytest.raises(errors.ModelError) as caught:
        await answer_of(*replies, **settings)
    error = caught.value
    assert KEY not in f"{error!s} {error!r} {error.__cause__!r}"
    assert error.cure
    return error


async def test_an_answer_arrives_in_pieces_as_it_was_said() -> None:
    text = "let größe = 1\r\n(* 🐫 *)\n"
    async with ScriptedModel([scripted.says(text, piece=3)]) as endpoint:
        pieces = [piece async for piece in model(endpoint.url, temperature=0.5, max_tokens=77).stream(ASKED)]
    assert "".join(pieces) == text
    assert len(pieces) > 1
    request = endpoint.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "scripted",
        "messages": [{"role": "system", "content": "You write OCaml."}, {"role": "user", "content": "Größe? 🐫"}],
        "stream": True,
        "max_tokens": 77,
        "temperature": 0.5,
    }


async def test_without_a_key_none_is_sent() -> None:
    async with ScriptedModel([scripted.says("ok")]) as endpoint:
        assert await asked(endpoint.url + "/", key_env="") == "ok"
    assert "Authorization" not in endpoint.requests[0].headers
    assert endpoint.requests[0].path == "/v1/chat/completions"


@pytest.mark.parametrize(
    "reply",
    [
        scripted.says("the answer", done=False),
        scripted.says("the answer", thoughts="hm, let me see"),
        scripted.says("<think>\nhm, let me see</think>\n\nthe answer", piece=2),
        scripted.says("<think>hm</think>the answer", piece=100),
        scripted.whole("the answer"),
        scripted.streams([scripted.delta(content="the answer"), scripted.event("[DONE]")]),
        scripted.streams([b": keep-alive\r\n\r\n", scripted.delta("stop", content="the answer")]),
        scripted.streams([scripted.delta(content="the answer"), b'data: {"choices": []}\n\ndata: [DONE]']),
        scripted.streams([bytes([b]) for b in scripted.delta("stop", content="the answer")]),
        scripted.streams([scripted.delta("stop", content="the answer")], then="stall"),
        scripted.streams([scripted.delta("stop", content=[{"type": "text", "text": "the answer"}])]),
    ],
)
async def test_the_dialects_of_endpoints_are_understood(reply: Answer) -> None:
    assert await answer_of(reply) == "the answer"


@pytest.mark.parametrize("text", ["<", "<thin", " <b> is bold", "a <think> in the middle </think>"])
async def test_only_thoughts_are_left_out(text: str) -> None:
    assert await answer_of(scripted.says(text, piece=1)) == text


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (scripted.status(400), errors.ModelRejectedError, "scripted"),
        (scripted.status(400, '{"message": "maximum context length"}'), errors.ModelRejectedError, "contextTokens"),
        (scripted.status(401, f'{{"error": "no such key {KEY}"}}'), errors.ModelRejectedError, "key in TEST_KEY"),
        (scripted.status(403), errors.ModelRejectedError, "key in TEST_KEY"),
        (scripted.status(404, '{"detail": "Not Found"}'), errors.ModelRejectedError, "model.url"),
        (scripted.status(302, "", {"Location": "http://elsewhere.test/x?k=1"}), errors.ModelRejectedError, "redirect"),
        (scripted.status(500), errors.ModelServerError, "500"),
        (scripted.page("<html><title>Bad Gateway</title>", 502), errors.ModelServerError, "'Bad Gateway'"),
        (scripted.status(503, ""), errors.ModelServerError, "503"),
        (scripted.status(429, headers={"Retry-After": "3600"}), errors.ModelRateLimitedError, "3600 seconds"),
        (scripted.page("\n <!DOCTYPE html><title>Log in</title>"), errors.ModelProtocolError, "'Log in'"),
        (scripted.page("garbage", content_type="text/plain"), errors.ModelProtocolError, "garbage"),
        (scripted.page("{}", content_type="application/json"), errors.ModelProtocolError, "chat endpoint"),
        (scripted.page('{"choices": [7]}'), errors.ModelProtocolError, "chat endpoint"),
        (scripted.page('{"choices": ['), errors.ModelProtocolError, "chat endpoint"),
        (scripted.page(""), errors.ModelCutOffError, "closed"),
        (scripted.streams([b"data: {nonsense\n\n"]), errors.ModelProtocolError, "nonsense"),
        (scripted.streams([b"data: [1, 2]\n\n"]), errors.ModelProtocolError, "chat endpoint"),
        (scripted.streams([b"data: " + b"[" * 50_000 + b"\n\n"]), errors.ModelProtocolError, "chat endpoint"),
        (scripted.streams([b"data: \xff\xfe\n\n"]), errors.ModelProtocolError, "chat endpoint"),
        (scripted.streams([b"x" * 65536] * 40), errors.ModelProtocolError, "line of more than"),
        (scripted.streams([scripted.delta(content={"a": 1})]), errors.ModelProtocolError, "chat endpoint"),
        (
            scripted.streams([scripted.event({"error": {"message": "no memory"}})]),
            errors.ModelServerError,
            "memory",
        ),
        (scripted.streams([scripted.event({"error": {"message": "m", "code": 401}})]), errors.ModelRejectedError, "m"),
        (scripted.says("half", finish="length"), errors.ModelCutOffError, "maxTokens"),
        (scripted.whole("half", finish="length"), errors.ModelCutOffError, "maxTokens"),
        (scripted.says("half", finish="content_filter"), errors.ModelRejectedError, "filter"),
        (scripted.ends_early("half"), errors.ModelCutOffError, "before the answer was complete"),
        (scripted.breaks_off("half"), errors.ModelCutOffError, "before the answer was complete"),
    ],
)
async def test_each_failure_has_its_error(reply: Answer, kind: type, words: str) -> None:
    error = await failure_of(reply)
    assert type(error) is kind, error
    assert words in str(error)


@pytest.mark.parametrize("reply", [scripted.stalls(), scripted.stalls("half")])
async def test_a_stall_ends(reply: Answer) -> None:
    error = await failure_of(reply, stall_seconds=0.3)
    assert type(error) is errors.ModelStalledError
    assert "stallSeconds" in str(error)


async def test_an_endpoint_that_is_down_says_so() -> None:
    async with ScriptedModel() as endpoint:
        url = endpoint.url
    with pytest.raises(errors.ModelUnreachableError, match=r"127\.0\.0\.1"):
        await asked(url)


async def test_an_unknown_host_says_so() -> None:
    with pytest.raises(errors.ModelUnreachableError, match=r"no-such-host\.invalid"):
        await asked("https://no-such-host.invalid/v1")


async def test_a_server_that_speaks_no_http_says_so() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for scheme in ("http", "https"):
            with pytest.raises(errors.ModelError) as caught:
                await asked(f"{scheme}://127.0.0.1:{port}/v1")
            assert KEY not in repr(caught.value)


async def test_a_short_rate_limit_is_waited_out_once() -> None:
    limited = scripted.status(429, headers={"Retry-After": "0"})
    assert await answer_of(limited, scripted.says("ok")) == "ok"
    assert isinstance(await failure_of(limited, limited), errors.ModelRateLimitedError)


async def test_the_newer_name_of_the_token_limit_is_used_where_asked_for() -> None:
    refusal = scripted.status(400, '{"error": {"message": "Use \'max_completion_tokens\' instead."}}')
    async with ScriptedModel([refusal, scripted.says("ok")]) as endpoint:
        assert await asked(endpoint.url) == "ok"
    assert "max_tokens" not in endpoint.requests[1].body
    assert endpoint.requests[1].body["max_completion_tokens"] == 4096


async def _read_one(url: str, then: Callable[[], None]) -> None:
    async with aclosing(model(url).stream(ASKED)) as pieces:
        async for _ in pieces:
            then()


async def test_a_cancel_closes_the_connection_at_once() -> None:
    async with ScriptedModel([scripted.stalls("half")]) as endpoint:
        started = asyncio.Event()
        task = asyncio.create_task(_read_one(endpoint.url, started.set))
        await asyncio.wait_for(started.wait(), 10)
        cancelled_at = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        request = endpoint.requests[0]
        await asyncio.wait_for(request.gone.wait(), 10)
        assert request.gone_at is not None
        assert request.gone_at - cancelled_at < 0.2  # what is promised to the user who cancels


async def test_a_cancel_before_the_first_byte_closes_the_connection() -> None:
    async with ScriptedModel([scripted.stalls()]) as endpoint:
        task = asyncio.create_task(asked(endpoint.url))
        await asyncio.wait_for(endpoint.arrived.wait(), 10)
        task.cancel()
        await asyncio.wait_for(endpoint.requests[0].gone.wait(), 10)


async def test_closing_the_answer_closes_the_connection() -> None:
    async with ScriptedModel([scripted.stalls("half")]) as endpoint:
        answer = model(endpoint.url).stream(ASKED)
        assert await anext(answer) == "half"
        await answer.aclose()
        await asyncio.wait_for(endpoint.requests[0].gone.wait(), 10)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"url": "ftp://host/v1"}, "not the address"),
        ({"url": "127.0.0.1:8000"}, "not the address"),
        ({"url": "http://host:port/v1"}, "not the address"),
        ({"url": "http://user:pass@127.0.0.1/v1"}, "user name or a password"),
        ({"url": "http://models.example.com/v1"}, "unencrypted"),
        ({"key_env": "OTHER_KEY"}, "OTHER_KEY"),
        ({"key_env": "EMPTY_KEY"}, "EMPTY_KEY"),
        ({"key_env": "BROKEN_KEY"}, "holds no key"),
    ],
)
async def test_settings_that_cannot_be_used_say_so(settings: dict[str, str], words: str) -> None:
    values: dict[str, Any] = {"url": "https://127.0.0.1:1/v1", "name": "m", "key_env": "TEST_KEY", **settings}
    environment = {"TEST_KEY": KEY, "EMPTY_KEY": " ", "BROKEN_KEY": "a\nb"}
    with pytest.raises(errors.ConfigError) as caught:
        OpenAICompatible(ModelSettings(**values), environment).check()
    assert words in str(caught.value)
    assert KEY not in str(caught.value)
    assert "pass" not in str(caught.value).replace("password", "")


async def test_a_key_in_place_of_its_variable_stays_secret() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        model("https://127.0.0.1:1/v1", key_env="sk-0123456789-secret").check()
    assert "sk-0123" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "gpu-box", "10.1.2.3", "llm.corp"])
async def test_plain_http_with_a_key_is_for_internal_hosts(host: str) -> None:
    model(f"http://{host}:8000/v1").check()


async def test_the_key_is_in_no_repr() -> None:
    assert KEY not in repr(model("http://localhost/v1"))


def test_no_settings_no_model() -> None:
    assert model_from(ModelSettings(), {}) is None
    made = model_from(ModelSettings(url="http://localhost/v1", name="m", key_env="NOT_SET"), {})
    assert made is not None
    assert made.name == "m"


def _instances() -> list[BaseException]:
    info = aiohttp.RequestInfo(URL("http://h/"), "POST", {"Authorization": KEY}, URL("http://h/"))  # type: ignore[arg-type]
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, False, True, None, None, None)
    made: list[BaseException] = [OSError(111, "refused"), ConnectionResetError(), TimeoutError(), EOFError()]
    made.append(http_exceptions.BadHttpMessage("bad"))
    classes = [c for c in vars(client_exceptions).values() if isinstance(c, type)]
    for cls in classes:
        if not issubclass(cls, aiohttp.ClientError) or cls.__module__ != client_exceptions.__name__:
            continue
        if issubclass(cls, aiohttp.ClientResponseError):
            made.append(cls(info, (), status=400, message="m"))
        elif issubclass(cls, client_exceptions.UnixClientConnectorError):
            made.append(cls("/socket", key, OSError(111, "refused")))
        elif issubclass(cls, aiohttp.ClientConnectorCertificateError):
            made.append(cls(key, ValueError("certificate")))
        elif issubclass(cls, aiohttp.ClientConnectorError):
            made.append(cls(key, OSError(111, "refused")))
        elif issubclass(cls, aiohttp.ServerFingerprintMismatch):
            made.append(cls(b"a", b"b", "h", 1))
        elif issubclass(cls, aiohttp.InvalidURL):
            made.append(cls("http://h/"))
        else:
            made.append(cls())
    return made


@pytest.mark.parametrize("error", _instances(), ids=lambda e: type(e).__name__)
def test_every_exception_of_the_library_below_is_mapped(error: BaseException) -> None:
    mapped = of_exception(error, "http://h/", ModelSettings(name="m"))
    assert isinstance(mapped, errors.ModelError)
    assert type(mapped) is not errors.ModelError
    assert KEY not in str(mapped)
    assert mapped.cure


async def test_a_proxy_of_the_environment_is_used() -> None:
    async with ScriptedModel([scripted.says("by proxy")]) as proxy:
        environment = {"http_proxy": proxy.url.removesuffix("/v1")}
        settings = ModelSettings(url="http://elsewhere.test/v1", name="m")
        answer = "".join([piece async for piece in OpenAICompatible(settings, environment).stream(ASKED)])
    assert answer == "by proxy"
    assert proxy.requests[0].headers["Host"] == "elsewhere.test"
