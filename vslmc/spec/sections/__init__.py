"""The sections of a file: block, model, embedding, head, recipe and their keys."""

from __future__ import annotations

from vslmc.spec.fields import Component
from vslmc.spec.sections.model import (
    AbsolutePosition,
    AnyInit,
    Block,
    DeepNormResidual,
    EmbeddingSection,
    EncoderSection,
    FanInInit,
    FurtherTokens,
    Gpt2Init,
    HeadSection,
    InitScheme,
    LearnedAbsolute,
    LearnedResidual,
    ModelSection,
    MtpHead,
    NoAbsolute,
    NoMtp,
    NormalInit,
    PlainResidual,
    ResidualScheme,
    ScaledResidual,
    Sinusoidal,
    XavierInit,
)
from vslmc.spec.sections.objectives import (
    Masked,
    NextToken,
    Objective,
    SpanCorruption,
)
from vslmc.spec.sections.recipe import (
    AdamWOptimizer,
    BuiltinData,
    ByteTokenizer,
    CharTokenizer,
    ConstantSchedule,
    CosineSchedule,
    Data,
    DeepSpeedSection,
    Optimizer,
    RecipeSection,
    Schedule,
    TextData,
    Tokenizer,
    TrainSection,
    WarmSchedule,
)

SECTIONS: dict[str, type[Component]] = {
    "block": Block,
    "model": ModelSection,
    "embedding": EmbeddingSection,
    "encoder": EncoderSection,
    "head": HeadSection,
    "recipe": RecipeSection,
    "train": TrainSection,
    "deepspeed": DeepSpeedSection,
}
"""Every section by its name."""

NOT_YET: dict[str, frozenset[str]] = {
    "mixer": frozenset(
        ["dynamic_mask_attention", "ssd", "conv", "linear_attention", "python"]
    ),
    "ffn": frozenset(["peer", "pkm", "cdmoe", "python"]),
    "init": frozenset({"mup"}),
    "data": frozenset(["hub", "shards", "synthetic"]),
    "tokenizer": frozenset(["bpe", "unigram", "file"]),
    "kernel": frozenset({"triton"}),
    "moe": frozenset(
        ["router", "z_loss", "capacity", "groups", "bias", "clamp", "kernel"]
    ),
    "adamw": frozenset({"bits"}),
    "embedding": frozenset(["root", "enter"]),
    "train": frozenset({"stop"}),
    "deepspeed": frozenset(["offload_optimizer", "offload_parameters"]),
    "declaration": frozenset(["ablate", "sweep"]),
}
"""What the language has and this compiler cannot build yet, by where it stands; it only shrinks."""

__all__ = [
    "NOT_YET",
    "SECTIONS",
    "AbsolutePosition",
    "AdamWOptimizer",
    "AnyInit",
    "Block",
    "BuiltinData",
    "ByteTokenizer",
    "CharTokenizer",
    "ConstantSchedule",
    "CosineSchedule",
    "Data",
    "DeepNormResidual",
    "DeepSpeedSection",
    "EmbeddingSection",
    "EncoderSection",
    "FanInInit",
    "FurtherTokens",
    "Gpt2Init",
    "HeadSection",
    "InitScheme",
    "LearnedAbsolute",
    "LearnedResidual",
    "Masked",
    "ModelSection",
    "MtpHead",
    "NextToken",
    "NoAbsolute",
    "NoMtp",
    "NormalInit",
    "Objective",
    "Optimizer",
    "PlainResidual",
    "RecipeSection",
    "ResidualScheme",
    "ScaledResidual",
    "Schedule",
    "Sinusoidal",
    "SpanCorruption",
    "TextData",
    "Tokenizer",
    "TrainSection",
    "WarmSchedule",
    "XavierInit",
]
