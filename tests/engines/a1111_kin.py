"""Servers of Automatic1111's kind where they differ from it, as they behaved when they were run."""

from aiohttp import web

from tests.engines.a1111_server import A1111Server

MODULES = "forge_additional_modules"


class ForgeServer(A1111Server):
    """Forge: a VAE is one of the modules, beside text encoders; no list of them counts as none."""

    vaes_at = "/sdapi/v1/sd-modules"
    modules = ("VAE/x.pt", "VAE/y.pt", "text_encoder/t5.safetensors")

    def __init__(self):
        super().__init__()
        self.now |= {MODULES: []}

    async def options(self, request):
        return web.json_response({"sd_model_checkpoint": self.model, "forge_preset": "xl", **self.now})

    async def set_options(self, request):
        given = await request.json()
        self.put(given)
        self.written |= set(given) - {MODULES}
        return web.json_response(None)

    def put(self, settings):
        super().put({name: value for name, value in settings.items() if name != MODULES})
        known = {path.rpartition("/")[2]: f"/forge/models/{path}" for path in self.modules}
        paths = [known.get(given.rpartition("/")[2], "") for given in settings.get(MODULES, self.now[MODULES])]
        if paths != self.now[MODULES]:
            self.now[MODULES] = [path for path in paths if path]
            self.written.add(MODULES)

    async def vaes(self, request):
        listed = [{"model_name": path.rpartition("/")[2], "filename": f"/forge/models/{path}"} for path in self.modules]
        return web.json_response(listed)


class SdnextServer(A1111Server):
    """SD.Next: tasks have no names there, and while its model loads the answers are well and empty.

    Attributes:
        loading: so many questions until its model is there; negative: never.
        busy: so many questions until nothing runs.
        page: the task of its page that runs, of which the state says nothing while a prompt was encoded on the way.
        steps: how far what runs has come each time it is asked; its state says nothing of that either.
        broken: VAEs that it cannot load.
    """

    loading, busy, page, steps, broken = 0, 0, "", 0, ()

    def routes(self, app):
        super().routes(app)
        app.router.add_get("/sdapi/v1/checkpoint", self.checkpoint)
        app.router.add_get("/sdapi/v1/status", self.status)

    async def checkpoint(self, request):
        loads = self.loading
        self.loading -= loads > 0
        return web.json_response({"type": None, "class": None} if loads else {"type": "sd", "class": "Pipeline"})

    async def state(self, request):
        self.busy = max(0, self.busy - 1)
        self.step = getattr(self, "step", 0) + self.steps
        job = {"job": "API-TXT" if self.busy else "", "job_count": int(self.busy > 0)}
        return web.json_response({"state": {**job, "job_timestamp": "20261127", "sampling_step": self.step}})

    async def status(self, request):
        return web.json_response({"status": "idle", "current": self.page, "queued": 0})

    async def progress(self, request):
        return web.json_response({"active": False, "queued": False, "completed": False, "progress": 0.0})

    async def interrupt(self, request):
        self.interrupted += 1
        return web.Response(status=204)

    async def unload(self, request):
        self.unloaded += 1
        return web.Response(status=204)

    async def schedulers(self, request):
        return web.json_response(
            {"error": "ResponseValidationError", "code": 500, "detail": "", "body": []}, status=500
        )

    async def answer(self, request, asked, mood):
        return await super().answer(request, asked, "nothing" if self.loading else mood)

    def told_of(self, info):
        name, known = info.pop("sd_model_name"), info["sd_model_hash"]
        used = self.used["sd_vae"]
        vae = "" if used in ("Automatic", *self.broken) else f", VAE: {used.partition('.')[0]}"
        name = name.replace(",", "").replace(":", "")
        last = f"Steps: 3, Seed: 7, App: SD.Next, Model: {name}, Model hash: {known}{vae}"
        return {**info, "infotexts": [f"a town, Model: railway\nNegative prompt: people\n{last}"]}
