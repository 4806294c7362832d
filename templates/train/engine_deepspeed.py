class DeepSpeedEngine:
    """Trains by DeepSpeed, which partitions the state of training over the processes."""

    kind = "deepspeed"

    def __init__(
        self,
        model: Model,
        options: argparse.Namespace,
        world: World,
        config: dict[str, Any],
    ) -> None:
        if world.device.type == "cpu":
            os.environ.setdefault("DS_ACCELERATOR", "cpu")
        import deepspeed

        self.deepspeed = deepspeed
        self.model = model
        self.shapes = list_shapes(model)
        self.loss, self.optimizer, _, _ = deepspeed.initialize(
            model=Objective(model, None),
            optimizer=build_optimizer(model),
            config=config,
        )
        if options.compile:
            self.loss.compile()
        self.world = world

    def step(
        self, batches: list[tuple[Tensor, Tensor]], lr: float
    ) -> tuple[Tensor, Tensor]:
        """One optimizer step on some micro-batches: their mean loss, the gradient norm."""
        total = torch.zeros((), device=self.world.device)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        norm: Tensor | float | None = None
        for tokens, targets in batches:
            loss = self.loss(tokens, targets)
            self.loss.backward(loss)
            if self.loss.zero_optimization_stage() == 0:
                norm = nn.utils.get_total_norm(self.gradients())
            self.loss.step()
            total += loss.detach() / len(batches)
        if norm is None:
            norm = self.loss.get_global_grad_norm()
        return total, torch.as_tensor(norm)

    def gradients(self) -> list[Tensor]:
        """The gradients of the whole model; ZeRO keeps them elsewhere from stage 1 on."""
        return [p.grad for p in self.model.parameters() if p.grad is not None]

    def weights(self) -> dict[str, Tensor]:
        """The model's tensors, gathered one by one; all processes must call this."""
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.model.named_parameters():
            with self.deepspeed.zero.GatheredParameters([parameter]):
                if self.world.rank == 0:
                    tensors[name] = parameter.detach().float().cpu().clone()
        return tensors

    def save(self, folder: Path) -> None:
        """Write what later processes need to go on, beside the weights."""
        self.loss.save_checkpoint(str(folder), tag="deepspeed", save_latest=False)

    def load(self, folder: Path) -> None:
        """Go on from the state that `save` wrote; needs as many processes."""
        self.loss.load_checkpoint(str(folder), tag="deepspeed")


Engine = TorchEngine | DeepSpeedEngine


def read_config(options: argparse.Namespace, world: World) -> dict[str, Any]:
    """DeepSpeed's JSON, with what the command line sets in its place."""
    config = json.loads(options.deepspeed.read_text("utf-8"))
    for name in ("optimizer", "scheduler"):
        if name in config:
            world.stop(f"{options.deepspeed}: train.py sets the {name} itself")
    micro = config["train_micro_batch_size_per_gpu"]
    accumulation = config["gradient_accumulation_steps"]
    if options.batch is None:
        options.batch = CONTEXT * micro * accumulation * PROCESSES
    options.micro_batch = options.micro_batch or micro
    if options.precision is not None:
        dtype = str(DTYPES[options.precision]).removeprefix("torch.")
        enabled = options.precision != "fp32"
        for name in ("bf16", "fp16"):
            config.pop(name, None)
        config["torch_autocast"] = {"enabled": enabled, "dtype": dtype}
    now = count_accumulation(options, world)
    if now != accumulation:
        world.say(
            f"gradient accumulation {now} instead of {accumulation}: a batch of "
            f"{options.batch} tokens on {world.size} processes"
        )
    batch = {
        "train_micro_batch_size_per_gpu": options.micro_batch,
        "gradient_accumulation_steps": now,
    }
    return config | batch
