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
    layers.J.ffn.router.weight|bias  (experts, width)           moe
    layers.J.ffn.router.correction   (experts,)                 balance = loss_free: no parameter
    layers.J.ffn.up|down             (experts, out, in)         moe; up_bias ... (experts, out)
    layers.J.ffn.gate_up             (experts, 2 * hidden, in)  moe of glu, instead of up: gates first
    layers.J.ffn.shared.*            a dense FFN                moe with shared experts
    layers.J.ffn.shared_gate.weight  (1, width)                 shared_gate = true
    layers.J.ffn.query.weight        (heads * key_dim, width)   peer, pkm, cdmoe
    layers.J.ffn.query_norm.*        (heads * key_dim,)         batchnorm; layernorm: (key_dim,)
    layers.J.ffn.keys                (heads, 2, size, key_dim / 2), without heads if they share keys
    layers.J.ffn.gate|up|down        (size ** 2, width)         tables; pkm has `down` alone
    layers.J.ffn.*                   those of a class of the user's own are not in the table,
    layers.J.mixer.python.*          nor are a mixer's
    resizes.R.weight                 (after, before)            resize = project
    resizes.R.fill                   (after - before,)          resize = learned
    norm.weight|bias                 (width,)                   the final norm
    head.weight                      (vocab, width)             unless tied
    types.weight                     (types, width)             types of tokens
    layers.J.norm_cross.weight|bias  (width,)                   beside an encoder
    layers.J.cross.q.weight|bias     (heads * head_dim, width)
    layers.J.cross.kv.weight|bias    (2 * kv_heads * head_dim, width of the memory)
    layers.J.cross.out.weight|bias   (width, heads * head_dim)
    encoder.*                        the same of the encoder beside a decoder
"""

from __future__ import annotations

from vslmc.plan.nodes.ffns import (
    Activation,
    ExpertChoice,
    Ffn,
    Glu,
    Groups,
    LossFree,
    Mlp,
    Moe,
    Pool,
    Retrieval,
    Router,
    RouterKind,
    Sigmoid,
    Sinkhorn,
    Softmax,
    SparseMixer,
    SwitchBalance,
)
from vslmc.plan.nodes.mixers import (
    Attention,
    Gate,
    Mixer,
    Mla,
    Power,
    QkOver,
    Sink,
)
from vslmc.plan.nodes.parts import (
    Alibi,
    Chunked,
    Dilated,
    DynamicScaling,
    Kernel,
    KernelChoice,
    KernelName,
    KvState,
    LinearScaling,
    Llama3Scaling,
    LongScaling,
    Lora,
    Norm,
    NtkScaling,
    Pattern,
    Position,
    Rope,
    Scaling,
    Strided,
    T5Bias,
    TransformerXl,
    Xpos,
    YarnScaling,
)
from vslmc.plan.nodes.plan import (
    Plan,
)
from vslmc.plan.nodes.stack import (
    Embedding,
    EncoderEnds,
    Form,
    Head,
    Layer,
    Loss,
    Masking,
    Mtp,
    Placement,
    Residual,
    Resize,
    ResizeKind,
    Role,
    Spans,
    Stack,
    Transform,
)
from vslmc.plan.nodes.stored import (
    Init,
    InitRule,
    Tail,
    Tensor,
)
from vslmc.plan.nodes.training import (
    AdamW,
    BuiltinText,
    DeepSpeed,
    Device,
    Precision,
    Schedule,
    TextFile,
    Training,
)

__all__ = [
    "Activation",
    "AdamW",
    "Alibi",
    "Attention",
    "BuiltinText",
    "Chunked",
    "DeepSpeed",
    "Device",
    "Dilated",
    "DynamicScaling",
    "Embedding",
    "EncoderEnds",
    "ExpertChoice",
    "Ffn",
    "Form",
    "Gate",
    "Glu",
    "Groups",
    "Head",
    "Init",
    "InitRule",
    "Kernel",
    "KernelChoice",
    "KernelName",
    "KvState",
    "Layer",
    "LinearScaling",
    "Llama3Scaling",
    "LongScaling",
    "Lora",
    "Loss",
    "LossFree",
    "Masking",
    "Mixer",
    "Mla",
    "Mlp",
    "Moe",
    "Mtp",
    "Norm",
    "NtkScaling",
    "Pattern",
    "Placement",
    "Plan",
    "Pool",
    "Position",
    "Power",
    "Precision",
    "QkOver",
    "Residual",
    "Resize",
    "ResizeKind",
    "Retrieval",
    "Role",
    "Rope",
    "Router",
    "RouterKind",
    "Scaling",
    "Schedule",
    "Sigmoid",
    "Sink",
    "Sinkhorn",
    "Softmax",
    "Spans",
    "SparseMixer",
    "Stack",
    "Strided",
    "SwitchBalance",
    "T5Bias",
    "Tail",
    "Tensor",
    "TextFile",
    "Training",
    "Transform",
    "TransformerXl",
    "Xpos",
    "YarnScaling",
]
