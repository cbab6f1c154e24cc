"""Who is let in: each way that somebody else could come to the page is refused."""

import json
import socket
import stat
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from reviewed import Served

_PATHS = (
    "/",
    "/api/summary",
    "/api/people",
    "/static/review/main.js",
    "/thumb/0123456789abcdef.jpg",
)


def _ask(served: Served, path: str, method: str = "GET", **headers: str) -> requests.Response:
    """Without a session: only what is given."""
    return requests.request(
        method, f"{served.address}{path}", headers=headers, timeout=60, allow_redirects=False
    )


def _cookie(served: Served) -> str:
    return "; ".join(f"{one.name}={one.value}" for one in served.session.cookies)


def _act(
    served: Served, body: bytes = b'{"kind":"hide"}', **changed: str | None
) -> requests.Response:
    """An answer as the page sends it, but for some headers."""
    headers: dict[str, str | None] = {
        "Cookie": _cookie(served),
        "Origin": served.address,
        "Content-Type": "application/json",
        "X-Facetrack": "review",
        **changed,
    }
    given = {name: value for name, value in headers.items() if value is not None}
    return requests.post(f"{served.address}/api/actions", data=body, headers=given, timeout=60)


@pytest.mark.parametrize("path", _PATHS)
def test_other_users_of_the_machine_have_no_cookie(served: Served, path: str) -> None:
    reply = _ask(served, path)
    assert reply.status_code == 401
    assert "open the link" in reply.text
    wrong = _cookie(served)[:-1] + "x"
    assert _ask(served, path, Cookie=wrong).status_code == 401


def test_a_wrong_token_gives_no_cookie(served: Served) -> None:
    for token in ("", "x", served.link.partition("=")[2][:-1], "ä" * 43):
        reply = _ask(served, f"/?token={token}")
        assert reply.status_code == 401
        assert "set-cookie" not in reply.headers


def test_a_link_lets_one_browser_in(served: Served) -> None:
    link = served.link
    assert "set-cookie" in requests.get(link, timeout=60).headers
    served.shown.clear()
    for _ in range(3):  # whoever has found it later, and however often
        late = requests.get(link, timeout=60)
        assert late.status_code == 401
        assert "works once" in late.text
        assert "set-cookie" not in late.headers
    # The user is shown one more, not three, and until that is used, no other.
    assert len(served.shown) == 1
    assert requests.get(served.shown[0], timeout=60).status_code == 200
    assert requests.get(link, timeout=60).status_code == 401
    assert len(served.shown) == 2
    # The browser that has been let in comes to the page by any of them, and uses none up.
    for _ in range(2):
        assert served.session.get(served.shown[1], timeout=60).status_code == 200
    assert requests.get(served.shown[1], timeout=60).status_code == 200


def test_the_cookie_is_no_scripts_and_no_other_sites(served: Served) -> None:
    link = served.link
    reply = requests.get(link, timeout=60)
    cookie = reply.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert link.partition("=")[2] not in cookie
    assert link.partition("=")[2] not in reply.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost", "127.0.0.1:1", ""]
)
def test_a_page_whose_name_means_this_machine_is_refused(served: Served, host: str) -> None:
    port = served.address.rpartition(":")[2]
    for name in (host, f"evil.example:{port}"):
        reply = _ask(served, "/api/summary", Host=name, Cookie=_cookie(served))
        assert reply.status_code == 403
        assert _act(served, Host=name).status_code == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": None},
        {"X-Facetrack": None},
        {"X-Facetrack": "1"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_answers_of_other_pages_are_refused(served: Served, changed: dict[str, Any]) -> None:
    before = served.get("/api/summary")
    reply = _act(served, **changed)
    assert reply.status_code == 403
    assert served.get("/api/summary") == before


def test_only_reading_and_answering_is_known(served: Served) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        reply = _ask(served, "/api/actions", method, Cookie=_cookie(served), Origin=served.address)
        assert reply.status_code == 403


def test_headers_that_come_twice_are_refused(served: Served) -> None:
    host = served.address.removeprefix("http://")
    name, _, port = host.partition(":")
    head = (
        f"GET /api/summary HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n"
        f"Cookie: {_cookie(served)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((name, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "path",
    [
        "/photo/..%2f..%2fetc%2fpasswd.jpg",
        "/photo/%2e%2e/%2e%2e/etc/passwd",
        "/thumb/../../state.json.jpg",
        "/static/review/..%2f..%2fpage.html",
        "/static/review/../page.html",
        "/static/page.html",
        "/photo/0123456789abcdeg.jpg",
        "/photo/0123456789abcdef.jpg",
        "/api/photos/0123456789abcdef",
        "/api/people/9999999999999999999",
        "/api/search?with=1;2",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_is_served_by_path(served: Served, path: str) -> None:
    prepared = requests.Request("GET", f"{served.address}/").prepare()
    prepared.url = f"{served.address}{path}"
    prepared.headers["Cookie"] = _cookie(served)
    reply = served.session.send(prepared, timeout=60)
    assert reply.status_code in (404, 422), reply.text
    assert b"root:" not in reply.content
    assert b"<!DOCTYPE" not in reply.content


def test_every_answer_tells_the_browser_to_trust_nothing_else(served: Served) -> None:
    for reply in (
        served.session.get(f"{served.address}/api/summary", timeout=60),
        served.session.get(f"{served.address}/api/nowhere", timeout=60),
        _ask(served, "/api/summary"),
        requests.get(served.link, timeout=60),
    ):
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["cross-origin-resource-policy"] == "same-origin"
        assert reply.headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in reply.headers
        assert "server" not in reply.headers


def test_an_answer_without_end_is_not_read_on(served: Served) -> None:
    long = b'{"kind":"name","number":1,"name":"' + b"a" * (5 << 20) + b'"}'
    assert _act(served, long).status_code == 413

    def pieces() -> Iterator[bytes]:
        yield from (long[start : start + 2**16] for start in range(0, len(long), 2**16))

    headers = {"Origin": served.address, "Content-Type": "application/json"}
    headers |= {"X-Facetrack": "review", "Cookie": _cookie(served)}
    url = f"{served.address}/api/actions"
    reply = requests.post(url, data=pieces(), headers=headers, timeout=60)
    assert not reply.ok
    assert served.get("/api/summary")["named"] == 0


def test_what_is_no_answer_is_told(served: Served) -> None:
    for body in (b"{", b"[]", b'{"kind":"rm"}', b'{"kind":"move","faces":"x"}'):
        reply = _act(served, body)
        assert reply.status_code == 422
        assert "load it again" in json.loads(reply.text)["told"]


def test_pictures_are_readable_by_their_owner_only(served: Served) -> None:
    cover = served.get("/api/people")[0]["cover"]
    reply = served.session.get(f"{served.address}/thumb/{cover}.jpg", timeout=60)
    assert reply.headers["content-type"] == "image/jpeg"
    kept = list((served.review.out / ".facetrack" / "faces").glob("*-large.jpg"))
    assert kept
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)
