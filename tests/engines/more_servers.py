"""Servers that profiles speak to: like OpenAI's images, stable-diffusion.cpp's, and one that describes itself."""

import asyncio
import json
import time
from typing import ClassVar

from aiohttp import web

from tests.engines.servers import Server, black, endless, rendered, text_of

PAGE = "<html><head><style>x{}</style></head><body><h1>Internal Server Error</h1></body></html>"


def picture(mood, width, height, seed):
    data = black(width, height) if mood == "black" else rendered(width, height, seed)
    return data[: len(data) // 2] if mood == "cut off" else data


class PromptServer(Server):
    """What such servers have in common: moods of the next renders, errors in their own words.

    Attributes:
        slow_s: of each render.
        key: asked for, if any.
        refusals: mood to (status, JSON).
        later_s: what it asks for with a refusal, in Retry-After.
    """

    refusals: ClassVar = {}
    later_s = 0

    def __init__(self, port=0):
        self.slow_s, self.key, self.hits = 0.0, "", 0
        super().__init__(port)

    async def misbehaves(self, request):
        """(mood, what is answered instead of a picture)."""
        mood = self.moods.pop(0) if self.moods else ""
        self.hits += 1
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return mood, web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)
        if mood == "page":
            return mood, web.Response(status=500, text=PAGE, content_type="text/html")
        if mood == "redirect":
            return mood, web.Response(status=307, headers={"Location": "/elsewhere"})
        if mood in self.refusals:
            status, body = self.refusals[mood]
            return mood, web.json_response(body, status=status, headers={"Retry-After": str(self.later_s)})
        if mood == "cut":
            request.transport.close()
        if mood == "huge":
            return mood, await endless(request)
        return mood, None


class OpenAIServer(PromptServer):
    """`/v1/images/generations`; it takes a seed too, as local ones do.

    Attributes:
        files_at: where its pictures are, if not with it.
    """

    files_at = ""
    models = ("gpt-image-1", "local")
    refusals: ClassVar = {
        "parameter": (400, {"error": {"message": "Invalid size", "type": "invalid_request_error", "param": "size"}}),
        "moderation": (400, {"error": {"message": "rejected by the safety system", "code": "moderation_blocked"}}),
        "no model": (404, {"error": {"message": "The model does not exist", "code": "model_not_found"}}),
        "busy": (429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
        "billing": (400, {"error": {"message": "Billing hard limit reached", "code": "billing_hard_limit_reached"}}),
        "bad model": (400, {"error": {"message": "The model 'x' does not exist", "code": "model_not_found"}}),
        "other model": (400, {"error": {"message": "Not a model", "code": "invalid_model"}}),
        "too large": (413, {"error": {"message": "Request too large"}}),
        "gave up": (504, {"error": {"message": "upstream timed out"}}),
        "quota": (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}),
        "memory": (500, {"error": {"message": "CUDA out of memory", "type": "server_error"}}),
    }

    def routes(self, app):
        app.router.add_post("/v1/images/generations", self.generate)
        app.router.add_get("/v1/models", self.listed)
        app.router.add_get("/files/{seed}.png", self.file)

    async def listed(self, request):
        return web.json_response({"data": [{"id": name, "object": "model"} for name in self.models]})

    async def generate(self, request):
        mood, refusal = await self.misbehaves(request)
        if refusal is not None:
            return refusal
        asked = await request.json()
        await asyncio.sleep(self.slow_s)
        width, height = map(int, asked["size"].split("x"))
        seed = asked.get("seed", 0)
        if mood == "nothing":
            return web.json_response({"created": 1, "data": []})
        if mood in ("file:///etc/hostname", "ftp://studio/a.png", "/gone/1.png"):
            return web.json_response({"created": 1, "data": [{"url": mood}]})
        if mood == "address":
            url = f"{self.files_at}/files/{seed}.png?size={width}x{height}"
            return web.json_response({"created": 1, "data": [{"url": url}]})
        data = picture(mood, width, height, seed)
        return web.json_response({"created": 1, "data": [{"b64_json": text_of(data), "revised_prompt": "x" * 200}]})

    async def file(self, request):
        width, height = map(int, request.query["size"].split("x"))
        return web.Response(body=rendered(width, height, int(request.match_info["seed"])), content_type="image/png")


class SdcppServer(PromptServer):
    """`/sdcpp/v1`, as its description has it: jobs, one at a time; and lists of its other families."""

    refusals: ClassVar = {
        "parameter": (400, {"error": "invalid generation parameters"}),
        "busy": (429, {"error": "job queue is full"}),
        "memory": (500, {"error": "server_error", "message": "out of memory"}),
    }

    def __init__(self, port=0):
        self.jobs, self.cancelled, self.ill = {}, [], 0
        super().__init__(port)

    def routes(self, app):
        app.router.add_post("/sdcpp/v1/img_gen", self.submit)
        app.router.add_get("/sdcpp/v1/jobs/{id}", self.job)
        app.router.add_post("/sdcpp/v1/jobs/{id}/cancel", self.cancel)
        app.router.add_get("/sdcpp/v1/capabilities", self.capabilities)
        app.router.add_get("/v1/models", self.listed)
        app.router.add_get("/sdapi/v1/sd-models", self.titles)

    async def listed(self, request):
        return web.json_response({"data": [{"id": "sd-cpp-local", "object": "model", "owned_by": "local"}]})

    async def titles(self, request):
        placeholder = {"hash": "8888888888", "sha256": "8" * 64, "config": None}
        return web.json_response([{"title": "tiny", "model_name": "tiny", "filename": "/m", **placeholder}])

    async def capabilities(self, request):
        model = {"name": "tiny.safetensors", "stem": "tiny", "path": "/m"}
        said = {"model": model, "limits": {}, "samplers": ["euler", "euler_a"], "schedulers": ["discrete", "karras"]}
        return web.json_response(said)

    async def submit(self, request):
        mood, refusal = await self.misbehaves(request)
        if refusal is not None:
            return refusal
        if mood == "no number":
            return web.json_response({"kind": "img_gen", "status": "queued"}, status=202)
        given = f"job_{len(self.jobs):08}"
        self.jobs[given] = [time.monotonic() + self.slow_s, mood, await request.json()]
        job = {"id": given, "kind": "img_gen", "status": "queued", "poll_url": f"/sdcpp/v1/jobs/{given}"}
        return web.json_response(job, status=202)

    async def job(self, request):
        if self.ill:
            self.ill -= 1
            return web.Response(status=500, text=PAGE, content_type="text/html")
        given = request.match_info["id"]
        due, mood, asked = self.jobs.get(given, (0, "forgets", {}))
        if mood == "forgets":
            return web.json_response({"error": "job not found"}, status=404)
        if mood == "expired":
            return web.json_response({"error": "job expired"}, status=410)
        job = {"id": given, "kind": "img_gen", "status": "generating", "queue_position": 0, "result": None}
        if given in self.cancelled:
            job |= {"status": "cancelled", "error": {"code": "cancelled", "message": "job cancelled by client"}}
        elif mood == "failed":
            words = "generate_image returned empty results"
            job |= {"status": "failed", "error": {"code": "generation_failed", "message": words}}
        elif time.monotonic() < due - self.slow_s / 2:
            job["status"] = "queued"
        elif time.monotonic() >= due:
            data = picture(mood, asked["width"], asked["height"], asked["seed"])
            images = [] if mood == "nothing" else [{"index": 0, "b64_json": text_of(data)}]
            job |= {"status": "completed", "result": {"output_format": "png", "images": images}, "error": None}
        return web.json_response(job)

    async def cancel(self, request):
        """What waits is cancelled, what is rendered is not."""
        given = request.match_info["id"]
        if given not in self.jobs or time.monotonic() >= self.jobs[given][0] - self.slow_s / 2:
            words = "job is currently generating and cannot be interrupted yet"
            return web.json_response({"error": words}, status=409)
        self.cancelled.append(given)
        return web.json_response({"id": given, "status": "cancelled"})


class MuseServer(PromptServer):
    """A FastAPI service with what is public of MusePublic's: a health check, fields, codes; it says its path."""

    refusals: ClassVar = {
        "parameter": (422, {"code": "422_INVALID_PROMPT_LENGTH", "message": "prompt is too long"}),
        "memory": (500, {"detail": "CUDA out of memory"}),
        "busy": (503, {"detail": "the queue is full"}),
    }
    described: ClassVar = {
        "openapi": "3.1.0",
        "paths": {
            "/health": {"get": {}},
            "/v1/caption": {"post": {"requestBody": {"content": {"application/json": {"schema": {
                "properties": {"prompt": {}}}}}}}},
            "/v1/render": {"post": {"requestBody": {"content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/Render"}}}}}},
        },
        "components": {"schemas": {"Render": {"properties": {
            name: {} for name in ("prompt", "negative_prompt", "steps", "cfg_scale", "seed", "width", "height")}}}},
    }  # fmt: skip

    def routes(self, app):
        app.router.add_post("/v1/render", self.render)
        app.router.add_get("/health", self.health)
        app.router.add_get("/out/1.png", self.made)
        app.router.add_get("/openapi.json", self.description)

    async def made(self, request):
        return web.Response(body=self.last, content_type="image/png")

    async def health(self, request):
        return web.Response(text="ok")

    async def description(self, request):
        return web.json_response(self.described)

    async def render(self, request):
        mood, refusal = await self.misbehaves(request)
        if refusal is not None:
            return refusal
        asked = json.loads(await request.text())
        await asyncio.sleep(self.slow_s)
        data = picture(mood, asked["width"], asked["height"], asked["seed"])
        if mood == "bytes":
            return web.Response(body=data, content_type="image/png")
        if mood == "address":
            self.last = data
            return web.json_response({"status": "done", "result": {"image_url": "/out/1.png", "note": "a.txt"}})
        inner = (
            {} if mood == "nothing" else {"picture": f"data:image/png;base64,{text_of(data)}", "seed": asked["seed"]}
        )
        return web.json_response({"status": "done", "output": [inner]})


class GradioServer(PromptServer):
    """A Gradio app of version 5 or 6: an event, and a stream that can be read once."""

    refusals: ClassVar = {"busy": (429, {"detail": "Too many requests: the queue is full"})}
    takes = (
        ("prompt", None), ("negative_prompt", None), ("seed", 0), ("randomize_seed", True), ("width", 512),
        ("height", 512), ("guidance_scale", 7), ("num_inference_steps", 20),
    )  # fmt: skip

    def __init__(self, port=0, *, prefix="/gradio_api"):
        self.prefix, self.events, self.files = prefix, {}, {}
        super().__init__(port)

    def routes(self, app):
        app.router.add_get(f"{self.prefix}/info", self.info)
        app.router.add_post(f"{self.prefix}/call/{{api}}", self.call)
        app.router.add_get(f"{self.prefix}/call/{{api}}/{{event}}", self.stream)
        app.router.add_get(f"{self.prefix}/file={{path:.*}}", self.file)

    async def info(self, request):
        parameters = [
            {"parameter_name": name, "parameter_has_default": usual is not None, "parameter_default": usual}
            for name, usual in self.takes
        ]
        other = {"parameters": [{"parameter_name": "prompt", "parameter_has_default": False}]}
        return web.json_response({"named_endpoints": {"/caption": other, "/infer": {"parameters": parameters}}})

    async def call(self, request):
        mood, refusal = await self.misbehaves(request)
        if refusal is not None:
            return refusal
        if request.match_info["api"] != "infer":
            return web.Response(status=500, text="Internal Server Error")
        event = f"e{len(self.events)}"
        self.events[event] = mood, (await request.json())["data"]
        return web.json_response({"event_id": event})

    async def stream(self, request):
        mood, data = self.events.pop(request.match_info["event"])
        if mood in ("forgets", "ill"):
            return web.json_response({"detail": "Not Found"}, status=404 if mood == "forgets" else 500)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"event: heartbeat\ndata: null\n\n")
        await asyncio.sleep(self.slow_s)
        if mood == "stream cut":
            request.transport.close()
            return response
        if mood != "stream ends":
            asked = dict(zip((name for name, _ in self.takes), data, strict=True))
            if mood == "step by step":
                _, half = self.outcome("cut off", asked)
                await response.write(f"event: generating\ndata: {json.dumps(half)}\n\n".encode())
            event, said = self.outcome(mood, asked)
            await response.write(f"event: {event}\ndata: {json.dumps(said)}\n\n".encode())
        return response

    def outcome(self, mood, asked):
        if mood == "memory":
            return "error", {"error": "CUDA out of memory"}
        if mood == "silent":
            return "error", None
        if mood == "null":
            return "error", {"error": None}
        if mood == "nothing":
            return "complete", [None, asked["seed"]]
        path = f"/gradio/{len(self.files)}/my image #1.png"
        if mood != "gone":
            self.files[path] = picture(mood, asked["width"], asked["height"], asked["seed"])
        file = {"path": path, "url": f"http://elsewhere.invalid{path}", "meta": {"_type": "gradio.FileData"}}
        if mood == "data":
            inline = f"data:image/png;base64,{text_of(self.files.pop(path))}"
            return "complete", [{**file, "url": inline}, asked["seed"]]
        if mood != "gallery":
            return "complete", [file, asked["seed"]]
        self.files["/second.png"] = picture(mood, 32, 32, asked["seed"])
        second = {**file, "path": "/second.png"}
        return "complete", [[{"image": each, "caption": None} for each in (file, second)], asked["seed"]]

    async def file(self, request):
        data = self.files.get(request.match_info["path"])
        return web.Response(body=data, content_type="image/png") if data else web.json_response({}, status=403)
