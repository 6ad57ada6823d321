"""What a server of Automatic1111's kind calls models, samplers, schedulers and VAEs.

Servers there are that render for minutes with another one than what they have not, and say nothing, so what they list
is looked at first. Forge has no setting for a VAE: it takes modules, VAEs and text encoders, all together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from musep2p.core.model_names import hash_in, same_hash, same_model
from musep2p.core.recipe import Parameters, Scalar
from musep2p.engines.a1111_refusal import refusal
from musep2p.engines.http import Http
from musep2p.errors import EngineError

__all__ = ["ANY_VAE", "MODULES", "VAE", "Names"]

VAE: Final = "sd_vae"
MODULES: Final = "forge_additional_modules"
_LISTED = {
    "model": ("/sdapi/v1/sd-models", ("title", "model_name")),
    "sampler": ("/sdapi/v1/samplers", ("name",)),
    "scheduler": ("/sdapi/v1/schedulers", ("name", "label")),
    "vae": ("/sdapi/v1/sd-vae", ("model_name",)),
}
_MODULES_PATH = "/sdapi/v1/sd-modules"
ANY_VAE: Final = ("Automatic", "None")
_NO_LIST: Final = b"ResponseValidationError"  # of SD.Next, of schedulers, which it takes no notice of
_SHOWN = 12


class Names:
    """The names of one server; what was found once is remembered.

    Args:
        http: the server.
        patience_s: how long it is waited for.

    Attributes:
        listed: what the server has, by parameter, as far as it was asked.
    """

    def __init__(self, http: Http, patience_s: float) -> None:
        self._http, self._patience_s = http, patience_s
        self._known: dict[tuple[str, str], str] = {}
        self._modules: dict[str, str] = {}
        self.listed: dict[str, list[str]] = {}

    def of(self, asked: Mapping[str, Scalar]) -> Parameters:
        """Model, sampler, scheduler and VAE by the server's own names.

        Raises:
            EngineError: it has not what was asked for, or does not answer.
        """
        sampler, scheduler = str(asked["sampler"]), str(asked["scheduler"])
        if sampler and not scheduler and not self._own("sampler", sampler):
            # As they were called before schedulers had a list of their own: DPM++ 2M Karras.
            first, _, last = sampler.rpartition(" ")
            if first and self._own("sampler", first) and self._own("scheduler", last):
                sampler, scheduler = first, last
        named: Parameters = {}
        wanted = {"model": str(asked["model"]), "sampler": sampler, "scheduler": scheduler, "vae": str(asked["vae"])}
        for name, value in wanted.items():
            named[name] = own = self._own(name, value) if value else ""
            if value and not own:
                shown = ", ".join(self.listed[name][:_SHOWN])
                raise EngineError(f"a1111: this server has no {name} {value!r}.", f"It has {shown}.", peer_bound=True)
        return named

    def vae_settings(self, vae: str) -> dict[str, Any]:
        """The settings by which a task gets a VAE: at Forge beside the text encoders that are in use.

        Raises:
            EngineError: the server does not answer.
        """
        if not vae or not self.a_module():
            return {VAE: vae} if vae else {}
        said = self._http.get_when_there("/sdapi/v1/options", self._patience_s).json()
        used = said.get(MODULES) if isinstance(said, dict) else None
        beside = [str(path) for path in used if not self._is_vae(str(path), vae)] if isinstance(used, list) else []
        return {MODULES: ([] if vae in ANY_VAE else [vae]) + beside}

    def a_module(self) -> str:
        """A module that it lists; empty if it is none of Forge's servers, or has none."""
        if not self._modules:
            said = self._http.get_when_there(_MODULES_PATH, self._patience_s).json()
            items = [item for item in said if isinstance(item, dict)] if isinstance(said, list) else []
            self._modules = {str(item.get("model_name")): str(item.get("filename")) for item in items}
        vaes = (name for name, path in self._modules.items() if "vae" in _folders(path))
        return next(vaes, next(iter(self._modules), ""))

    def _is_vae(self, path: str, vae: str) -> bool:
        """Forge does not tell VAEs from text encoders but by their folders."""
        folder = _folders(path)
        return folder == _folders(self._modules.get(vae, "")) or "vae" in folder

    def _own(self, name: str, asked: str) -> str:
        """What the server calls it; empty if it has none. A server that lists nothing takes any name."""
        known = self._known.get((name, asked))
        if known is not None:
            return known
        path, keys = _LISTED[name]
        reply = self._http.get_when_there(path, self._patience_s)
        if name == "vae" and reply.status == 404:
            reply = self._http.get_when_there(_MODULES_PATH, self._patience_s)
        if reply.status == 500 and _NO_LIST in reply.body:
            raise EngineError(f"a1111: this server cannot say which {name}s it has.", peer_bound=True)
        if reply.status >= 500:
            raise refusal(reply)  # it lists something, and is ill
        said = reply.json()
        if not isinstance(said, list) or (name == "vae" and asked in ANY_VAE):
            return asked
        items = [item for item in said if isinstance(item, dict) and item.get(keys[0])]
        self.listed[name] = [str(item[keys[0]]) for item in items]
        for same in (str.__eq__, same_model):
            for item in items:
                names = [str(item.get(key) or "") for key in keys]
                aliases = [str(each) for each in item.get("aliases") or ()]  # which some take for no name at all
                if any(same(asked, one) for one in names + aliases) and same_hash(hash_in(asked), hash_in(names[0])):
                    own = asked if asked in names else names[0]
                    return self._known.setdefault((name, asked), own)
        return ""


def _folders(path: str) -> list[str]:
    return path.replace("\\", "/").casefold().split("/")[:-1]
