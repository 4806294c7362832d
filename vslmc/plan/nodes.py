"""The nodes of a plan: final integers, one entry per applied layer, tensors by name.

Nothing in a plan is left to decide except `kernel = auto`, which the generated model
resolves when it is built. Every node is frozen; passes make new plans.

Names of tensors are the keys of the generated model's `state_dict()`:

    embedding.weight                 (vocab, width)
    position.weight                  (context, width)           learned absolute positions
    layers.J.norm_1.weight|bias      (width,)                   J: the written layer
    layers.J.mixer.qkv.weight|bias   ((heads + 2 * kv_heads) * head_dim, width)
    layers.J.mixer.q.weight|bias     (heads * head_dim, width)  kv = from_previous: no qkv, no k_norm
    layers.J.mixer.q_norm.weight     (head_dim,)                and k_norm
    layers.J.mixer.out.weight|bias   (width, heads * head_dim)
    layers.J.norm_2.weight|bias      (width,)
    layers.J.ffn.up.weight|bias      (hidden, width)            mlp, glu
    layers.J.ffn.gate.weight|bias    (hidden, width)            glu
    layers.J.ffn.down.weight|bias    (width, hidden)
    layers.J.*.lora_a                (passes, rank, in)         beside each weight, with lora
    layers.J.*.lora_b                (passes, out, rank)
    layers.J.ffn.router.weight       (experts, width)           moe
    layers.J.ffn.gate|up|down        (experts, out, in)         moe; gate_bias ... (experts, out)
    layers.J.ffn.shared.*            a dense FFN                moe with shared experts
    layers.J.ffn.*                   those of a class of the user's own are not in the table,
    layers.J.mixer.python.*          nor are a mixer's
    resizes.R.weight                 (after, before)            resize = project
    resizes.R.fill                   (after - before,)          resize = learned
    norm.weight|bias                 (width,)                   the final norm
    head.weight                      (vocab, width)             unless tied
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vslmc.plan.python import PythonFfn, PythonMixer, count_declared
from vslmc.source import Origin

Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "relu2", "sigmoid", "tanh"]
KernelName = Literal["eager", "sdpa", "flex", "flash"]
ResizeKind = Literal["carry", "pad", "learned", "project"]
Precision = Literal["fp32", "bf16", "fp16"]
Device = Literal["auto", "cpu", "cuda", "mps"]


# --- tensors ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Init:
    """How a tensor starts: `normal` with mean 0 and `std`, `zeros` or `ones`."""

    scheme: Literal["normal", "zeros", "ones"]
    std: float = 0.0
    """Standard deviation, for `normal`."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One stored parameter: a tied or shared tensor appears once, under its owner's name."""

    name: str
    """Key in the generated model's state_dict."""
    shape: tuple[int, ...]
    init: Init
    decay: bool
    """Whether weight decay applies: matrices yes; norms, biases and vectors no."""
    origin: Origin
    path: str
    """Where in the model it belongs, such as `layers[3].mixer` or `embedding`."""


# --- parts of a layer --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Norm:
    """RMSNorm (Zhang & Sennrich 2019, Eq. 4) or LayerNorm (Ba et al. 2016, Eq. 4)."""

    kind: Literal["rmsnorm", "layernorm"]
    width: int
    eps: float
    bias: bool = False
    """Whether it has a bias beside its weight; only layernorm can."""


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding in the half-split layout (Su et al. 2021, Eq. 34)."""

    theta: float
    """Base of the geometric series of wavelengths."""


@dataclass(frozen=True, slots=True)
class Lora:
    """y = W x + B_p A_p x on every linear map, in pass p (Bae et al. 2024, relaxed recursion)."""

    rank: int
    passes: int


@dataclass(frozen=True, slots=True)
class Kernel:
    """Which attention implementation runs."""

    choice: Literal["auto", "eager", "sdpa", "flex", "flash"]
    """What the spec says."""
    candidates: tuple[KernelName, ...]
    """In order of preference, legal for this layer: the first that the device, dtype and
    installed packages allow is taken at model build and logged. The last always works."""


@dataclass(frozen=True, slots=True)
class KvState:
    """What attention keeps per sequence while decoding."""

    slots: int
    """Tokens kept: the window, or the context; the longest, if others look at them too."""
    width: int
    """Numbers kept per token and slot: 2 * kv_heads * head_dim."""
    kind: Literal["all", "window", "recent"]
    """`all` tokens; those of the one `window` through which they are seen, in any order; or
    the most `recent` ones in order, which are seen through windows of several sizes."""


@dataclass(frozen=True, slots=True)
class Attention:
    """Causal grouped-query attention (Ainslie et al. 2023); kv_heads = heads is multi-head."""

    heads: int
    kv_heads: int
    head_dim: int
    window: int | None
    """Tokens that a query sees, itself included; None sees all before it."""
    rope: Rope | None
    qk_norm: Norm | None
    """Norm of each query and key head, over head_dim, before the rotation."""
    bias: bool
    """Bias in the qkv and the output projection."""
    dropout: float
    """Dropout of the attention probabilities while training."""
    kv: Literal["own", "from_previous"]
    """Whether it projects keys and values, or uses those, normed and rotated, of the last
    layer before it that does (Brandon et al. 2024, cross-layer attention)."""
    kernel: Kernel
    state: KvState | None
    """None for `from_previous`."""
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Mlp:
    """down(activation(up(x)))."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Glu:
    """down(activation(gate(x)) * up(x)) (Shazeer 2020, Eq. 5 and 6)."""

    hidden: int
    activation: Activation
    bias: bool
    lora: Lora | None = None


@dataclass(frozen=True, slots=True)
class Moe:
    """Token-choice mixture: softmax over all experts, top_k of them, optionally renormalised."""

    experts: int
    top_k: int
    expert: Mlp | Glu
    shared: Mlp | Glu | None
    """Always-on FFN added to the mixture; its hidden is already `shared * expert.hidden`."""
    normalise: bool
    """Whether the chosen weights are divided by their sum."""
    balance: float
    """Coefficient of the balance loss, E * sum_e f_e * P_e (Fedus et al. 2021, Eq. 4), where
    f_e is the share of the tokens' top_k choices that fall on e; 0 turns it off."""


Mixer = Attention | PythonMixer
Ffn = Mlp | Glu | Moe | PythonFfn


@dataclass(frozen=True, slots=True)
class Resize:
    """A change of the stream's width between two layers."""

    kind: ResizeKind
    before: int
    after: int
    module: int | None
    """R of `resizes.R` for project (both ways) and learned (when widening); shared by equal R."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One applied layer. Layers with the same `owner` are one module applied again.

    x = x + dropout(mixer(norm_1(x))); x = x + dropout(ffn(norm_2(x))), each part if present.
    """

    index: int
    """Place in the order of application, from 0: `layers[index]`."""
    owner: int
    """J of `layers.J`: the written layer whose weights it uses."""
    mixer_owner: int
    """J of the layer whose mixer it uses; `owner` unless `share mixer` says otherwise."""
    ffn_owner: int
    """J of the layer whose FFN it uses; `owner` unless `share ffn` says otherwise."""
    width: int
    resize: Resize | None
    """Applied to the stream before this layer, if the width changes here."""
    norm: Norm | None
    """Norm of the input of the mixer and of the FFN (each has weights of its own)."""
    mixer: Mixer | None
    ffn: Ffn | None
    dropout: float
    """Dropout of both branches before they are added to the stream."""
    block: str
    """Name of the spec's block that it is made of."""
    origin: Origin
    turn: int | None = None
    """Which pass of a loop with `lora` this is, from 0; None outside of such loops."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A sequence of layers with one role. Encoders and cross-attention will be other stacks."""

    role: Literal["decoder"]
    layers: tuple[Layer, ...]
    exit: Resize | None
    """Applied after the last layer, if the head's width differs."""


@dataclass(frozen=True, slots=True)
class Embedding:
    """Token embedding, with learned absolute positions added if there are any."""

    width: int
    learned_positions: bool
    dropout: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Head:
    """Final norm and projection to the vocabulary."""

    width: int
    norm: Norm | None
    tied: bool
    """Whether the projection is the embedding's tensor."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Loss:
    """One term of the training loss. More kinds will follow; their weighted sum is the loss."""

    kind: Literal["next_token"]
    weight: float = 1.0


# --- training ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BuiltinText:
    """A text that ships with Python: `python_reference` is `pydoc_data.topics`."""

    name: Literal["python_reference"]


@dataclass(frozen=True, slots=True)
class TextFile:
    """A UTF-8 file, relative to the package's `train.py` caller's folder; not opened by the compiler."""

    path: str


@dataclass(frozen=True, slots=True)
class AdamW:
    """AdamW (Loshchilov & Hutter 2019, Algorithm 2); decay only where `Tensor.decay`."""

    lr: float
    betas: tuple[float, float]
    eps: float
    weight_decay: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """Linear warm-up, then a cosine (or constant) from lr to `final * lr` at the last step."""

    kind: Literal["cosine", "constant"]
    warmup: int
    """Steps of linear warm-up."""
    final: float
    """Share of the peak learning rate at the end."""


@dataclass(frozen=True, slots=True)
class DeepSpeed:
    """ZeRO stage and the machines of the launch files."""

    zero: int
    gpus: int
    """Processes (GPUs) of each node."""
    nodes: int


@dataclass(frozen=True, slots=True)
class Training:
    """The recipe, solved."""

    data: BuiltinText | TextFile
    tokenizer: Literal["byte", "char"]
    validation: float
    """Share of the text, at its end, that is held out."""
    steps: int
    batch: int
    """Tokens of one optimizer step, over all processes; a multiple of the context."""
    micro_batch: int
    """Sequences of one forward pass of one process."""
    optimizer: AdamW
    schedule: Schedule
    clip: float | None
    """Largest gradient norm; None does not clip."""
    precision: Precision
    seed: int
    device: Device
    log_every: int
    evaluate_every: int
    evaluate_batches: int
    """Validation sequences-batches of one evaluation; 0 takes the whole split."""
    checkpoint_every: int
    deepspeed: DeepSpeed
    origin: Origin


# --- the whole -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """A model and its recipe, complete."""

    name: str
    """Name of the package: `model` or `model-variant`."""
    spec: str
    """Name of the spec's file, relative to the root."""
    vocab: int
    context: int
    embedding: Embedding
    stacks: tuple[Stack, ...]
    head: Head
    losses: tuple[Loss, ...]
    tensors: tuple[Tensor, ...]
    """In the order of the generated model's `named_parameters()`."""
    training: Training
    origin: Origin

    @property
    def decoder(self) -> Stack:
        """The stack that makes the logits."""
        return self.stacks[-1]

    @property
    def parameters(self) -> int:
        """Number of stored parameters, those that a part of the user's own declares included."""
        total = count_declared(self.decoder)
        for tensor in self.tensors:
            count = 1
            for size in tensor.shape:
                count *= size
            total += count
        return total
