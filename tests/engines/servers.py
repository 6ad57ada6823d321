"""Engines' servers as they behave on the wire, also when they misbehave; in a thread of this process."""

import asyncio
import base64
import contextlib
import io
import json
import threading

import numpy as np
from aiohttp import web
from PIL import Image


class Server:
    """One web server on the loopback.

    Attributes:
        url: where it listens.
        asked: (path, JSON) of all that was posted, in order.
        logins: of all requests, what they had as Authorization, or None.
        moods: of the next renders, one each; without any it is well.
    """

    tls = None  # a certificate of its own

    def __init__(self, port=0):
        self._port = port
        self.asked, self.moods, self.logins = [], [], []
        self._loop = asyncio.new_event_loop()
        self._ready, self._stop = threading.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)

    def posted(self, path):
        return [body for where, body in self.asked if where == path]

    def routes(self, app):
        raise NotImplementedError

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        app = web.Application(client_max_size=64 << 20, middlewares=[self._note])
        self.routes(app)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True, ssl_context=self.tls)
        await site.start()
        self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @web.middleware
    async def _note(self, request, handler):
        self.logins.append(request.headers.get("Authorization"))
        if request.method == "POST" and not request.content_type.startswith("multipart"):
            with contextlib.suppress(ValueError):
                self.asked.append((request.path, json.loads(await request.text() or "null")))
        return await handler(request)


def rendered(width, height, seed, form="PNG", gpu=0):
    """A picture that its seed decides, but for the last bit of its pixels, in which graphics cards differ."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.stack([np.sin(rows / (9 + k) + seed * (k + 1)) + np.cos(columns / (7 + k) - seed) for k in range(3)], 2)
    image = Image.fromarray(((waves + 2) / 4 * 255).astype(np.uint8) ^ np.uint8(gpu))
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def black(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


async def endless(request):
    """Four gigabytes of nothing, or as much as is taken."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(4000):
            await response.write(b" " * (1 << 20))
    return response


def text_of(data):
    return base64.b64encode(data).decode()


class OtherServer(Server):
    """Something that answers: `says` by path, a page else."""

    def __init__(self, says):
        self.says = says
        super().__init__()

    def routes(self, app):
        app.router.add_get("/{path:.*}", self.page)

    async def page(self, request):
        if request.path in self.says:
            return web.json_response(self.says[request.path])
        return web.Response(text="<html>hello</html>", content_type="text/html")
