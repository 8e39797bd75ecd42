"""JSON-RPC and the life of a session: pygls, with its faults put right.

what pygls 2.1.1 does                                            here
parameters it cannot read get no answer                          `_params`: -32602
text that is no JSON gets no answer, or ends the loop            `receive`: -32700
a nested object with a key "jsonrpc" is taken for a message      `receive`: only the outermost is one
requests are served before `initialize`, and get no answer       `_admit`: -32002 and -32600
  after `shutdown`
a result that cannot be encoded leaves its request open          `_outcome`: -32603
an exception's text and trace go to the client (`error.data`     `_answer`: one sentence to the client,
  and a pop-up), the parameters to the log                         types and places to the log
a cancel that comes too late is a warning                        `_cancel`: says nothing
`shutdown` leaves running requests open                          `_shut_down`: -32800, then its own answer
documents are kept a second time, for milliseconds a keystroke   `_register_builtin_features`: they are not
an asynchronous notification leaves a future behind              `_notify`: kept while it runs
`exit` raises SystemExit in the middle of the loop               `_exit`: sets `ended`
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from cattrs.errors import BaseValidationError
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcMethodNotFound
from pygls.protocol import LanguageServerProtocol

from codestral_ls.log import trace

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

    Handler = Callable[[Any], Any]
    MessageId = int | str

logger = logging.getLogger(__name__)

_Kind = TypeVar("_Kind")

_Malformed = (BaseValidationError, LookupError, TypeError, ValueError, AttributeError, RecursionError)
"""What cattrs and lsprotocol's hooks raise, depending on what is wrong where."""

_LAST_CALL = 0.5
"""Seconds that a cancelled handler may take to end."""

_INVALID = types.ErrorCodes.InvalidRequest
_CANCELLED = "The request was cancelled."
_FAILED = "The server failed to answer because of a fault of its own; its log says where."
_NO_REQUEST = "The message is neither a request nor a notification nor a response."


class Refused(JsonRpcException):
    """A request that is answered with an error: a code of JSON-RPC or LSP, and one sentence for the user."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message, code)


class Protocol(LanguageServerProtocol):
    """One session with a client, from `initialize` to `exit`. Every request gets exactly one answer."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        self._state: Literal["new", "running", "shut down"] = "new"
        self._running: dict[MessageId, asyncio.Task[str]] = {}
        self._background: set[asyncio.Future[Any]] = set()
        self.started, self.ended = asyncio.Event(), asyncio.Event()
        super().__init__(server, converter)

    @property
    def exit_status(self) -> int:
        """What the process ends with: LSP wants 0 after a `shutdown`, else 1."""
        return 0 if self._state == "shut down" else 1

    def receive(self, body: bytes) -> None:
        """Take in one message. Whatever it is, the session goes on."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._fail(None, types.ErrorCodes.ParseError, "The message is not valid JSON.")
            return
        match message:
            case {"method": str(method), "id": int() | str() as message_id}:
                self._request(message_id, method, message)
            case {"method": str(method)} if "id" not in message:
                self._notify(method, message)
            case {"result": _, "id": message_id} | {"error": _, "id": message_id} if "method" not in message:
                self._respond(message_id, message)
            case _:
                self._fail(None, _INVALID, _NO_REQUEST)

    def read(self, value: object, kind: type[_Kind], malformed: str) -> _Kind:
        """JSON that a client sent inside of parameters, as a dataclass or a type of LSP. Raises `Refused`
        with the message `malformed`."""
        try:
            return self._converter.structure(value, kind)
        except _Malformed:
            raise Refused(types.ErrorCodes.InvalidParams, malformed) from None

    def in_background(self, work: Awaitable[Any]) -> asyncio.Future[Any]:
        """Run something that no request waits for, until the session ends at the latest."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)
        return task

    async def cancel_all(self) -> None:
        """Cancel, and so answer, every request that still runs, and end all work in the background."""
        tasks: set[asyncio.Future[Any]] = {*self._running.values(), *self._background}
        tasks.discard(asyncio.current_task())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_LAST_CALL)

    def _register_builtin_features(self) -> None:
        """Only the life of a session. The rest, documents above all, is for features of ours."""
        self.fm.add_builtin_feature(types.INITIALIZE, self._initialize)
        self.fm.add_builtin_feature(types.SHUTDOWN, self._shut_down)
        self.fm.add_builtin_feature(types.EXIT, self._exit)
        self.fm.add_builtin_feature(types.CANCEL_REQUEST, self._cancel)

    def _initialize(self, params: types.InitializeParams) -> types.InitializeResult:
        self.client_capabilities = params.capabilities
        self._server.process_id = params.process_id
        result: types.InitializeResult = self.fm.features[types.INITIALIZE](params)
        self._state = "running"
        self.started.set()
        return result

    async def _shut_down(self, params: object) -> None:
        self._state = "shut down"
        await self.cancel_all()
        if close := self.fm.features.get(types.SHUTDOWN):
            await close(params)

    def _exit(self, params: object) -> None:
        self.ended.set()

    def _cancel(self, params: types.CancelParams) -> None:
        if task := self._running.get(params.id):
            task.cancel()

    def _request(self, message_id: MessageId, method: str, message: Mapping[str, Any]) -> None:
        try:
            self._admit(message_id, method)
            work = self._outcome(message_id, self._get_handler(method), self._params(method, message))
        except JsonRpcMethodNotFound:
            unknown = f"This server does not know the method {method[:100]!r}."
            self._fail(message_id, types.ErrorCodes.MethodNotFound, unknown)
        except Refused as refusal:
            self._fail(message_id, refusal.code, refusal.message)
        else:
            task = asyncio.ensure_future(work)
            self._running[message_id] = task
            task.add_done_callback(partial(self._answer, message_id, method))

    def _admit(self, message_id: MessageId, method: str) -> None:
        if self._state == "new" and method != types.INITIALIZE:
            raise Refused(types.ErrorCodes.ServerNotInitialized, "The server waits for `initialize` first.")
        if self._state == "running" and method == types.INITIALIZE:
            raise Refused(_INVALID, "The server is initialized already.")
        if self._state == "shut down":
            raise Refused(_INVALID, "The server was shut down and waits for `exit`.")
        if message_id in self._running:
            raise Refused(_INVALID, "Another request with this id is not answered yet.")

    def _params(self, method: str, message: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """The parameters, as lsprotocol's type for them or, for a method outside LSP, as they came."""
        if method not in types.METHOD_TO_TYPES:
            return message.get("params")
        wanted = cast("type[Any] | None", types.METHOD_TO_TYPES[method][2])
        try:
            return self._converter.structure(message.get("params"), wanted) if wanted else None
        except _Malformed:
            raise Refused(
                types.ErrorCodes.InvalidParams, f"The parameters of {method} are not what LSP defines."
            ) from None

    async def _outcome(self, message_id: MessageId, handler: Handler, params: object) -> str:
        """Run a handler and encode its answer."""
        result = handler(params)
        if inspect.isawaitable(result):
            result = await result
        answer = {"jsonrpc": self.VERSION, "id": message_id, "result": self._converter.unstructure(result)}
        return json.dumps(answer)

    def _answer(self, message_id: MessageId, method: str, task: asyncio.Task[str]) -> None:
        del self._running[message_id]
        if task.cancelled():
            self._fail(message_id, types.LSPErrorCodes.RequestCancelled, _CANCELLED)
        elif (error := task.exception()) is None:
            self._write(task.result())
        elif isinstance(error, Refused):
            self._fail(message_id, error.code, error.message)
        else:
            logger.error("The answer to %s failed: %s", method, trace(error))
            self._fail(message_id, types.ErrorCodes.InternalError, _FAILED)

    def _notify(self, method: str, message: Mapping[str, Any]) -> None:
        if self._state != "running" and method != types.EXIT:
            return
        try:
            done = self._get_handler(method)(self._params(method, message))
        except JsonRpcMethodNotFound:
            logger.debug("Ignored the notification %.100s, which this server does not know.", method)
        except Refused as refusal:
            logger.warning("Ignored a notification: %s", refusal.message)
        except Exception as error:  # noqa: BLE001 - nobody waits for an answer, and the session goes on.
            logger.error("The notification %s failed: %s", method, trace(error))
        else:
            if inspect.isawaitable(done):
                self.in_background(done)

    def _respond(self, message_id: object, message: Mapping[str, Any]) -> None:
        """Settle a request of ours. pygls keeps the type of its result and a future for it."""
        if not isinstance(message_id, str) or message_id not in self._request_futures:
            return
        future = self._request_futures.pop(message_id)
        wanted = self._result_types.pop(message_id, None)
        if future.done():
            return
        try:
            if "error" in message:
                future.set_exception(_refusal(message["error"]))
            else:
                response = self._converter.structure(message, wanted) if wanted else None
                future.set_result(response.result if response else message["result"])
        except _Malformed:
            future.set_exception(Refused(types.ErrorCodes.InvalidParams, "The editor's answer is malformed."))

    def _background_done(self, task: asyncio.Future[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("Work in the background failed: %s", trace(error))

    def _fail(self, message_id: MessageId | None, code: int, message: str) -> None:
        error = {"code": int(code), "message": message}
        self._write(json.dumps({"jsonrpc": self.VERSION, "id": message_id, "error": error}))

    def _send_data(self, data: object) -> None:
        """Send a notification or request that pygls made."""
        self._write(json.dumps(data, default=self._serialize_message))

    def _write(self, payload: str) -> None:
        if self.writer:
            body = payload.encode()
            self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


def _refusal(error: object) -> Refused:
    """What an editor answered in place of a result. Only that its user said no is of use to anybody."""
    match error:
        case {"code": types.LSPErrorCodes.RequestCancelled.value as code}:
            return Refused(code, "The editor's user said no.")
    return Refused(types.ErrorCodes.InternalError, "The editor refused.")
