def draw_curve(rows: list[Row], run: Path) -> Path:
    """The loss over the steps: curve.png by matplotlib, curve.svg without it."""
    curves = {name: points(rows, name) for name in ("loss", "validation_loss")}
    try:
        from matplotlib.figure import Figure
    except ImportError:
        path = run / "curve.svg"
        path.write_text(svg(curves), "utf-8")
        return path
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot([x for x, _ in curve], [y for _, y in curve], label=name)
    axes.set(xlabel="step", ylabel="loss")
    axes.legend()
    figure.savefig(run / "curve.png", dpi=150)
    return run / "curve.png"


def points(rows: list[Row], name: str) -> list[tuple[int, float]]:
    """Steps and values of a column, where it has one."""
    return [(row["step"], row[name]) for row in rows if row[name] is not None]


def svg(curves: dict[str, list[tuple[int, float]]]) -> str:
    """A line for each curve in a frame, with the ends of both axes written on it."""
    flat = [point for curve in curves.values() for point in curve]
    left, right = min(x for x, _ in flat), max(x for x, _ in flat)
    low, high = min(y for _, y in flat), max(y for _, y in flat)
    wide, tall = 560 / max(1, right - left), 300 / max(1e-9, high - low)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 400" font-size="13">',
        '<rect width="700" height="400" fill="white"/>',
        '<rect x="80" y="40" width="560" height="300" fill="none" stroke="gray"/>',
        f'<text x="72" y="48" text-anchor="end">{high:.3f}</text>',
        f'<text x="72" y="344" text-anchor="end">{low:.3f}</text>',
        f'<text x="80" y="362">step {left}</text>',
        f'<text x="640" y="362" text-anchor="end">step {right}</text>',
    ]
    for index, (name, curve) in enumerate(curves.items()):
        color = ("#1f77b4", "#ff7f0e")[index]
        path = [
            f"{80 + (x - left) * wide:.1f},{340 - (y - low) * tall:.1f}"
            for x, y in curve
        ]
        line = f'<polyline points="{" ".join(path)}" fill="none" stroke="{color}"/>'
        label = f'<text x="{90 + 60 * index}" y="30" fill="{color}">{name}</text>'
        lines += [line, label]
    return "\n".join([*lines, "</svg>", ""])
