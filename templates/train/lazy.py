class LazyAdamW(torch.optim.AdamW):
    """AdamW that updates of a table with a gradient of chosen rows those alone.

    Each row has a count of its own steps, and moves as AdamW would move it if the other
    steps did not exist: between its own, neither its moments nor its weights decay.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Otherwise the scaler leaves it to the fused kernel to skip a step that overflows.
        self._step_supports_amp_scaling = False

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """One step, which uses up the gradients of chosen rows."""
        for group in self.param_groups:
            for table in group["params"]:
                slope = table.grad
                if slope is not None and holds_rows(slope):
                    self.update_rows(table, slope, group)
                    table.grad = None
        super().step(closure)

    def update_rows(
        self, table: nn.Parameter, slope: Tensor, group: dict[str, Any]
    ) -> None:
        """Move the rows of a table (R, C) that have a gradient."""
        state = self.state[table]
        if not state:
            state["step"] = torch.zeros(len(table), device=table.device)
            state["exp_avg"] = torch.zeros_like(table)
            state["exp_avg_sq"] = torch.zeros_like(table)
        for row, slopes in read_rows(slope):
            self.move_rows(table, row, slopes, group)

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
