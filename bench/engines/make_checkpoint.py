"""A checkpoint with the shapes of Stable Diffusion 1.5 and random weights: engines load and run it, and draw noise.

    python make_checkpoint.py COMFYUI_FOLDER OUT.safetensors [SEED]

It takes its keys and shapes from ComfyUI's own model classes, so run it with ComfyUI's Python. Some 2 GB, in fp16.
"""

import math
import sys
from pathlib import Path

_UNET = {
    "image_size": 32, "in_channels": 4, "out_channels": 4, "model_channels": 320, "num_res_blocks": [2, 2, 2, 2],
    "channel_mult": [1, 2, 4, 4], "num_heads": 8, "use_spatial_transformer": True, "context_dim": 768,
    "transformer_depth": [1, 1, 1, 1, 1, 1, 0, 0], "transformer_depth_middle": 1,
    "transformer_depth_output": [1] * 9 + [0] * 3, "use_linear_in_transformer": False, "adm_in_channels": None,
    "use_temporal_attention": False, "legacy": False,
}  # fmt: skip
_VAE = {
    "double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 128,
    "ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0,
}  # fmt: skip
_CLIP = {
    "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12,
    "max_position_embeddings": 77, "vocab_size": 49408, "hidden_act": "quick_gelu", "eos_token_id": 49407,
}  # fmt: skip


def main(comfyui: Path, out: Path, seed: int) -> None:
    sys.path.insert(0, str(comfyui))
    sys.argv = sys.argv[:1] + ["--cpu"]  # ComfyUI reads it when it is imported
    import torch

    import comfy.options  # isort: skip

    comfy.options.enable_args_parsing()
    import comfy.clip_model
    import comfy.ldm.models.autoencoder
    import comfy.ldm.modules.diffusionmodules.openaimodel
    import comfy.ops
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    ops, half = comfy.ops.disable_weight_init, torch.float16
    with torch.device("meta"):
        unet = comfy.ldm.modules.diffusionmodules.openaimodel.UNetModel(**_UNET, dtype=half, operations=ops)
        vae = comfy.ldm.models.autoencoder.AutoencoderKL(ddconfig=_VAE, embed_dim=4)
        clip = comfy.clip_model.CLIPTextModel(_CLIP, half, "meta", ops)
    parts = {"model.diffusion_model.": unet, "first_stage_model.": vae, "cond_stage_model.transformer.": clip}
    weights = {
        prefix + key: _random(key, tensor.shape)
        for prefix, part in parts.items()
        for key, tensor in part.state_dict().items()
        if not key.startswith("text_projection")  # of SD 2 and SDXL
    }
    # As real ones have it; Forge takes uninitialised memory for positions without, and draws black.
    weights["cond_stage_model.transformer.text_model.embeddings.position_ids"] = torch.arange(77)[None]
    out.parent.mkdir(parents=True, exist_ok=True)
    save_file(weights, out)
    print(f"{out}: {len(weights)} tensors, {sum(weight.numel() for weight in weights.values()) / 1e6:.0f} M parameters")


def _random(key, shape):
    """Small enough that nothing overflows in fp16 on the way."""
    import torch

    if key.endswith("bias"):
        return torch.zeros(shape, dtype=torch.float16)
    if len(shape) == 1:  # of a norm
        return torch.ones(shape, dtype=torch.float16)
    scale = 0.02 if "embedding" in key and "time" not in key else 1 / math.sqrt(math.prod(shape[1:]))
    return (torch.randn(shape) * scale).to(torch.float16)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
