"""ComfyUI's server as it behaves on the wire, also when it misbehaves."""

import asyncio
import contextlib
import json
import re
import time
import zlib
from typing import ClassVar

from aiohttp import web

from tests.engines.servers import Server, black, endless, rendered

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_UPLOADS = ("no upload", "its own folder", "its own name", "loses it")  # moods of an upload, not of a render

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
        jobs: whether it has the newer `/api/jobs`, and asks for ids in their canonical form.
        own_ids: it gives ids of its own, as servers of before July 2025 do.
        ill: so many looks at its history and queue are answered with status 500.
        running, queue, history: by prompt id.
    """

    models = ("dream.safetensors", "photo.safetensors")
    device: ClassVar = {
        "name": "cuda:0 NVIDIA RTX A5000", "type": "cuda", "index": 0, "vram_total": 24 << 30
    }  # fmt: skip

    def __init__(self, port=0, *, jobs=True):
        self.slow_s, self.jobs, self.interrupted, self.cancelled = 0.0, jobs, [], []
        self.running, self.queue, self.history, self.files = "", {}, {}, {}
        self.own_ids, self.ill = False, 0
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
        if mood == "page":
            page = "<html><head><style>x{}</style></head><body><h1>Internal Server Error</h1></body></html>"
            return web.Response(status=500, text=page, content_type="text/html")
        if mood == "ill":
            return web.json_response({"error": {"type": "value_bigger_than_max"}, "node_errors": {}}, status=500)
        if mood == "redirect":
            return web.Response(status=307, headers={"Location": "/elsewhere"})
        if mood == "huge":
            return await endless(request)
        if self.jobs and not _CANONICAL.fullmatch(given):
            error = {"type": "invalid_prompt_id", "message": "prompt_id must be a canonical UUID", "details": given}
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        if self.own_ids:
            given = f"its-own-{len(self.history) + len(self.queue)}"
        if mood in ("no node", "no node, newer"):
            kind, words = "invalid_prompt", "Cannot execute because node FancyNode does not exist."
            if mood == "no node, newer":
                kind, words = "missing_node_type", "Node 'FancyNode' not found. The custom node may not be installed."
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
        if mood in ("value_smaller_than_min", "return_type_mismatch", "exception_during_validation"):
            return {"node_errors": self.node_error("3", "KSampler", mood, "cfg")}
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
            preview = {"filename": "ComfyUI_00000_.png", "subfolder": "", "type": "temp"}
            saved = {"filename": f"ComfyUI_{len(self.cache):05}_.png", "subfolder": "täglich", "type": "output"}
            self.files[tuple(preview.values())] = rendered(32, 32, 5)
            if mood != "gone":
                self.files[tuple(saved.values())] = data[: len(data) // 2] if mood == "cut off" else data
            self.cache[key] = {"12": {"images": [preview]}, "9": {"images": [saved]}}
        return self.cache[key]

    def seed(self, graph):
        loaded = [self.inputs[node["inputs"]["image"]] for node in graph.values() if node["class_type"] == "LoadImage"]
        return graph["3"]["inputs"]["seed"] + sum(map(zlib.crc32, loaded)) % 1000

    async def upload(self, request):
        """What is there under that name is replaced only if that is asked."""
        mood = self.moods.pop(0) if self.moods and self.moods[0] in _UPLOADS else ""
        if mood == "no upload":
            return web.Response(status=400)
        form = await request.post()
        name, data = form["image"].filename, form["image"].file.read()
        if form.get("overwrite") not in ("true", "1"):
            name = f"{name} (1)" if self.inputs.get(name, data) != data else name
        folder = form.get("subfolder", "")
        if mood in ("its own folder", "its own name"):
            folder, name = "clients" if mood == "its own folder" else folder, f"{name} (1)"
        if mood != "loses it":
            self.inputs[f"{folder}/{name}" if folder else name] = data
        return web.json_response({"name": name, "subfolder": folder, "type": form["type"]})

    def is_ill(self):
        self.ill -= self.ill > 0
        return self.ill > 0

    async def past(self, request):
        if self.is_ill():
            return web.Response(status=500, text="<html><h1>500 Internal Server Error</h1></html>")
        given = request.match_info["id"]
        return web.json_response({given: self.history[given]} if given in self.history else {})

    async def waiting(self, request):
        if self.is_ill():
            return web.Response(status=500, text="<html><h1>500 Internal Server Error</h1></html>")
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
        query = request.query
        data = self.files.get((query["filename"], query.get("subfolder", ""), query.get("type", "output")))
        return web.Response(body=data, content_type="image/png") if data else web.Response(status=404)

    async def stats(self, request):
        return web.json_response({"system": {"os": "linux", "comfyui_version": "0.3.60"}, "devices": [self.device]})

    async def loader(self, request):
        """What the node that loads a model offers."""
        offers = {"required": {"ckpt_name": [list(self.models), {"tooltip": "The model to load."}]}}
        return web.json_response({"CheckpointLoaderSimple": {"input": offers}})

    async def checkpoints(self, request):
        return web.json_response(list(self.models))

    async def free(self, request):
        if (await request.json()).get("free_memory"):
            self.cache.clear()
        return web.Response()
