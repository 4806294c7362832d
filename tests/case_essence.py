"""The essence of a plan, one short line for each layer: what the goldens of good cases hold."""

from __future__ import annotations

from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from vslmc.plan.nodes import (
    Attention,
    Embedding,
    EncoderEnds,
    Ffn,
    Form,
    Glu,
    Head,
    Kernel,
    Layer,
    Mixer,
    Mla,
    Moe,
    Norm,
    Plan,
    Position,
    Resize,
    Retrieval,
    Rope,
    Router,
    Softmax,
    Stack,
    Training,
)
from vslmc.plan.python import PythonPart
from vslmc.source import Origin


def describe_plan(plan: Plan) -> dict[str, Any]:
    """What a reader checks by hand."""
    training, source = plan.training, plan.source
    return {
        "name": plan.name,
        "vocab": plan.vocab,
        "context": plan.context,
        "parameters": plan.parameters,
        "embedding": describe_embedding(plan.embedding),
        **({} if source is None else describe_source(source, plan.stacks[0])),
        "layers": [describe_layer(layer) for layer in plan.decoder.layers],
        "head": _join(
            describe_resize(plan.decoder.exit),
            f"width={plan.head.width}",
            describe_norm(plan.head.norm),
            "tied" if plan.head.tied else "",
            *describe_more(plan.head, Head(0, None, False, Origin())),
        ),
        "init": _init(plan),
        **{
            loss.kind: describe_value(loss.corruption)
            for loss in plan.losses
            if loss.corruption is not None
        },
        "training": describe_training(training),
    }


def describe_embedding(embedding: Embedding) -> str:
    """Its width, and what is not as usual."""
    return _join(
        f"width={embedding.width}",
        "learned positions" if embedding.learned_positions else "",
        _dropout(embedding.dropout),
        *describe_more(embedding, Embedding(0, False, 0.0, Origin())),
    )


def describe_source(source: EncoderEnds, stack: Stack) -> dict[str, Any]:
    """The encoder beside a decoder."""
    tied = "tied" if source.tied else ""
    return {
        "source": _join(describe_embedding(source.embedding), tied),
        "encoder": [describe_layer(layer) for layer in stack.layers],
        "memory": _join(
            describe_resize(stack.exit),
            f"width={source.width}",
            describe_norm(source.norm),
        ),
    }


def describe_layer(layer: Layer) -> str:
    """`0: layers.0 width=64 ...`; what is absent is left out, except for `none`."""
    return _join(
        f"{layer.index}: layers.{layer.owner} {layer.block}",
        describe_resize(layer.resize),
        f"width={layer.width}",
        describe_norm(layer.norm),
        describe_mixer(layer.mixer),
        f"cross ({describe_mixer(layer.cross)})" if layer.cross else "",
        describe_ffn(layer.ffn),
        _dropout(layer.dropout),
        "" if layer.turn is None else f"turn={layer.turn} {_lora(layer)}",
        f"mixer=layers.{layer.mixer_owner}" if layer.mixer_owner != layer.owner else "",
        f"ffn=layers.{layer.ffn_owner}" if layer.ffn_owner != layer.owner else "",
        *describe_more(layer.form, Form()),
    )


SAID = frozenset(
    [
        "width",
        "learned_positions",
        "dropout",
        "origin",
        "tied",
        "kernel",
        "state",
        "lora",
    ]
)
"""Fields that have words of their own."""


def describe_more(node: Any, usual: Any) -> list[str]:
    """Fields of a node that differ from the usual one, by their names."""
    return [
        f"{field.name}={describe_value(getattr(node, field.name))}"
        for field in fields(node)
        if field.default is not MISSING
        and field.name not in SAID
        and getattr(node, field.name) != getattr(usual, field.name)
    ]


def describe_value(value: Any) -> str:
    """A number in its short form; a node by its name and its fields."""
    if is_dataclass(value):
        inner = ", ".join(
            f"{field.name}={describe_value(getattr(value, field.name))}"
            for field in fields(value)
        )
        return f"{type(value).__name__}({inner})"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _lora(layer: Layer) -> str:
    parts = (layer.mixer, layer.ffn)
    return str(next(lora for p in parts if (lora := getattr(p, "lora", None))))


def describe_resize(resize: Resize | None) -> str:
    """`carry 64->32`, with the number of its tensor if it has one."""
    if resize is None:
        return ""
    module = "" if resize.module is None else f" resizes.{resize.module}"
    return f"{resize.kind} {resize.before}->{resize.after}{module}"


def describe_norm(norm: Norm | None) -> str:
    """`rmsnorm(1e-05)`."""
    if norm is None:
        return "no norm"
    more = describe_more(norm, Norm("rmsnorm", 0, 0.0, norm.bias))
    words = [f"{norm.eps:g}", *(["bias"] if norm.bias else []), *more]
    return f"{norm.kind}({', '.join(words)})"


def describe_mixer(mixer: Mixer | None) -> str:
    """`attention 4/2x16 window=full`: heads, kv heads and the width of a head."""
    if mixer is None:
        return "no mixer"
    if isinstance(mixer, PythonPart):
        return describe_python(mixer)
    if isinstance(mixer, Mla):
        return describe_value(mixer)
    window = "full" if mixer.window is None else mixer.window
    return _join(
        f"attention {mixer.heads}/{mixer.kv_heads}x{mixer.head_dim} window={window}",
        _position(mixer.position),
        f"qk {describe_norm(mixer.qk_norm)}" if mixer.qk_norm else "",
        "bias" if mixer.bias else "",
        _dropout(mixer.dropout),
        f"{mixer.kernel.choice}:{'/'.join(mixer.kernel.candidates)}",
        (
            f"cache={mixer.state.slots}x{mixer.state.width}"
            + ("" if mixer.state.kind != "recent" else " recent")
            if mixer.state
            else "kv=from_previous" if mixer.causal else ""
        ),
        *([] if mixer.out_bias == mixer.bias else [f"out_bias={mixer.out_bias}"]),
        *describe_more(mixer, PLAIN),
    )


PLAIN = Attention(
    1, 1, 1, None, None, None, False, False, 0.0, "own", Kernel("auto", ()), None
)


def _position(position: Position | None) -> str:
    """`rope=10000`, or the position whole."""
    if position is None:
        return ""
    if isinstance(position, Rope) and position == Rope(position.theta):
        return f"rope={position.theta:g}"
    return f"position={describe_value(position)}"


def describe_python(part: PythonPart) -> str:
    """`python my_ffn.py:MyFFN(hidden=128) declared 8320, None`; arguments as Python has them."""
    given = ", ".join(f"{each.name}={each.value!r}" for each in part.arguments)
    numbers = (part.parameters, part.flops)
    declared = f"declared {numbers[0]}, {numbers[1]}" if any(numbers) else ""
    return _join(f"python {part.file}:{part.name}({given})", declared)


def describe_ffn(ffn: Ffn | None) -> str:
    """`mlp 256 gelu`, `moe 2 of 4 x (glu 128 silu)`."""
    if ffn is None:
        return "no ffn"
    if isinstance(ffn, PythonPart):
        return describe_python(ffn)
    if isinstance(ffn, Moe):
        return _join(
            f"moe {ffn.top_k} of {ffn.experts} x ({describe_ffn(ffn.expert)})",
            f"+ shared ({describe_ffn(ffn.shared)})" if ffn.shared else "",
            "gated" if ffn.shared_gate else "",
            *describe_router(ffn.router),
            ffn.kernel,
            f"triton={ffn.triton}" if ffn.triton else "",
            "scattermoe" if ffn.scattermoe else "",
        )
    if isinstance(ffn, Retrieval):
        return describe_retrieval(ffn)
    kind = type(ffn).__name__.lower()
    more = ""
    if isinstance(ffn, Glu):
        more = _join(
            "unit_offset" if ffn.unit_offset else "",
            f"clamp={ffn.clamp:g}" if ffn.clamp else "",
        )
    return _join(
        f"{kind} {ffn.hidden} {ffn.activation}", "bias" if ffn.bias else "", more
    )


def describe_router(router: Router) -> list[str]:
    """What is not as Mixtral has it, and the balance."""
    plain = Router(router.experts, router.top_k, Softmax(), True)
    names = ("kind", "normalise", "scale", "bias", "z_loss", "groups", "capacity")
    words = [
        f"{name}={getattr(router, name)}"
        for name in names
        if getattr(router, name) != getattr(plain, name)
    ]
    return [*words, f"balance={router.balance}"]


def describe_retrieval(ffn: Retrieval) -> str:
    """`rows 2 x 4 of 16*16 by 32 batchnorm softmax, gelu, fused`."""
    return _join(
        f"rows {ffn.heads} x {ffn.top_k} of {'*'.join([str(ffn.size)] * ffn.factors)}",
        f"by {'shared' if ffn.shared_keys else 'own'} keys of {ffn.key_dim}",
        f"{ffn.query_norm} {ffn.scores}, {ffn.activation}",
        "gated" if ffn.gated else "",
        f"+ shared ({describe_ffn(ffn.shared)})" if ffn.shared else "",
        ffn.kernel,
        f"triton={ffn.triton}" if ffn.triton else "",
        "" if ffn.gradients == "dense" else ffn.gradients,
        "" if ffn.old is None else f"grown from {ffn.old} keys",
        "old ones frozen" if ffn.frozen else "",
    )


def describe_training(training: Training) -> dict[str, Any]:
    """What the recipe came to."""
    optimizer, schedule, deepspeed = (
        training.optimizer,
        training.schedule,
        training.deepspeed,
    )
    low, high = optimizer.betas
    return {
        "data": f"{training.data} {training.tokenizer} {training.validation:g}",
        "steps": training.steps,
        "batch": f"{training.batch} in micro batches of {training.micro_batch}",
        "optimizer": f"lr={optimizer.lr:g} betas={low:g},{high:g} eps={optimizer.eps:g}"
        f" decay={optimizer.weight_decay:g} clip={training.clip}",
        "schedule": f"{schedule.kind} warmup={schedule.warmup} final={schedule.final:g}",
        "run": f"{training.precision} {training.device} seed={training.seed}",
        "every": f"log {training.log_every} evaluate {training.evaluate_every}"
        f" ({training.evaluate_batches}) checkpoint {training.checkpoint_every}",
        "deepspeed": _join(
            f"zero={deepspeed.zero} gpus={deepspeed.gpus} nodes={deepspeed.nodes}",
            (
                f"experts over {deepspeed.expert_parallel}"
                if deepspeed.expert_parallel > 1
                else ""
            ),
        ),
    }


def _init(plan: Plan) -> str:
    stds = sorted({tensor.init.std for tensor in plan.tensors})
    return " ".join(f"{std:.4g}" for std in stds if std)


def _dropout(share: float) -> str:
    return f"dropout={share:g}" if share else ""


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)
