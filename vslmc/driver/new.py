"""A first spec, for a name."""

from __future__ import annotations

import re
from pathlib import Path

from vslmc.diagnostics.catalogue import settings as faults
from vslmc.driver.compile import Request, check_spec
from vslmc.outcome import Outcome
from vslmc.write.files import create_file

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_TEXT = """\
edition = 2026

# One kind of layer. Every value may differ from layer to layer: see the model below.
block base {{
    norm  = rmsnorm
    mixer = attention(
        heads    = width // 32,  # `width` is that of the layer
        kv_heads = 2,            # grouped queries: must divide heads
        position = rope(theta = 10k),
        kernel   = auto,  # or eager, sdpa, flex, flash
    )
    ffn   = swiglu(hidden = round_to(8/3 * width, 64))
}}

model {name} {{
    vocab   = 256  # the byte tokenizer's
    context = 128
    width   = 128

    layers {{
        3 * base {{ mixer.window = 32 }}  # a query sees 32 tokens, itself included
        1 * base                        # ... or all before it
    }}

    recipe = quick
}}

recipe quick {{
    data      = builtin(python_reference)  # or text("corpus.txt")
    tokenizer = byte                       # or char
    train {{
        steps     = 300
        batch     = 32 * context  # in tokens
        optimizer = adamw(lr = 2e-3, weight_decay = 0.1)
        schedule  = cosine(warmup = 5%, final = 10%)
        clip      = 1.0
    }}
}}
"""


def write_first_spec(name: str, folder: Path) -> Outcome[Path]:
    """Write `folder/NAME.vslm`, a spec that builds and trains.

    Faults: `wrong-model-name`, `file-exists`, `cannot-write-file`.
    """
    path = folder / f"{name}.vslm"
    text = _TEXT.format(name=name)
    # Words of the language look like names; only the parser tells them apart.
    legal = _NAME.fullmatch(name) is not None
    if not legal or check_spec(Request(folder / "new.vslm", text=text)):
        return Outcome(None, (faults.wrong_model_name(name),))
    try:
        create_file(path, text.encode())
    except FileExistsError:
        return Outcome(None, (faults.file_exists(path.as_posix()),))
    except OSError as error:
        reason = error.strerror or str(error)
        return Outcome(None, (faults.cannot_write_file(path.as_posix(), reason),))
    return Outcome(path)
