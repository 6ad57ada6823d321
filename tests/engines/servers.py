"""Engines' servers as they behave on the wire, also when they misbehave; in a thread of this process."""

import asyncio
import base64
import contextlib
import io
import json
import threading
import time
import zlib

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


def title_of(name, weights=0):
    """As servers list a model: its file, and the beginning of a hash of what is in it."""
    return f"{name}.safetensors [{zlib.crc32(f'{name} {weights}'.encode()):08x}]"


class A1111Server(Server):
    """`/sdapi/v1`, as Automatic1111's and Forge's sources have it.

    Attributes:
        model: loaded now; models by name.
        slow_s: of each render.
        active: the task that is rendered now.
        gpu: in what its pixels differ from those of other servers.
        weights: another number, other files under the same names.
    """

    models, gpu, weights = ("dream", "photo"), 0, 0

    def __init__(self, port=0, *, lists=True):
        self.lists = lists
        self.model, self.slow_s, self.active, self.interrupted = "dream", 0.0, "", 0
        self.login, self.forge, self.unloaded, self.stamp, self.by_hand, self.queued = "", False, 0, "", False, 0
        super().__init__(port)

    def routes(self, app):
        app.router.add_post("/sdapi/v1/txt2img", self.txt2img)
        app.router.add_post("/sdapi/v1/interrupt", self.interrupt)
        app.router.add_post("/internal/progress", self.progress)
        app.router.add_get("/elsewhere", self.elsewhere)
        app.router.add_get("/sdapi/v1/sd-models", self.sd_models)
        app.router.add_get("/sdapi/v1/memory", self.memory)
        app.router.add_get("/sdapi/v1/options", self.options)
        app.router.add_post("/sdapi/v1/unload-checkpoint", self.unload)
        app.router.add_get("/sdapi/v1/progress", self.state)
        if self.lists:
            app.router.add_get("/sdapi/v1/samplers", self.samplers)
            app.router.add_get("/sdapi/v1/schedulers", self.schedulers)

    async def progress(self, request):
        active = (await request.json())["id_task"] == self.active
        if self.queued:
            self.queued -= 1
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
        return web.json_response({"sd_model_checkpoint": self.model, **({"forge_preset": "xl"} if self.forge else {})})

    async def unload(self, request):
        self.unloaded += 1
        return web.json_response({})

    async def state(self, request):
        """Of the whole server; its words of the last job stay until the next one begins."""
        return web.json_response(
            {"state": {"job_timestamp": self.stamp, "interrupted": self.by_hand, "skipped": False}}
        )

    async def samplers(self, request):
        return web.json_response([{"name": "Euler a", "aliases": ["k_euler_a", "k_euler_ancestral"], "options": {}}])

    async def schedulers(self, request):
        return web.json_response([{"name": "karras", "label": "Karras", "aliases": None}])

    async def memory(self, request):
        return web.json_response({"ram": {"error": "unavailable"}, "cuda": {"system": {"free": 1, "total": 24 << 30}}})

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
        for name in self.models:
            if wanted in (name, title_of(name, self.weights)) and mood != "other model":
                self.model = name  # its own names only, and the case counts
        return None

    async def answer(self, request, asked, mood):
        size = asked["width"], asked["height"]
        form = mood.upper() if mood in ("jpeg", "webp") else "PNG"
        data = black(*size) if mood == "black" else rendered(*size, asked["seed"], form, self.gpu)
        if mood == "cut off":
            data = data[: len(data) // 2]
        self.stamp, self.by_hand = f"2026112{len(self.asked)}", mood == "by hand"
        known = title_of(self.model, self.weights).partition("[")[2][:-1]
        info = {"sd_model_name": self.model, "sd_model_hash": known, "index_of_first_image": 0}
        images, info["job_timestamp"] = [text_of(data)], self.stamp
        if mood == "extra":
            images.append(text_of(rendered(*size, 99)))
        if mood == "grid":
            images, info["index_of_first_image"] = [text_of(rendered(512, 256, 9)), *images], 1
        if mood == "prefix":
            images = ["data:image/png;base64," + images[0]]
        if mood == "nothing":
            images = []
        said = {"images": images, "parameters": {}, "info": "" if mood == "no info" else json.dumps(info)}
        if mood != "huge":
            return web.json_response(said)
        return await endless(request)


WORKFLOW = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 1, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
            "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dream.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}},
}  # fmt: skip


class ComfyServer(Server):
    """ComfyUI's HTTP interface, as its sources have it: a queue, a history, a cache of graphs.

    Attributes:
        slow_s: of each render.
        jobs: whether it has the newer `/api/jobs`.
        running, queue, history: by prompt id.
    """

    models = ("dream.safetensors", "photo.safetensors")

    def __init__(self, port=0, *, jobs=True):
        self.slow_s, self.jobs, self.interrupted, self.cancelled = 0.0, jobs, [], []
        self.running, self.queue, self.history, self.files = "", {}, {}, {}
        self.cache, self.shown, self.inputs = {}, lambda lists: lists, {"example.png": b"example"}
        super().__init__(port)

    def routes(self, app):
        app.router.add_post("/prompt", self.prompt)
        app.router.add_get("/history/{id}", self.past)
        app.router.add_get("/queue", self.waiting)
        app.router.add_post("/queue", self.delete)
        app.router.add_post("/interrupt", self.interrupt)
        app.router.add_get("/view", self.view)
        app.router.add_post("/upload/image", self.upload)
        app.router.add_post("/free", self.free)
        app.router.add_get("/system_stats", self.stats)
        app.router.add_get("/models/checkpoints", self.checkpoints)
        app.router.add_get("/object_info/CheckpointLoaderSimple", self.loader)
        if self.jobs:
            app.router.add_post("/api/jobs/{id}/cancel", self.cancel)
        app.cleanup_ctx.append(self.working)

    async def working(self, app):
        worker = asyncio.create_task(self.work())
        yield
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker

    async def prompt(self, request):
        body = await request.json()
        mood = self.moods.pop(0) if self.moods else ""
        graph, given = body["prompt"], body["prompt_id"]
        if mood in ("no node", "no node, newer"):
            words = "Cannot execute because node FancyNode does not exist."
            kind = "missing_node_type" if mood == "no node, newer" else "invalid_prompt"
            error = {"type": kind, "message": words, "details": "Node ID '#10'", "extra_info": {}}
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        errors = self.errors(graph, mood)
        if errors is not None:
            return web.json_response({"error": {"type": "prompt_outputs_failed_validation"}, **errors}, status=400)
        self.queue[given] = (graph, mood)
        if mood == "lost answer":
            request.transport.close()
        partly = self.node_error("9", "SaveImage", "bad_linked_input", "x") if mood == "partly" else {}
        return web.json_response({"prompt_id": given, "number": 1, "node_errors": partly})

    def errors(self, graph, mood):
        if mood == "html":
            return {"node_errors": "<b>"}
        model = graph["4"]["inputs"]["ckpt_name"]
        if model not in self.models:
            details = f"ckpt_name: {model!r} not in {list(self.models)}"
            return {"node_errors": self.node_error("4", "CheckpointLoaderSimple", "value_not_in_list", details)}
        for node, known in graph.items():
            if known["class_type"] == "LoadImage" and known["inputs"]["image"] not in self.inputs:
                details = f"image - Invalid image file: {known['inputs']['image']}"
                return {"node_errors": self.node_error(node, "LoadImage", "custom_validation_failed", details)}
        if graph["3"]["inputs"]["steps"] > 10000:
            return {"node_errors": self.node_error("3", "KSampler", "value_bigger_than_max", "steps")}
        return None

    @staticmethod
    def node_error(node, class_type, kind, details):
        error = {"type": kind, "message": kind.replace("_", " "), "details": details, "extra_info": {}}
        return {node: {"errors": [error], "dependent_outputs": ["9"], "class_type": class_type}}

    async def work(self):
        while True:
            await asyncio.sleep(0.01)
            if not self.queue:
                continue
            given, (graph, mood) = next(iter(self.queue.items()))
            del self.queue[given]
            if mood == "forgets":
                continue  # it was started again: neither queue nor history knows of it
            self.running = given
            until = time.monotonic() + self.slow_s
            while time.monotonic() < until and self.running:  # noqa: ASYNC110  # set by another request
                await asyncio.sleep(0.01)
            self.history[given] = self.done(given, graph, mood, interrupted=not self.running)
            self.running = ""

    def done(self, given, graph, mood, *, interrupted):
        messages, status = [["execution_start", {"prompt_id": given}]], "success"
        if interrupted:
            messages.append(["execution_interrupted", {"node_id": "3"}])
            status = "error"
        elif mood in ("oom", "broken"):
            kind = "torch.OutOfMemoryError" if mood == "oom" else "RuntimeError"
            error = {"node_type": "KSampler", "exception_type": kind, "exception_message": "Allocation failed\n"}
            messages.append(["execution_error", error])
            status = "error"
        outputs = {} if status == "error" or mood == "no outputs" else self.saved(graph, mood)
        return {
            "outputs": outputs, "meta": {},
            "status": {"status_str": status, "completed": status == "success", "messages": messages},
        }  # fmt: skip

    def saved(self, graph, mood):
        """An identical graph is answered from the cache, whatever came of it."""
        key = json.dumps(graph, sort_keys=True)
        if key not in self.cache:
            size = graph["5"]["inputs"]
            wide, high = size["width"], size["height"]
            data = black(wide, high) if mood == "black" else rendered(wide, high, self.seed(graph))
            name = f"ComfyUI_{len(self.files):05}_.png"
            self.files[name] = data[: len(data) // 2] if mood == "cut off" else data
            preview = {"filename": "preview.png", "subfolder": "", "type": "temp"}
            self.files["preview.png"] = rendered(32, 32, 5)
            self.cache[key] = {
                "12": {"images": [preview]},
                "9": {"images": [{"filename": name, "subfolder": "", "type": "output"}]},
            }
        return self.cache[key]

    def seed(self, graph):
        loaded = [self.inputs[node["inputs"]["image"]] for node in graph.values() if node["class_type"] == "LoadImage"]
        return graph["3"]["inputs"]["seed"] + sum(map(zlib.crc32, loaded)) % 1000

    async def upload(self, request):
        """What is there under that name is replaced only if that is asked."""
        if self.moods and self.moods[0] == "no upload":
            self.moods.pop(0)
            return web.Response(status=400)
        form = await request.post()
        name, data = form["image"].filename, form["image"].file.read()
        if form.get("overwrite") not in ("true", "1"):
            name = f"{name} (1)" if self.inputs.get(name, data) != data else name
        self.inputs[name] = data
        return web.json_response({"name": name, "subfolder": "", "type": form["type"]})

    async def past(self, request):
        given = request.match_info["id"]
        return web.json_response({given: self.history[given]} if given in self.history else {})

    async def waiting(self, request):
        running = [[0, self.running, {}, {}, []]] if self.running else []
        pending = [[1, given, {}, {}, []] for given in self.queue]
        return web.json_response(self.shown({"queue_running": running, "queue_pending": pending}))

    async def delete(self, request):
        for given in (await request.json())["delete"]:
            self.queue.pop(given, None)
        return web.Response()

    async def interrupt(self, request):
        self.interrupted.append(self.running)  # older servers stop whatever runs
        self.running = ""
        return web.Response()

    async def cancel(self, request):
        given = request.match_info["id"]
        self.cancelled.append(given)
        if given == self.running:
            self.running = ""
        return web.json_response({"cancelled": self.queue.pop(given, None) is not None})

    async def view(self, request):
        data = self.files.get(request.query["filename"])
        return web.Response(body=data, content_type="image/png") if data else web.Response(status=404)

    async def stats(self, request):
        device = {"name": "cuda:0 NVIDIA RTX A5000", "type": "cuda", "index": 0, "vram_total": 24 << 30}
        return web.json_response({"system": {"os": "linux", "comfyui_version": "0.3.60"}, "devices": [device]})

    async def loader(self, request):
        """What the node that loads a model offers."""
        offers = {"required": {"ckpt_name": [list(self.models), {"tooltip": "The model to load."}]}}
        return web.json_response({"CheckpointLoaderSimple": {"input": offers}})

    async def checkpoints(self, request):
        return web.json_response(list(self.models))

    async def free(self, request):
        self.cache.clear()
        return web.Response()


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
