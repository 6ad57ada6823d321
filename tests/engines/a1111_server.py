"""Automatic1111's server as it behaves on the wire, also when it misbehaves; its kin are in `a1111_kin`."""

import asyncio
import json
import time
import zlib
from typing import ClassVar

from aiohttp import web

from tests.engines.servers import Server, black, endless, rendered, text_of


def title_of(name, weights=0):
    """As servers list a model: its file, and the beginning of a hash of what is in it."""
    return f"{name}.safetensors [{zlib.crc32(f'{name} {weights}'.encode()):08x}]"


class A1111Server(Server):
    """`/sdapi/v1`, as Automatic1111's sources have it.

    Attributes:
        model: loaded now; models by name.
        slow_s: of each render.
        active: the task that is rendered now.
        gpu: in what its pixels differ from those of other servers.
        deaf: it does not hear the seed.
        ill: it cannot list its samplers.
        mute: it hangs up when it is asked what it does.
        now, written: its owner's options, and those of them that its settings file has.
        waiting: tasks whose turn has not come.
        failed: the task that failed last, of which it says that it is at it until another begins.
        word, told: in which word it says that somebody ended a job by hand, and of which one, if not the last.
        weights: another number, other files under the same names.
    """

    models, gpu, weights, vaes_at = ("dream", "photo"), 0, 0, "/sdapi/v1/sd-vae"
    cuda: ClassVar = {"system": {"free": 1, "total": 24 << 30}}

    def __init__(self, port=0, *, lists=True, tells=True):
        """Without `lists` it takes any sampler; without `tells` it says nothing of what it does, as sd-server."""
        self.lists, self.tells = lists, tells
        self.model, self.slow_s, self.active, self.interrupted = "dream", 0.0, "", 0
        self.login, self.unloaded, self.stamp, self.by_hand, self.queued = "", 0, "", False, 0
        self.deaf = self.ill = self.mute = False
        self.now, self.written, self.failed = {"sd_vae": "Automatic", "CLIP_stop_at_last_layers": 1}, set(), ""
        self.word, self.told = "interrupted", ""
        self.waiting, self._one = [], asyncio.Lock()
        super().__init__(port)

    def routes(self, app):
        app.router.add_post("/sdapi/v1/txt2img", self.txt2img)
        app.router.add_get("/elsewhere", self.elsewhere)
        app.router.add_get("/sdapi/v1/sd-models", self.sd_models)
        app.router.add_get("/sdapi/v1/options", self.options)
        app.router.add_post("/sdapi/v1/options", self.set_options)
        app.router.add_post("/sdapi/v1/unload-checkpoint", self.unload)
        if self.tells:
            app.router.add_post("/sdapi/v1/interrupt", self.interrupt)
            app.router.add_post("/internal/progress", self.progress)
            app.router.add_get("/sdapi/v1/progress", self.state)
            app.router.add_get("/sdapi/v1/memory", self.memory)
        if self.lists:
            app.router.add_get("/sdapi/v1/samplers", self.samplers)
            app.router.add_get("/sdapi/v1/schedulers", self.schedulers)
            app.router.add_get(self.vaes_at, self.vaes)

    async def progress(self, request):
        if self.mute:
            request.transport.close()
        task = (await request.json())["id_task"]
        active = task in (self.active, self.failed or None)
        if self.queued or task in self.waiting:
            self.queued = max(0, self.queued - 1)
            return web.json_response({"active": False, "queued": True, "completed": False, "progress": None})
        return web.json_response({"active": active, "queued": False, "completed": not active, "progress": 0.5})

    async def interrupt(self, request):
        self.interrupted += 1
        self.active = ""
        return web.json_response({})

    async def sd_models(self, request):
        names = [{"title": title_of(name, self.weights), "model_name": name, "hash": None} for name in self.models]
        return web.json_response(names)

    async def options(self, request):
        return web.json_response({"sd_model_checkpoint": self.model, **self.now})

    async def set_options(self, request):
        given = await request.json()
        self.put(given)
        self.written |= set(given)
        return web.json_response(None)

    def put(self, settings):
        """Set those that it knows."""
        self.now |= {name: value for name, value in settings.items() if name in self.now}

    async def unload(self, request):
        self.unloaded += 1
        return web.json_response({})

    async def state(self, request):
        """Of the whole server; its words of the last job stay until the next one begins."""
        if self.mute:
            request.transport.close()
        state = {"job_timestamp": self.told or self.stamp, "interrupted": False, "skipped": False}
        state |= {"job": self.active, "job_count": int(bool(self.active))}
        return web.json_response({"state": {**state, self.word: self.by_hand}})

    async def samplers(self, request):
        if self.ill:
            return web.json_response({"detail": "starting"}, status=500)
        other = {"name": "DPM++ 2M", "aliases": [], "options": {}}
        return web.json_response(
            [other, {"name": "Euler a", "aliases": ["k_euler_a", "k_euler_ancestral"], "options": {}}]
        )

    async def schedulers(self, request):
        return web.json_response([{"name": "karras", "label": "Karras", "aliases": None}])

    async def vaes(self, request):
        return web.json_response([{"model_name": "x.pt", "filename": "/models/VAE/x.pt"}])

    async def memory(self, request):
        return web.json_response({"ram": {"error": "unavailable"}, "cuda": self.cuda})

    async def elsewhere(self, request):
        raise web.HTTPFound("/elsewhere")

    async def txt2img(self, request):
        asked = await request.json()
        self.waiting.append(asked["force_task_id"])
        async with self._one:
            self.waiting.remove(asked["force_task_id"])
            return await self.render(request, asked)

    async def render(self, request, asked):
        """When its turn has come."""
        mood = self.moods.pop(0) if self.moods else ""
        if self.login and request.headers.get("Authorization") != f"Basic {text_of(self.login.encode())}":
            mood = "login"
        self.active, self.failed = asked["force_task_id"], ""
        before = {name: self.now[name] for name in asked["override_settings"] if name in self.written}
        self.put(asked["override_settings"])
        self.used = dict(self.now)
        until = time.monotonic() + self.slow_s
        if mood == "cut":
            request.transport.close()
        while time.monotonic() < until and self.active:  # noqa: ASYNC110  # set by another request
            await asyncio.sleep(0.02)
        self.active = ""
        if asked["override_settings_restore_afterwards"]:
            self.put(before)  # what its file has not stays as it is
        if mood == "fails unheard":
            self.failed = asked["force_task_id"]
            request.transport.close()
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
            "too large": (413, {"detail": "Request Entity Too Large"}),
            "gave up": (504, {"detail": "upstream timed out"}),
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
        for name in self.models:
            if wanted in (name, title_of(name, self.weights)) and mood != "other model":
                self.model = name  # its own names only, and the case counts
        return None

    async def answer(self, request, asked, mood):
        size = asked["width"], asked["height"]
        form = mood.upper() if mood in ("jpeg", "webp") else "PNG"
        data = black(*size) if mood == "black" else rendered(*size, 0 if self.deaf else asked["seed"], form, self.gpu)
        if mood == "cut off":
            data = data[: len(data) // 2]
        self.stamp, self.by_hand = f"2026112{len(self.asked)}", mood == "by hand"
        known = title_of(self.model, self.weights).partition("[")[2][:-1]
        info = {"sd_model_name": self.model, "sd_model_hash": known, "index_of_first_image": 0}
        sampler = asked.get("sampler_name", "DPM++ 2M")
        info["sampler_name"] = "DPM++ 2M" if mood == "other sampler" or sampler.startswith("k_") else sampler
        images, info["job_timestamp"] = [text_of(data)], self.stamp
        if mood == "extra":
            images.append(text_of(rendered(*size, 99)))
        if mood == "grid":
            images, info["index_of_first_image"] = [text_of(rendered(512, 256, 9)), *images], 1
        if mood == "prefix":
            images = ["data:image/png;base64," + images[0]]
        if mood == "nothing":
            images = []
        if mood == "far":
            info["index_of_first_image"] = 99
        if mood == "no base64":
            images = ["%%%"]
        if mood == "odd info":
            return web.json_response({"images": images, "info": "Steps: 3, Sampler: Euler"})
        said = {"images": images, "parameters": {}, "info": "" if mood == "no info" else json.dumps(self.told_of(info))}
        if mood != "huge":
            return web.json_response(said)
        return await endless(request)

    def told_of(self, info):
        """What it says of a picture."""
        return info
