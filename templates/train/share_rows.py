def share_rows(table: nn.Parameter, world: World) -> None:
    """Make a sparse gradient the mean of all processes; each has rows of its own."""
    assert table.grad is not None
    slope = coalesce(table.grad)
    row, value = slope.indices()[0], slope.values()
    most = torch.tensor(len(row), device=row.device)
    dist.all_reduce(most, dist.ReduceOp.MAX)
    # All send as many: what is missing is their first row, times 0.
    lacks = int(most) - len(row)
    row = torch.cat((row, row[:1].expand(lacks)))
    value = torch.cat((value, value.new_zeros(lacks, value.size(1))))
    rows = [torch.empty_like(row) for _ in range(world.size)]
    values = [torch.empty_like(value) for _ in range(world.size)]
    dist.all_gather(rows, row)
    dist.all_gather(values, value)
    row, value = torch.cat(rows), torch.cat(values) / world.size
    slope = torch.sparse_coo_tensor(
        row[None], value, table.shape, check_invariants=False
    )
    table.grad = slope.coalesce()
