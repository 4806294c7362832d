def share_factors(table: nn.Parameter, world: World) -> None:
    """Make a gradient in its factors the mean of all processes: they exchange the factors."""
    slope = table.grad
    assert isinstance(slope, FactoredSlope)
    found: list[Tensor] = []
    # All have as many tokens.
    for factor in (slope.index, slope.weight / world.size, slope.x.contiguous()):
        factors = [torch.empty_like(factor) for _ in range(world.size)]
        dist.all_gather(factors, factor)
        found.append(torch.cat(factors))
    index, weight, x = found
    table.grad = FactoredSlope(slope.kind, index, weight, x, len(table))
