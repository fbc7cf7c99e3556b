"""Builds tiny diffusion pipelines with random weights, made and saved on the spot: no downloads.

The pictures are noise; everything else (files, shapes, schedulers, tokenizers, latents) is what
a real model of the family has, so loading and running go through the same code.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetModel,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxControlNetModel,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3ControlNetModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

_HEAD = 8


def clip_tokenizer() -> CLIPTokenizer:
    """CLIP's tokenizer with a vocabulary of single bytes."""
    letters = sorted(ByteLevel.alphabet())
    tokens = [*letters, *(letter + "</w>" for letter in letters)]
    vocab = {token: i for i, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)


def t5_tokenizer() -> T5Tokenizer:
    """T5's tokenizer with a vocabulary of single letters."""
    letters = "▁abcdefghijklmnopqrstuvwxyz"
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((c, -2.0) for c in letters)]
    return T5Tokenizer(vocab=vocab, extra_ids=0, model_max_length=64)


def _clip(tokenizer: CLIPTokenizer, projection: bool) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=16,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config).eval()


def _t5(tokenizer: T5Tokenizer, width: int) -> T5EncoderModel:
    config = T5Config(
        vocab_size=len(tokenizer), d_model=width, d_kv=8, d_ff=16, num_layers=1, num_heads=2
    )
    return T5EncoderModel(config).eval()


def _vae(channels: int, scaling: float, shift: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 8, 8),  # three levels: latents are a quarter of the image
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=channels,
        norm_num_groups=4,
        sample_size=32,
        scaling_factor=scaling,
        shift_factor=shift,
        use_quant_conv=shift is None,
        use_post_quant_conv=shift is None,
        force_upcast=False,
    ).eval()


def _unet(cross_attention: int, **more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=(8, 16),
        layers_per_block=1,
        sample_size=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=cross_attention,
        attention_head_dim=2,
        norm_num_groups=4,
        **more,
    ).eval()


def stable_diffusion() -> StableDiffusionPipeline:
    torch.manual_seed(0)
    tokenizer = clip_tokenizer()
    return StableDiffusionPipeline(
        vae=_vae(4, 0.18215),
        text_encoder=_clip(tokenizer, projection=False),
        tokenizer=tokenizer,
        unet=_unet(16),
        scheduler=DDIMScheduler(clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_diffusion_xl() -> StableDiffusionXLPipeline:
    torch.manual_seed(0)
    tokenizer = clip_tokenizer()
    unet = _unet(
        32,
        addition_embed_type="text_time",
        addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=6 * 4 + 16,
        use_linear_projection=True,
    )
    return StableDiffusionXLPipeline(
        vae=_vae(4, 0.13025),
        text_encoder=_clip(tokenizer, projection=False),
        text_encoder_2=_clip(tokenizer, projection=True),
        tokenizer=tokenizer,
        tokenizer_2=clip_tokenizer(),
        unet=unet,
        scheduler=EulerDiscreteScheduler(),
    )


def stable_diffusion_3() -> StableDiffusion3Pipeline:
    torch.manual_seed(0)
    tokenizer, tokenizer_3 = clip_tokenizer(), t5_tokenizer()
    transformer = SD3Transformer2DModel(
        sample_size=32,
        patch_size=2,
        in_channels=16,
        num_layers=2,
        attention_head_dim=_HEAD,
        num_attention_heads=2,
        joint_attention_dim=32,
        caption_projection_dim=2 * _HEAD,
        pooled_projection_dim=32,
        out_channels=16,
        pos_embed_max_size=8,
    ).eval()
    return StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(16, 1.5305, 0.0609),
        text_encoder=_clip(tokenizer, projection=True),
        tokenizer=tokenizer,
        text_encoder_2=_clip(tokenizer, projection=True),
        tokenizer_2=clip_tokenizer(),
        text_encoder_3=_t5(tokenizer_3, 32),
        tokenizer_3=tokenizer_3,
    )


def flux() -> FluxPipeline:
    torch.manual_seed(0)
    tokenizer, tokenizer_2 = clip_tokenizer(), t5_tokenizer()
    transformer = FluxTransformer2DModel(
        patch_size=1,
        in_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=_HEAD,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=(2, 2, 4),
    ).eval()
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=_vae(16, 0.3611, 0.1159),
        text_encoder=_clip(tokenizer, projection=False),
        tokenizer=tokenizer,
        text_encoder_2=_t5(tokenizer_2, 16),
        tokenizer_2=tokenizer_2,
        transformer=transformer,
    )


def single_file(folder: Path, target: Path) -> Path:
    """The tiny Stable Diffusion of ``folder`` as one file with the original tensor names.

    The configuration goes beside it, as a person would put it: a folder of the file's name.
    """
    pipe = StableDiffusionPipeline.from_pretrained(folder, use_safetensors=True)
    tensors = {
        **{"model.diffusion_model." + k: v for k, v in _unet_names(pipe.unet).items()},
        **{"first_stage_model." + k: v for k, v in _vae_names(pipe.vae).items()},
        **{
            "cond_stage_model.transformer.text_model." + k.removeprefix("text_model."): v
            for k, v in pipe.text_encoder.state_dict().items()
        },
    }
    save_file({k: v.contiguous().clone() for k, v in tensors.items()}, target)
    shutil.copytree(folder, target.with_suffix(""), ignore=shutil.ignore_patterns("*.safetensors"))
    return target


def _renamed(state: dict[str, torch.Tensor], rules: list[tuple[str, Any]]) -> dict[str, Any]:
    """``state`` under the names that all ``rules`` (pattern, replacement), in order, give."""
    names = {}
    for name, tensor in state.items():
        new = name
        for pattern, replacement in rules:
            new = re.sub(pattern, replacement, new)
        names[new] = tensor
    return names


def _unet_names(unet: UNet2DConditionModel) -> dict[str, torch.Tensor]:
    """The inverse of diffusers' ``convert_ldm_unet_checkpoint`` for one layer a block."""
    attentive = [hasattr(block, "attentions") for block in unet.up_blocks]

    def numbered(place: str, first: int, part: str) -> Any:
        return lambda m: f"{place}.{first + 2 * int(m[1]) + int(m[2])}.{part}"

    return _renamed(
        unet.state_dict(),
        [
            (r"(resnets\.\d)\.norm1", r"\1.in_layers.0"),
            (r"(resnets\.\d)\.norm2", r"\1.out_layers.0"),
            (r"^down_blocks\.(\d)\.resnets\.(\d)", numbered("input_blocks", 1, "0")),
            (r"^down_blocks\.(\d)\.attentions\.(\d)", numbered("input_blocks", 1, "1")),
            (
                r"^down_blocks\.(\d)\.downsamplers\.0\.conv",
                lambda m: f"input_blocks.{2 + 2 * int(m[1])}.0.op",
            ),
            (r"^up_blocks\.(\d)\.resnets\.(\d)", numbered("output_blocks", 0, "0")),
            (r"^up_blocks\.(\d)\.attentions\.(\d)", numbered("output_blocks", 0, "1")),
            (
                r"^up_blocks\.(\d)\.upsamplers\.0\.conv",
                lambda m: f"output_blocks.{1 + 2 * int(m[1])}.{1 + attentive[int(m[1])]}.conv",
            ),
            (r"^mid_block\.resnets\.(\d)", lambda m: f"middle_block.{2 * int(m[1])}"),
            (r"^mid_block\.attentions\.0", "middle_block.1"),
            (r"^time_embedding\.linear_1", "time_embed.0"),
            (r"^time_embedding\.linear_2", "time_embed.2"),
            (r"^conv_in", "input_blocks.0.0"),
            (r"^conv_norm_out", "out.0"),
            (r"^conv_out", "out.2"),
            (r"\.conv1\.", ".in_layers.2."),
            (r"\.conv2\.", ".out_layers.3."),
            (r"\.time_emb_proj\.", ".emb_layers.1."),
            (r"\.conv_shortcut\.", ".skip_connection."),
        ],
    )


def _vae_names(vae: AutoencoderKL) -> dict[str, torch.Tensor]:
    """The inverse of diffusers' ``convert_ldm_vae_checkpoint``."""
    last = len(vae.config.block_out_channels) - 1
    return _renamed(
        vae.state_dict(),
        [
            (r"down_blocks\.(\d)\.resnets", r"down.\1.block"),
            (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
            (r"up_blocks\.(\d)\.resnets", lambda m: f"up.{last - int(m[1])}.block"),
            (r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{last - int(m[1])}.upsample"),
            (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
            (r"mid_block\.attentions\.0", "mid.attn_1"),
            (r"group_norm", "norm"),
            (r"to_([qkv])\.", r"\1."),
            (r"to_out\.0", "proj_out"),
            (r"conv_norm_out", "norm_out"),
            (r"conv_shortcut", "nin_shortcut"),
        ],
    )


def controlnet(pipe: Any) -> Any:
    """A tiny ControlNet for a pipeline of this module; what it adds is not zero, as it is at first."""
    torch.manual_seed(1)
    if hasattr(pipe, "unet"):
        found = ControlNetModel.from_unet(
            pipe.unet, conditioning_embedding_out_channels=(4, 4, 8), load_weights_from_unet=False
        )
    elif isinstance(pipe, FluxPipeline):
        found = FluxControlNetModel(
            patch_size=1,
            in_channels=64,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=_HEAD,
            num_attention_heads=2,
            joint_attention_dim=16,
            pooled_projection_dim=16,
            axes_dims_rope=[2, 2, 4],
        )
    else:
        found = SD3ControlNetModel.from_transformer(
            pipe.transformer, num_extra_conditioning_channels=0, load_weights_from_transformer=False
        )
    for name, parameter in found.named_parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3 if name.endswith("weight") else 0.1)
    return found.eval()


def lora(pipe: Any, folder: Path, seed: int = 0, *, with_text: bool = False) -> Path:
    """A file with a random LoRA of rank 2 on the attention of a pipeline of this module."""
    torch.manual_seed(seed)
    part = "unet" if hasattr(pipe, "unet") else "transformer"
    modules = {part: getattr(pipe, part)}
    if with_text:
        modules["text_encoder"] = pipe.text_encoder
    state: dict[str, torch.Tensor] = {}
    for prefix, module in modules.items():
        for name, layer in module.named_modules():
            if name.endswith(("to_q", "to_v", "q_proj")) and isinstance(layer, torch.nn.Linear):
                state[f"{prefix}.{name}.lora_A.weight"] = torch.randn(2, layer.in_features)
                state[f"{prefix}.{name}.lora_B.weight"] = torch.randn(layer.out_features, 2)
    target = folder / f"lora-{part}-{seed}.safetensors"
    save_file(state, target, metadata={"format": "pt"})
    return target


def inpainting_only() -> StableDiffusionInpaintPipeline:
    """A tiny model that takes the mask and the masked image beside the latents, and nothing else."""
    pipe = stable_diffusion()
    torch.manual_seed(2)
    parts = {**pipe.components, "unet": _unet(16, in_channels=9)}
    return StableDiffusionInpaintPipeline(**parts, requires_safety_checker=False)
