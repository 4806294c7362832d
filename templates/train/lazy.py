ROW_PIECE = 2**17  # numbers of a table that a CPU updates at one time, near its cache


def coalesce(slope: Tensor) -> Tensor:
    """A sparse gradient with each of its rows once, in their order."""
    row = slope._indices()[0]
    if bool((row[1:] > row[:-1]).all()):
        # It is so already, which autograd forgets.
        slope._coalesced_(True)
    return slope.coalesce()


class LazyAdamW(torch.optim.AdamW):
    """AdamW that updates of a table with a sparse gradient the rows in it alone.

    Each row has a count of its own steps, and moves as AdamW would move it if the other
    steps did not exist: between its own, neither its moments nor its weights decay.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Otherwise the scaler leaves it to the fused kernel to skip a step that overflows.
        self._step_supports_amp_scaling = False

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step, which uses up the sparse gradients."""
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None and table.grad.is_sparse:
                    self.update_rows(table, group)
                    table.grad = None
        super().step(closure)

    def update_rows(self, table: nn.Parameter, group: dict[str, Any]) -> None:
        """Move the rows of a table (R, C) that have a gradient."""
        slope = coalesce(table.grad)
        row, slope = slope.indices()[0], slope.values()  # (S,), (S, C)
        state = self.state[table]
        if not state:
            state["step"] = torch.zeros(len(table), device=table.device)
            state["exp_avg"] = torch.zeros_like(table)
            state["exp_avg_sq"] = torch.zeros_like(table)
        size = ROW_PIECE // table.size(1) + 1 if table.is_cpu else max(1, len(row))
        for some, slopes in zip(row.split(size), slope.split(size), strict=True):
            self.move_rows(table, some, slopes, group)

    def move_rows(
        self, table: nn.Parameter, row: Tensor, slope: Tensor, group: dict[str, Any]
    ) -> None:
        """Move rows (S,) of a table by their gradients (S, C)."""
        state, lr, (beta1, beta2) = self.state[table], group["lr"], group["betas"]
        own = [state[name].index_select(0, row) for name in state]
        step = own[0].add_(1)
        mean = own[1].lerp_(slope, 1 - beta1)
        square = own[2].mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
        for name, values in zip(state, own, strict=True):
            state[name].index_copy_(0, row, values)
        step = step.double()[:, None]
        root = square.div_((1 - beta2**step).type_as(square)).sqrt_().add_(group["eps"])
        move = mean.div_(root).mul_((lr / (1 - beta1**step)).type_as(mean))
        rows = table.index_select(0, row).mul_(1 - lr * group["weight_decay"])
        table.index_copy_(0, row, rows.sub_(move))


def bound_gradient(model: Model, bound: float) -> Tensor:
    """Scale the gradient down to a norm of `bound`; returns the norm that it had."""
    slopes: list[Tensor] = []
    for parameter in model.parameters():
        slope = parameter.grad
        if slope is not None and slope.is_sparse:
            parameter.grad = coalesce(slope)
            slope = parameter.grad.values()
        if slope is not None:
            slopes.append(slope)
    norm = nn.utils.get_total_norm(slopes)
    share = (bound / (norm + 1e-6)).clamp(max=1)
    for slope in slopes:
        slope.mul_(share)
    return norm


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
