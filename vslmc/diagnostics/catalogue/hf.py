"""Faults of importing a model of Hugging Face: its config, its weights, and where they go."""

from __future__ import annotations

from collections.abc import Sequence

from vslmc.diagnostics.model import Diagnostic, Label
from vslmc.diagnostics.registry import diagnostic, fault

_IMPORT = "vslmc import gpt2 -o gpt2.vslm"


@diagnostic(
    "config-not-read",
    what="The `config.json` of a model is missing, or is no JSON object of fields.",
    why="It is all that says what the model computes.",
    wrong="vslmc import gpt2/model.safetensors -o gpt2.vslm",
    right=_IMPORT,
    form="command",
)
def config_not_read(path: str, reason: str) -> Diagnostic:
    """`reason` in the words of the reader or of the system."""
    return fault(
        f"`{path}` cannot be read: {reason}",
        help="give the folder of a model, with its `config.json`",
    )


@diagnostic(
    "unknown-model-type",
    what="A config names a type of model that the compiler does not know, or names none.",
    why="The type decides what the fields of the config mean.",
    wrong='{"model_type": "lama", "hidden_size": 64}    # in config.json',
    right='{"model_type": "llama", "hidden_size": 64}   # in config.json',
    form="command",
)
def unknown_model_type(
    given: str | None, known: Sequence[str], lacks: str | None, label: Label | None
) -> Diagnostic:
    """`given` as the config has it; None if it has none. `lacks` is what the type needs, if it is
    known to be one that cannot be imported."""
    if given is None:
        return fault("the config has no `model_type`", primary=label)
    listed = "`docs/huggingface.md` lists the types that can"
    if lacks is not None:
        message = f"models of type `{given}` cannot be imported: they need {lacks}"
        return fault(message, primary=label, help=listed)
    # difflib costs some milliseconds to import, which only a fault should pay.
    from difflib import get_close_matches

    near = ", ".join(f"`{name}`" for name in get_close_matches(given.lower(), known))
    return fault(
        f"models of type `{given}` cannot be imported",
        primary=label,
        help=f"the nearest that can: {near}" if near else listed,
    )


@diagnostic(
    "wrong-config-field",
    what="A field of a config has a value that its type of model does not take.",
    why="No model can be built with it, by transformers either.",
    wrong='{"model_type": "llama", "hidden_size": "64"}  # in config.json',
    right='{"model_type": "llama", "hidden_size": 64}    # in config.json',
    form="command",
)
def wrong_config_field(
    name: str, value: str, takes: str, label: Label | None
) -> Diagnostic:
    """`takes` says in words what it takes."""
    return fault(f"`{name}` is {value}, and takes {takes}", primary=label)


@diagnostic(
    "unsupported-config-field",
    what="A field of a config has a value that the language cannot say.",
    why="Left out, it would change the logits.",
    wrong='{"model_type": "olmo", "clip_qkv": 8.0}   # in config.json',
    right='{"model_type": "olmo", "clip_qkv": null}  # in config.json',
    form="command",
)
def unsupported_config_field(
    name: str, value: str, why: str, label: Label | None
) -> Diagnostic:
    """`why` says what the value means, and why that cannot be."""
    return fault(
        f"`{name}` is {value}, which the language cannot say: {why}", primary=label
    )


@diagnostic(
    "unknown-config-field",
    what="A config has a field of which nobody knows what it changes.",
    why="It may change the logits; only fields that are known not to are passed over.",
    wrong='{"model_type": "llama", "rope_thetta": 500}  # in config.json',
    right='{"model_type": "llama", "rope_theta": 500}   # in config.json',
    form="command",
)
def unknown_config_field(name: str, value: str, label: Label | None) -> Diagnostic:
    """`value` as the config writes it."""
    return fault(
        f"`{name}` is {value}, and is not known to be without effect",
        primary=label,
        help="remove the field from `config.json` if it has no meaning",
    )


@diagnostic(
    "import-exists",
    what="`vslmc import` is asked for a file that is already there.",
    why="An import must not cost anybody a spec, or weights.",
    wrong=f"{_IMPORT} && {_IMPORT}",
    right=f"{_IMPORT} && {_IMPORT} --force",
    form="command",
)
def import_exists(path: str) -> Diagnostic:
    """`path` as the user would write it."""
    return fault(
        f"`{path}` is already there",
        help="choose another name; `--force` replaces the file",
    )


@diagnostic(
    "weights-not-read",
    what="The weights of a model cannot be read.",
    why="Weights are converted from safetensors, each tensor as its file has it.",
    wrong="rm gpt2/model.safetensors && vslmc import gpt2 --weights w.safetensors",
    right="vslmc import gpt2 --weights w.safetensors",
    form="command",
)
def weights_not_read(path: str, reason: str, help: str | None = None) -> Diagnostic:
    """`reason` says what is wrong with the file."""
    return fault(f"`{path}` cannot be read: {reason}", help=help)


@diagnostic(
    "weights-differ",
    what="The tensors of a checkpoint are not those of the model that its config describes.",
    why="Every tensor of the model must be filled, and every tensor of the checkpoint used.",
    wrong="vslmc import a_base_model_without_a_head --weights w.safetensors",
    right="vslmc import gpt2 --weights w.safetensors",
    form="command",
)
def weights_differ(folder: str, names: Sequence[str], what: str) -> Diagnostic:
    """`what` says of the tensors `names` what is wrong with them."""
    shown = ", ".join(f"`{name}`" for name in names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    verb = "is" if len(names) == 1 else "are"
    return fault(f"{shown}{more} of `{folder}` {verb} {what}")
