class Travel(torch.autograd.Function):
    """Sends rows to the processes of a group; their gradients travel back."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, leave: list[int], arrive: list[int], group: Any
    ) -> Tensor:
        """`leave[p]` of the rows x (M, C) go to process p, `arrive[p]` come from it."""
        ctx.leave, ctx.arrive, ctx.group = leave, arrive, group
        return send(x, leave, arrive, group)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:
        return send(slope, ctx.arrive, ctx.leave, ctx.group), None, None, None


def send(x: Tensor, leave: list[int], arrive: list[int], group: Any) -> Tensor:
    """The rows that arrive, by process: (sum(arrive), C)."""
    found = x.new_empty(sum(arrive), x.size(1))
    dist.all_to_all_single(found, x.contiguous(), arrive, leave, group=group)
    return found


class Exchange:
    """The `run` of a mixture whose experts are spread over a group."""

    def __init__(self, run: Callable[..., Tensor], group: Any) -> None:
        self.run = run  # of the experts that are here
        self.group = group

    @torch.compiler.disable
    def __call__(self, x: Tensor, weight: Tensor, count: Tensor) -> Tensor:
        """Each row of x (M, C) through its expert, times its weight (M,); `count` (E,) rows
        for each expert."""
        count = count.view(SIZE, -1)  # by process
        mine = torch.empty_like(count)  # rows of each process for each expert here
        dist.all_to_all_single(mine, count.contiguous(), group=self.group)
        leave, arrive = count.sum(dim=1).tolist(), mine.sum(dim=1).tolist()
        rows = Travel.apply(x, leave, arrive, self.group)
        weight = Travel.apply(weight[:, None], leave, arrive, self.group).squeeze(1)
        # They are sorted by process, then by expert; experts want them together.
        expert = torch.arange(mine.size(1), device=x.device).repeat(SIZE)
        order = expert.repeat_interleave(mine.flatten()).argsort(stable=True)
        rows, weight = rows.index_select(0, order), weight.index_select(0, order)
        y = self.run(rows, weight, mine.sum(dim=0))
        return Travel.apply(
            y.index_select(0, order.argsort()), arrive, leave, self.group
        )
