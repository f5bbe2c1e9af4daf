"""Stylesheets, scripts and pictures: read and compressed once, kept by the browser under a versioned address.

No build step: the files under `static/` are what the browser gets. A page's own style goes into the page, so that the
first view on a slow connection needs one answer, not two.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aiohttp import web
from markupsafe import Markup

STATIC = Path(__file__).resolve().parent / "static"
FOREVER = "public, max-age=31536000, immutable"
routes = web.RouteTableDef()


@dataclass(frozen=True)
class Asset:
    """One file: as it is, compressed, and what it is."""

    body: bytes
    compressed: bytes
    content_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Every file under static/, by its path there."""
    return {str(path.relative_to(STATIC)): _read(path) for path in sorted(STATIC.rglob("*")) if path.is_file()}


@cache
def version() -> str:
    """Changes whenever one of the files does."""
    return hashlib.sha256("".join(name + each.etag for name, each in assets().items()).encode()).hexdigest()[:12]


def address(name: str) -> str:
    """Where the browser finds a file of static/; modules import each other beside it."""
    if name not in assets():
        raise LookupError(f"static/{name} does not exist")
    return f"/static/{version()}/{name}"


@cache
def scripts(folder: str) -> list[str]:
    """The addresses of a folder's modules: told to the browser at once, they come side by side."""
    return [address(name) for name in assets() if name.startswith(f"{folder}/") and name.endswith(".js")]


@cache
def inline(*names: str) -> Markup:
    """Stylesheets for a page's head, without comments and indentation."""
    text = "\n".join(assets()[name].body.decode() for name in names)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return Markup(re.sub(r"\s*\n\s*", "\n", text).strip())  # noqa: S704 - our own files


def respond(request: web.Request, asset: Asset, *, cache_control: str) -> web.Response:
    """The file, compressed where the browser takes it; 304 where it has it."""
    headers = {"Cache-Control": cache_control, "ETag": f'"{asset.etag}"', "Vary": "Accept-Encoding"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        body, headers["Content-Encoding"] = asset.compressed, "gzip"
    return web.Response(body=body, content_type=asset.content_type, charset="utf-8", headers=headers)


@routes.get("/static/{path:.+}")
async def static(request: web.Request) -> web.Response:
    """A file of static/, with or without the version in its address."""
    path = request.match_info["path"]
    first, _slash, rest = path.partition("/")
    versioned = first == version()
    asset = assets().get(rest if versioned else path)
    if asset is None:
        raise web.HTTPNotFound
    return respond(request, asset, cache_control=FOREVER if versioned else "no-cache")


def made(body: bytes, content_type: str) -> Asset:
    """An asset of bytes."""
    return Asset(body, gzip.compress(body, 9, mtime=0), content_type, hashlib.sha256(body).hexdigest()[:16])


def _read(path: Path) -> Asset:
    return made(path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")
