"""Encoders beside decoders that are variations of BART."""

from __future__ import annotations

from vslmc.hf.config import Config
from vslmc.hf.families.base import Family
from vslmc.hf.families.pairs import BART, BART_STACK
from vslmc.hf.fields import Field, Flag, Only, Share, Whole
from vslmc.hf.rules import Rules, Sinusoids


def older(
    before: bool, embedding: bool, final: bool, static: bool = False
) -> dict[str, Field]:
    """Older fields for what is always so in a type, whether they say it or not."""
    return {
        "normalize_before": Only(before, "norms elsewhere"),
        "normalize_embedding": Only(embedding, "another norm of the embedding"),
        "add_final_layer_norm": Only(final, "another norm behind the last layer"),
        "static_position_embeddings": Only(static, "other positions"),
    }


FINAL: Rules = {
    "norm": "model.decoder.layer_norm",
    "encoder.norm": "model.encoder.layer_norm",
}
"""Norms of what the stacks give."""

PLACES: Rules = {
    "position": "model.decoder.embed_positions",
    "encoder.position": "model.encoder.embed_positions",
}
"""Places from 0 on."""

MVP = BART.but(
    "mvp",
    {"vocab_size": Whole(50267), "use_prompt": Only(False, "prompts that are learned")},
    ignored="prompt_length prompt_mid_dim",
)

PLBART = BART.but(
    "plbart",
    {
        "vocab_size": Whole(50005),
        "d_model": Whole(768),
        "encoder_layers": Whole(6),
        "encoder_ffn_dim": Whole(3072),
        "encoder_attention_heads": Whole(12),
        "decoder_layers": Whole(6),
        "decoder_ffn_dim": Whole(3072),
        "decoder_attention_heads": Whole(12),
        "attention_dropout": Share(0.1),
        "scale_embedding": Flag(True),
    },
)

MBART_STACK = BART_STACK.but(placement="pre", head_norm=True)

MBART = BART.but(
    "mbart",
    older(before=True, embedding=True, final=True),
    rules=FINAL,
    placement="pre",
    head_norm=True,
    source=MBART_STACK,
)

BLENDERBOT = MBART.but(
    "blenderbot",
    {
        "vocab_size": Whole(8008),
        "max_position_embeddings": Whole(128),
        "d_model": Whole(2560),
        "encoder_layers": Whole(2),
        "encoder_ffn_dim": Whole(10240),
        "encoder_attention_heads": Whole(32),
        "decoder_layers": Whole(24),
        "decoder_ffn_dim": Whole(10240),
        "decoder_attention_heads": Whole(32),
        **older(before=True, embedding=False, final=True),
    },
    rules=PLACES,
    embed_norm=False,
    source=MBART_STACK.but(embed_norm=False),
)

FIXED = {r"model\.(en|de)coder\.embed_positions\.weight": Sinusoids()}
"""Places that older versions store."""

PEGASUS = MBART.but(
    "pegasus",
    older(before=True, embedding=False, final=True, static=True),
    embed_norm=False,
    positions="sinusoidal",
    source=MBART_STACK.but(embed_norm=False, positions="sinusoidal"),
).fixing(FIXED)


def one_vocabulary(c: Config) -> int:
    """The vocabulary, which is that of both sides."""
    if c["decoder_vocab_size"] not in (None, c["vocab_size"]):
        raise c.refuse("decoder_vocab_size", "a vocabulary of its own for each side")
    return c["vocab_size"]


MARIAN = BART.but(
    "marian",
    {
        "vocab_size": Whole(58101),
        "decoder_vocab_size": Whole(None),
        "share_encoder_decoder_embeddings": Only(True, "vectors for each side"),
        **older(before=False, embedding=False, final=False, static=True),
    },
    vocab=one_vocabulary,
    embed_norm=False,
    positions="sinusoidal",
    source=BART_STACK.but(
        vocab=one_vocabulary, embed_norm=False, positions="sinusoidal"
    ),
).fixing(FIXED)

TABLE: tuple[Family, ...] = (MVP, PLBART, MBART, BLENDERBOT, PEGASUS, MARIAN)
