"""Random specs of encoders and of decoders that look at one, as text."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite

from tests.property.spec_texts import FORMS, NORMS, attentions, ffns, spec_texts


@composite
def sides(draw: DrawFn, name: str, cross: bool) -> str:
    """A block of an encoder, or of a decoder that looks at it."""
    body = [
        f"norm = {draw(st.sampled_from(NORMS))}",
        f"mixer = {draw(attentions(both_sides=not cross))}",
        f"ffn = {draw(ffns())}",
    ]
    if cross:
        heads = draw(st.sampled_from([1, 2]))
        body.append(f"cross = attention(heads = {heads}, head_dim = 4)")
    if draw(st.booleans()):
        forms = [form for form in FORMS if not cross or "parallel" not in form]
        body.append(draw(st.sampled_from(forms)))
    return f"block {name} {{ {', '.join(body)} }}"


@composite
def side_layers(draw: DrawFn, block: str, wide: bool) -> str:
    """The items of one stack: ranges and loops, of widths of their own but for the ends."""
    items = [block]
    for _ in range(draw(st.integers(0, 2))):
        body = f" {{ width = {draw(st.sampled_from([8, 24]))} }}" if wide else ""
        item = (
            f"{draw(st.integers(1, 2))} * {block}{body if draw(st.booleans()) else ''}"
        )
        if draw(st.integers(0, 2)) == 0:
            item = f"loop {draw(st.integers(1, 2))} {{ {item} }}"
        items.append(item)
    return ", ".join([*items, block])


@composite
def encoder_texts(draw: DrawFn) -> str:
    """A whole file with one model `m`: an encoder, alone or with a decoder."""
    pair = draw(st.booleans())
    lines = ["edition = 2026", draw(sides("read", cross=False))]
    wide = draw(st.booleans())
    resize = draw(st.sampled_from(["pad", "project", "learned"]))
    places = ["none", "learned", "sinusoidal", "sinusoidal(layout = interleaved)"]
    embedding = [f"position = {draw(st.sampled_from(places))}"]
    encoder = f"layers {{ {draw(side_layers('read', wide))} }}"
    decoder = ""
    if pair:
        lines.append(draw(sides("write", cross=True)))
        decoder = f"layers {{ {draw(side_layers('write', wide))} }}"
        if draw(st.booleans()):
            encoder += f", norm = {draw(st.sampled_from(NORMS))}"
    elif draw(st.booleans()):
        embedding.append("types = 2")
    if draw(st.booleans()):
        embedding.append("norm = layernorm")
    # The objectives need names of their own beside the 256 bytes.
    lines.append(f"""model m {{
    vocab = {draw(st.sampled_from([300, 320]))}, context = {draw(st.sampled_from([6, 9]))}, width = 16
    resize = {resize}
    embedding {{ {', '.join(embedding)} }}
    encoder {{ {encoder} }}
    {decoder}
    head {{ norm = {draw(st.sampled_from(NORMS))} }}
}}""")
    return "\n".join(lines) + "\n"


def all_texts() -> st.SearchStrategy[str]:
    """Every kind of stack."""
    return st.one_of(spec_texts(), spec_texts(), encoder_texts())
