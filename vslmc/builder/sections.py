"""A class for each section and declaration.

Made by `python -m vslmc.builder.make` from the field tables. DO NOT EDIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from vslmc.builder.entries import (
    Allow,
    Declared,
    Item,
    Layered,
    Overrides,
    Repeat,
    Section,
    Share,
    bind_overrides,
    list_bindings,
    list_entries,
    name_of,
)
from vslmc.builder.kinds import (
    Absolute,
    Cross,
    Data,
    Ffn,
    Init,
    Mixer,
    Mtp,
    Norm,
    Objective,
    Optimizer,
    Residual,
    Schedule,
    Tokenizer,
)
from vslmc.builder.values import DEFAULT, Default, Numeric, Term

__all__ = [
    "Block",
    "DeepSpeed",
    "Embedding",
    "Encoder",
    "Head",
    "Model",
    "Recipe",
    "Train",
    "Variant",
]


class Block(Layered):
    """One layer: x + mixer(norm(x)), then x + ffn(norm(x)), unless `placement` says otherwise.

    width: width of the stream in this layer; default width (the model's width).
    norm: norm of each branch, mixer and FFN; default rmsnorm (as Llama).
    mixer: what mixes tokens; required.
    ffn: what works on each token; required.
    cross: a decoder's attention to its encoder, between mixer and FFN; default none (only a decoder beside an encoder has it).
    placement: norm of a branch's input; of the sum; of input and output (`peri`: the embedding too); or of its output; default pre (as GPT-2 and Llama).
    parallel: mixer and FFN side by side; default false (as Llama; PaLM has them so).
    parallel_norms: norms of parallel branches: one for both, or one each; default 1 (as PaLM and GPT-J; GPT-NeoX has 2).
    residual: how a branch is added to the stream; default plain (as all).
    dropout: dropout of the branches; default 0 (small models underfit).
    """

    def __init__(
        self,
        name: str,
        overrides: Overrides | None = None,
        *,
        extends: Block | str | None = None,
        width: Numeric | Default = DEFAULT,
        norm: (
            Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
        ) = DEFAULT,
        mixer: Mixer | Literal["none", None] | Default = DEFAULT,
        ffn: (
            Ffn
            | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None]
            | Default
        ) = DEFAULT,
        cross: Cross | Literal["none", None] | Default = DEFAULT,
        placement: (
            Literal["pre", "post", "sandwich", "peri", "output"] | Term | Default
        ) = DEFAULT,
        parallel: bool | Term | Default = DEFAULT,
        parallel_norms: Numeric | Default = DEFAULT,
        residual: (
            Residual | Literal["plain", "scaled", "learned", "deepnorm"] | Default
        ) = DEFAULT,
        dropout: Numeric | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> None:
        entries = list_entries("block", locals(), overrides)
        super().__init__(name, name_of(extends), entries)

    def with_(
        self,
        overrides: Overrides | None = None,
        *,
        width: Numeric | Default = DEFAULT,
        norm: (
            Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
        ) = DEFAULT,
        mixer: Mixer | Literal["none", None] | Default = DEFAULT,
        ffn: (
            Ffn
            | Literal["mlp", "swiglu", "geglu", "reglu", "glu", "none", None]
            | Default
        ) = DEFAULT,
        cross: Cross | Literal["none", None] | Default = DEFAULT,
        placement: (
            Literal["pre", "post", "sandwich", "peri", "output"] | Term | Default
        ) = DEFAULT,
        parallel: bool | Term | Default = DEFAULT,
        parallel_norms: Numeric | Default = DEFAULT,
        residual: (
            Residual | Literal["plain", "scaled", "learned", "deepnorm"] | Default
        ) = DEFAULT,
        dropout: Numeric | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> Repeat:
        """A layer of the block that overrides some of its keys."""
        bound = (*list_bindings("block", locals()), *bind_overrides(overrides or {}))
        return Repeat(None, self, bound)


class Model(Declared):
    """A model: its sizes; the stack, embedding, head and recipe are sections of it.

    vocab: size of the vocabulary; required.
    context: longest sequence, in tokens; required.
    width: width of the stream, unless a layer says otherwise; required.
    resize: how the stream changes its width; default carry (best measured (arXiv 2606.18246)).
    init: how weights start; default normal (as GPT-2).
    """

    keyword = "model"

    def __init__(
        self,
        name: str,
        overrides: Overrides | None = None,
        *,
        extends: Model | str | None = None,
        vocab: Numeric | Default = DEFAULT,
        context: Numeric | Default = DEFAULT,
        width: Numeric | Default = DEFAULT,
        resize: (
            Literal["carry", "pad", "project", "learned"] | Term | Default
        ) = DEFAULT,
        init: Init | Literal["normal", "xavier", "fan_in", "gpt2"] | Default = DEFAULT,
        allow: Allow | None = None,
        embedding: Embedding | None = None,
        encoder: Encoder | None = None,
        head: Head | None = None,
        layers: Sequence[Item | Layered] | None = None,
        shares: Sequence[Share] = (),
        recipe: Recipe | str | None = None,
    ) -> None:
        entries = list_entries("model", locals(), overrides)
        super().__init__(name, name_of(extends), entries)


class Embedding(Section):
    """The token embedding.

    tie: whether the head uses the embedding's tensor; default false (small models gain from a head of their own).
    position: absolute positions added to the embedding; default none (relative positions live in the mixer).
    scale: factor of the tokens' vectors; default 1 (as GPT-2; Gemma has sqrt(width)).
    types: types of tokens, with a learned vector each; 0 for none; default 0 (only an encoder alone has them; BERT has 2).
    norm: norm of the sum of tokens and positions; default that of the last layer (none, unless the first layer is `peri`: then its kind).
    dropout: dropout of the embedding; default 0 (small models underfit).
    """

    def __init__(
        self,
        *,
        tie: bool | Term | Default = DEFAULT,
        position: (
            Absolute | Literal["none", "learned", "sinusoidal", None] | Default
        ) = DEFAULT,
        scale: Numeric | Default = DEFAULT,
        types: Numeric | Default = DEFAULT,
        norm: (
            Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
        ) = DEFAULT,
        dropout: Numeric | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> None:
        super().__init__("embedding", list_bindings("embedding", locals()))


class Encoder(Section):
    """The encoder. Alone it has the model's embedding and head; these keys are for one beside a decoder.

    tie: whether its tokens have the vectors of the decoder's embedding; default true (as the original Transformer, T5 and BART).
    position: absolute positions added to its tokens; default that of the model (as the decoder's embedding; learned ones are its own).
    norm: norm of its result; default that of the last layer (its last layer's kind of norm; none where that comes after the sum).
    """

    def __init__(
        self,
        *,
        tie: bool | Term | Default = DEFAULT,
        position: (
            Absolute | Literal["none", "learned", "sinusoidal", None] | Default
        ) = DEFAULT,
        norm: (
            Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
        ) = DEFAULT,
        allow: Allow | None = None,
        layers: Sequence[Item | Layered] | None = None,
        shares: Sequence[Share] = (),
    ) -> None:
        super().__init__("encoder", list_entries("encoder", locals(), None))


class Head(Section):
    """The final norm and the projection to the vocabulary.

    norm: the final norm; default that of the last layer (the last layer's kind of norm; none where that comes after the sum).
    transform: activation of one more linear map, before the final norm; default none (as GPT-2; BERT has gelu).
    bias: bias of the projection to the vocabulary; default false (as GPT-2 and Llama).
    scale: factor of the logits; default 1 (as Llama).
    softcap: logits x become softcap * tanh(x / softcap); default none (as Llama; Gemma 2 has 30).
    mtp: further tokens predicted while training; default none (as Llama).
    """

    def __init__(
        self,
        *,
        norm: (
            Norm | Literal["rmsnorm", "layernorm", "l2norm", "none", None] | Default
        ) = DEFAULT,
        transform: (
            Literal[
                "relu",
                "gelu",
                "gelu_tanh",
                "quick_gelu",
                "silu",
                "relu2",
                "leaky_relu",
                "sigmoid",
                "tanh",
                "xielu",
            ]
            | Term
            | Literal["none", None]
            | Default
        ) = DEFAULT,
        bias: bool | Term | Default = DEFAULT,
        scale: Numeric | Default = DEFAULT,
        softcap: Numeric | Literal["none", None] | Default = DEFAULT,
        mtp: Mtp | Literal["none", "mtp", None] | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> None:
        super().__init__("head", list_bindings("head", locals()))


class Recipe(Declared):
    """What a model is trained on, and how.

    data: the text; default builtin(python_reference) (needs no download).
    tokenizer: from text to tokens; default byte (needs no training).
    objective: what is trained; default that of the model (`next_token` for a decoder, `masked` for an encoder, `span_corruption` for both).
    """

    keyword = "recipe"

    def __init__(
        self,
        name: str,
        overrides: Overrides | None = None,
        *,
        extends: Recipe | str | None = None,
        data: Data | Default = DEFAULT,
        tokenizer: Tokenizer | Literal["byte", "char"] | Default = DEFAULT,
        objective: (
            Objective | Literal["next_token", "masked", "span_corruption"] | Default
        ) = DEFAULT,
        allow: Allow | None = None,
        train: Train | None = None,
        deepspeed: DeepSpeed | None = None,
    ) -> None:
        entries = list_entries("recipe", locals(), overrides)
        super().__init__(name, name_of(extends), entries)


class Train(Section):
    """How long, how fast, how often.

    steps: optimizer steps; `auto` takes them from `tokens`; default auto (solved from tokens).
    tokens: training tokens; `auto` takes them from `steps`; default auto (1,000 steps when `steps` is not given either).
    batch: tokens of one step over all processes; default 8Ki, in whole sequences (a laptop's step stays below a second for small models).
    micro_batch: sequences of one forward pass of one process; default auto (the largest that divides the batch, up to 16Ki tokens).
    optimizer: the optimizer; default adamw (the standard choice).
    schedule: the learning rate over time; default cosine (the standard choice).
    clip: largest norm of the gradient; default 1 (as GPT-3).
    precision: dtype of the matrix products; default fp32 (safe on every device).
    seed: seed of init, data order and dropout; default 1337 (any fixed number).
    validation: share of the text, at its end, held out; default 0.1 (as nanoGPT).
    evaluate_every: steps between evaluations; default auto (ten evaluations in all).
    evaluate_batches: micro batches of one evaluation; default 20 (an estimate; `all` takes the whole split).
    checkpoint_every: steps between checkpoints; default auto (four checkpoints in all).
    log_every: steps between lines of the log; default 10 (every tenth step).
    device: where it runs; default auto (a GPU if there is one).
    """

    def __init__(
        self,
        *,
        steps: Numeric | Literal["auto"] | Default = DEFAULT,
        tokens: Numeric | Literal["auto"] | Default = DEFAULT,
        batch: Numeric | Default = DEFAULT,
        micro_batch: Numeric | Literal["auto"] | Default = DEFAULT,
        optimizer: Optimizer | Literal["adamw"] | Default = DEFAULT,
        schedule: Schedule | Literal["cosine", "constant"] | Default = DEFAULT,
        clip: Numeric | Literal["none", None] | Default = DEFAULT,
        precision: Literal["fp32", "bf16", "fp16"] | Term | Default = DEFAULT,
        seed: Numeric | Default = DEFAULT,
        validation: Numeric | Default = DEFAULT,
        evaluate_every: Numeric | Literal["auto"] | Default = DEFAULT,
        evaluate_batches: Numeric | Literal["all"] | Default = DEFAULT,
        checkpoint_every: Numeric | Literal["auto"] | Default = DEFAULT,
        log_every: Numeric | Default = DEFAULT,
        device: Literal["auto", "cpu", "cuda", "mps"] | Term | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> None:
        super().__init__("train", list_bindings("train", locals()))


class DeepSpeed(Section):
    """The launch: ZeRO stage and machines.

    zero: ZeRO stage (Rajbhandari et al. 2020); default 0 (plain data parallelism).
    gpus: processes of each node; default 1 (one machine with one device).
    nodes: machines; default 1 (one machine).
    expert_parallel: processes that share the experts of each `moe` layer: rows travel to them; default 1 (every process has all experts).
    """

    def __init__(
        self,
        *,
        zero: Numeric | Default = DEFAULT,
        gpus: Numeric | Default = DEFAULT,
        nodes: Numeric | Default = DEFAULT,
        expert_parallel: Numeric | Default = DEFAULT,
        allow: Allow | None = None,
    ) -> None:
        super().__init__("deepspeed", list_bindings("deepspeed", locals()))


class Variant(Declared):
    """A model that differs from another: overrides of parameters and keys."""

    keyword = "variant"

    def __init__(
        self,
        name: str,
        of: Model | Variant | str,
        overrides: Overrides | None = None,
        *,
        vocab: Numeric | Default = DEFAULT,
        context: Numeric | Default = DEFAULT,
        width: Numeric | Default = DEFAULT,
        resize: (
            Literal["carry", "pad", "project", "learned"] | Term | Default
        ) = DEFAULT,
        init: Init | Literal["normal", "xavier", "fan_in", "gpt2"] | Default = DEFAULT,
        allow: Allow | None = None,
        embedding: Embedding | None = None,
        encoder: Encoder | None = None,
        head: Head | None = None,
        layers: Sequence[Item | Layered] | None = None,
        shares: Sequence[Share] = (),
        recipe: Recipe | str | None = None,
    ) -> None:
        entries = list_entries("model", locals(), overrides)
        super().__init__(name, name_of(of), entries)
