"""Engines' servers as they behave on the wire, also when they misbehave; in a thread of this process."""

import asyncio
import base64
import contextlib
import io
import json
import threading
import time

import numpy as np
from aiohttp import web
from PIL import Image


class Server:
    """One web server on the loopback.

    Attributes:
        url: where it listens.
        asked: (path, JSON) of all that was posted, in order.
        moods: of the next renders, one each; without any it is well.
    """

    def __init__(self, port=0):
        self._port = port
        self.asked, self.moods = [], []
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
        site = web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    @web.middleware
    async def _note(self, request, handler):
        if request.method == "POST":
            with contextlib.suppress(ValueError):
                self.asked.append((request.path, json.loads(await request.text() or "null")))
        return await handler(request)


def rendered(width, height, seed, form="PNG"):
    """A picture that its seed decides."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.stack([np.sin(rows / (9 + k) + seed * (k + 1)) + np.cos(columns / (7 + k) - seed) for k in range(3)], 2)
    image = Image.fromarray(((waves + 2) / 4 * 255).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def black(width, height):
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


def text_of(data):
    return base64.b64encode(data).decode()


class A1111Server(Server):
    """`/sdapi/v1`, as Automatic1111's and Forge's sources have it.

    Attributes:
        model: loaded now; models by name.
        slow_s: of each render.
        active: the task that is rendered now.
    """

    models = ("dream", "photo")

    def __init__(self, port=0):
        self.model, self.slow_s, self.active, self.interrupted = "dream", 0.0, "", 0
        self.login = ""
        super().__init__(port)

    def routes(self, app):
        app.router.add_post("/sdapi/v1/txt2img", self.txt2img)
        app.router.add_post("/sdapi/v1/interrupt", self.interrupt)
        app.router.add_post("/internal/progress", self.progress)
        app.router.add_get("/elsewhere", self.elsewhere)

    async def progress(self, request):
        active = (await request.json())["id_task"] == self.active
        return web.json_response({"active": active, "queued": False, "completed": not active, "progress": 0.5})

    async def interrupt(self, request):
        self.interrupted += 1
        self.active = ""
        return web.json_response({})

    async def elsewhere(self, request):
        raise web.HTTPFound("/elsewhere")

    async def txt2img(self, request):
        asked = await request.json()
        mood = self.moods.pop(0) if self.moods else ""
        if self.login and request.headers.get("Authorization") != f"Basic {text_of(self.login.encode())}":
            mood = "login"
        self.active = asked["force_task_id"]
        until = time.monotonic() + self.slow_s
        if mood == "cut":
            request.transport.close()
        while time.monotonic() < until and self.active:  # noqa: ASYNC110  # set by another request
            await asyncio.sleep(0.02)
        self.active = ""
        refusal = self.refusal(mood, asked)
        if refusal is not None:
            return refusal
        return await self.answer(request, asked, mood)

    def refusal(self, mood, asked):
        """Errors as the servers word them."""
        bodies = {
            "oom": (500, {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory."}),
            "nans": (500, {"error": "NansException", "detail": "", "body": "", "errors": "A tensor with all NaNs"}),
            "no sampler": (404, {"detail": "Sampler not found"}),
            "no api": (404, {"detail": "Not Found"}),
            "schema": (422, {"detail": [{"loc": ["body", "steps"], "msg": "value is not a valid integer"}]}),
            "login": (401, {"detail": "Incorrect username or password"}),
            "busy": (429, {"error": "queue full"}),
            "sd-server": (500, {"error": "generate_image returned no results"}),
        }
        if mood == "html":
            page = "<html><head><style>x{}</style></head><body><h1>Internal Server Error</h1></body></html>"
            return web.Response(status=500, text=page, content_type="text/html")
        if mood == "redirect":
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        if mood in bodies:
            status, body = bodies[mood]
            return web.json_response(body, status=status)
        wanted = asked["override_settings"].get("sd_model_checkpoint", "")
        if wanted in self.models and mood != "other model":
            self.model = wanted
        return None

    async def answer(self, request, asked, mood):
        size = asked["width"], asked["height"]
        form = mood.upper() if mood in ("jpeg", "webp") else "PNG"
        data = black(*size) if mood == "black" else rendered(*size, asked["seed"], form)
        if mood == "cut off":
            data = data[: len(data) // 2]
        images, info = [text_of(data)], {"sd_model_name": self.model, "index_of_first_image": 0}
        if mood == "grid":
            images, info["index_of_first_image"] = [text_of(rendered(512, 256, 9)), *images], 1
        if mood == "prefix":
            images = ["data:image/png;base64," + images[0]]
        if mood == "nothing":
            images = []
        said = {"images": images, "parameters": {}, "info": "" if mood == "no info" else json.dumps(info)}
        if mood != "huge":
            return web.json_response(said)
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(4000):
                await response.write(b" " * (1 << 20))
        return response
