"""Serves the naming page on this machine alone.

Only the loopback address listens. Every address begins with a random token, so that a page of another site, or another
user of the machine, can neither read the pictures nor change the model; a Host header of another name is refused, so
that such a site cannot rebind its own name to this address.
"""

from __future__ import annotations

import hmac
import io
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from training.naming.session import Session

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FOREVER, NEVER = "private, max-age=31536000, immutable", "no-store"
LONGEST_BODY = 64 << 10  # bytes of an edit
SIDES = {"small": 96, "picture": 480}  # of the pictures that are sent, in pixels
SECONDS = 30  # that a connection may say nothing


class Refused(Exception):
    """A request that is answered by a status and a sentence."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class NamingServer(ThreadingHTTPServer):
    """The page, at :attr:`address`.

    Args:
        page: folder of the built page.
        port: 0 takes a free one.
    """

    daemon_threads = True

    def __init__(self, session: Session, page: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.session, self.page, self.lock = session, page, threading.Lock()
        self.token = secrets.token_urlsafe(24)
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


class Handler(BaseHTTPRequestHandler):
    server: NamingServer
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_GET(self) -> None:
        self.answer(self.get)

    def do_POST(self) -> None:
        self.answer(self.post)

    def answer(self, route: Any) -> None:
        try:
            self.send(HTTPStatus.OK, *route(self.path_below_token()))
        except Refused as error:
            self.close_connection = True  # a body that was not read is not the next request
            self.send(error.status, json.dumps({"detail": str(error)}).encode(), "application/json", NEVER)

    def path_below_token(self) -> str:
        """The path, once the request is known to come from the page."""
        if self.headers.get("Host") not in self.server.hosts:
            raise Refused(HTTPStatus.FORBIDDEN, "Host: expected this machine")
        token, _, path = self.path.removeprefix("/").partition("?")[0].partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            raise Refused(HTTPStatus.NOT_FOUND, "Expected the address that name-classes printed")
        return path

    def get(self, path: str) -> tuple[bytes, str, str]:
        session = self.server.session
        kind, _, name = path.partition("/")
        if kind == "state":
            with self.server.lock:
                return encode(session.describe())
        if kind == "points":
            with self.server.lock:
                return session.points(), "application/octet-stream", NEVER
        if kind == "about":
            with self.server.lock:
                return encode(session.about(self.number(name)))
        if kind in SIDES:
            return self.picture(self.number(name), SIDES[kind], kind == "small"), "image/jpeg", FOREVER
        if kind == "sheet":
            return read(session.pictures.sheets / f"{name[:9] if name.isdecimal() else 'none'}.jpg"), "image/jpeg", FOREVER
        file = path or "index.html"
        if "/" in file or Path(file).suffix not in TYPES:
            raise Refused(HTTPStatus.NOT_FOUND, "Nothing is here")
        return read(self.server.page / file), TYPES[Path(file).suffix], NEVER

    def post(self, path: str) -> tuple[bytes, str, str]:
        body = self.body()
        session = self.server.session
        with self.server.lock:
            try:
                if path == "export":
                    return encode(session.export())
                session.edit(path, body)
                return encode(session.describe())
            except (ValueError, RuntimeError, OSError) as error:
                raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error

    def body(self) -> dict[str, Any]:
        if self.headers.get("Content-Type") != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type: expected application/json")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or len(length) > 9 or int(length) > LONGEST_BODY:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Content-Length: expected at most {LONGEST_BODY}, got {length!r}")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise Refused(HTTPStatus.BAD_REQUEST, "body: expected JSON") from None
        if not isinstance(body, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "body: expected an object")
        return body

    def number(self, text: str) -> int:
        try:
            return self.server.session.picture(int(text) if text.isdecimal() else text)
        except ValueError as error:
            raise Refused(HTTPStatus.NOT_FOUND, str(error)) from None

    def picture(self, number: int, side: int, square: bool) -> bytes:
        """A picture as JPEG of at most ``side`` pixels, or the square that the network sees."""
        pictures = self.server.session.pictures
        try:
            with Image.open(pictures.root / pictures.paths[number]) as opened:
                opened.draft("RGB", (2 * side, 2 * side))  # large JPEGs are decoded smaller
                image = ImageOps.exif_transpose(opened)
                if image.mode not in ("RGB", "L"):
                    image = image.convert("RGBA")
                    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
                image = image.convert("RGB")
        except Exception as error:  # it could be decoded when the page was made
            raise Refused(HTTPStatus.GONE, f"Cannot decode {pictures.paths[number]}: {error}") from error
        if square:
            image = ImageOps.fit(image, (side, side), Image.Resampling.BILINEAR)
        else:
            image.thumbnail((side, side))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=85)
        return file.getvalue()

    def send(self, status: HTTPStatus, content: bytes, kind: str, cache: str) -> None:
        self.send_response(status)
        headers = HEADERS | {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": cache}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Says nothing: addresses hold the token."""


def encode(value: dict[str, Any]) -> tuple[bytes, str, str]:
    return json.dumps(value).encode(), "application/json", NEVER


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Refused(HTTPStatus.NOT_FOUND, "Nothing is here") from None
