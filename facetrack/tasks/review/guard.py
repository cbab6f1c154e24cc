"""Who may talk to the server: the browser that came by the start link, and no other page in it.

The server is bound to 127.0.0.1, where every user of the machine and every page in the browser can
reach it. So a request needs

- a Host that is the server's own: a page whose name was made to mean 127.0.0.1 (DNS rebinding) has
  another one;
- the cookie that a start link's token was exchanged for: other users of the machine have none.
  It is HttpOnly, and SameSite=Strict, so that other pages' requests come without it. A link works
  once: who finds it later, in a terminal or a history, is not let in;
- to change something, an Origin that is the server's own, a header that a form cannot send, and
  JSON: no other page can have them (CSRF).

Answers tell the browser to load nothing from elsewhere, to run no script but the server's files, to
show the page in no frame, and to keep no copy.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HEADER, HEADER_VALUE = "x-facetrack", "review"
_MOST_BODY = 4 << 20  # bytes: ids of 200,000 faces
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    # Faces are not kept in the browser's own files, which task=forget cannot reach.
    "cache-control": "no-store",
}


class Guard:
    """Lets requests through to an app, or refuses them with a sentence.

    port: of the server. show: shows the user a start link.
    """

    def __init__(self, app: App, port: int, show: Callable[[str], None]) -> None:
        """Draw the cookie."""
        self._app, self._show = app, show
        self._fresh: set[str] = set()
        self._used: set[str] = set()
        self._shown = ""
        # Browsers send cookies to every port of a host: each server's has a name of its own.
        self._cookie, self._secret = f"facetrack-{port}", secrets.token_urlsafe(32)
        self.address = f"http://127.0.0.1:{port}"
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    def make_link(self) -> str:
        """A start link, which lets one browser in."""
        token = secrets.token_urlsafe(32)
        self._fresh.add(token)
        return f"{self.address}/?token={token}"

    def show_link(self) -> None:
        """Show the user a start link."""
        link = self.make_link()
        self._shown = link.partition("=")[2]
        self._show(link)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:  # a web socket: there is none
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        texts = {name.decode("latin-1"): of.decode("latin-1") for name, of in scope["headers"]}
        if _repeats(scope):
            await _refuse(send, 400, "a header that counts came twice")
        elif texts.get("host", "") not in self._hosts:
            await _refuse(send, 403, "this address is not the page's own")
        elif self._is_start(scope):
            await self._let_in(scope, texts, send)
        elif not self._is_known(texts):
            await _refuse(
                send, 401, "open the link that facetrack has printed: it holds what lets you in"
            )
        elif told := self._find_fault(scope, texts):
            await _refuse(send, 403, told)
        elif len(size := texts.get("content-length", "0")) > 9 or int(size) > _MOST_BODY:
            await _refuse(send, 413, "that answer is too long")
        else:
            await self._app(scope, _limit(receive), _with_headers(send))

    def _is_start(self, scope: Scope) -> bool:
        """Whether it is the start link."""
        return (
            scope["path"] == "/" and scope["method"] == "GET" and b"token=" in scope["query_string"]
        )

    async def _let_in(self, scope: Scope, texts: Mapping[str, str], send: Send) -> None:
        """Exchange the token for the cookie, and let it vanish from the address."""
        headers = {"content-type": "text/html; charset=utf-8"}
        if not self._is_known(texts):
            given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
            if told := self._use(given):
                await _refuse(send, 401, told)
                return
            cookie = f"{self._cookie}={self._secret}; Path=/; HttpOnly; SameSite=Strict"
            headers["set-cookie"] = cookie
        # By a page of its own: a redirect from outside would come without a Strict cookie.
        page = b"<!doctype html><meta http-equiv=refresh content='0;url=/'>"
        await _reply(send, 200, page, headers)

    def _use(self, given: str) -> str:
        """Use up a token; why it lets nobody in, or nothing where it does."""
        token = _find_same(given, self._fresh)
        if token:
            self._fresh.remove(token)
            self._used.add(token)
            return ""
        if not _find_same(given, self._used):
            return "that link is not of this page: open the one printed last"
        if self._shown not in self._fresh:  # else whoever has an old one could fill the terminal
            self.show_link()
        return (
            "that link has let a browser in, and works once: open the one that facetrack has "
            "printed just now"
        )

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        given = cookies.get(self._cookie)
        return given is not None and _are_same(given.value, self._secret)

    def _find_fault(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        """Why a request of a known browser is refused; None where it is the page's own."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "another page has asked for that"
        if scope["method"] in ("GET", "HEAD"):
            return None
        if scope["method"] != "POST":
            return "the page reads and answers, and nothing else"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        own = headers.get("origin") == f"http://{headers['host']}"
        if own and kind == "application/json" and headers.get(HEADER) == HEADER_VALUE:
            return None
        return "answers are taken from the page itself only"


def _repeats(scope: Scope) -> bool:
    names = [name for name, _ in scope["headers"]]
    counted = (b"host", b"origin", b"content-type", b"cookie", HEADER.encode(), b"sec-fetch-site")
    return any(names.count(name) > 1 for name in counted)


def _are_same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _find_same(given: str, tokens: Collection[str]) -> str:
    """The token that was given; nothing where it is none of them."""
    return next((one for one in tokens if _are_same(given, one)), "")


def _limit(receive: Receive) -> Receive:
    """A body that goes on without end is not read on."""
    read = 0

    async def limited() -> MutableMapping[str, Any]:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        return message if read <= _MOST_BODY else {"type": "http.disconnect"}

    return limited


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            given = [one for one in message["headers"] if one[0].decode().lower() not in _HEADERS]
            message["headers"] = [*given, *_encode(_HEADERS)]
        await send(message)

    return sending


async def _refuse(send: Send, status: int, told: str) -> None:
    await _reply(send, status, f"{told}\n".encode(), {"content-type": "text/plain; charset=utf-8"})


async def _reply(send: Send, status: int, body: bytes, headers: Mapping[str, str]) -> None:
    start = {"type": "http.response.start", "status": status, "headers": _encode(headers)}
    await _with_headers(send)(start)
    await send({"type": "http.response.body", "body": body})


def _encode(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
