def share_slope(table: nn.Parameter, world: World) -> None:
    """Make a gradient of chosen rows the mean of all processes."""
    share = share_factors if isinstance(table.grad, FactoredSlope) else share_rows
    share(table, world)
