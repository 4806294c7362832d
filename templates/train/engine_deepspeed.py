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

        self.deepspeed: Any = deepspeed
        self.model = model
        self.shapes = list_shapes(model)
        self.loss, self.optimizer, _, _ = self.deepspeed.initialize(
            model=Objective(model, None),
            optimizer=build_optimizer(model),
            config=config,
        )
        if options.compile:
            self.loss.compile()
        self.world = world

    def step(
        self, batches: list[tuple[Tensor, ...]], lr: float
    ) -> tuple[Tensor, Tensor]:
        """One optimizer step on some micro-batches: their mean loss, the gradient norm."""
        total = torch.zeros((), device=self.world.device)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        norm: Tensor | float = math.nan
        for batch in batches:
            loss = self.loss(*batch)
            self.loss.backward(loss)
            norm = self.local_norm()
            self.loss.step()
            total += loss.detach() / len(batches)
        norm = self.loss.get_global_grad_norm() or norm
        return total, torch.as_tensor(norm)

    def local_norm(self) -> Tensor | float:
        """The gradient norm where ZeRO is off, as DeepSpeed does not tell it there."""
        if self.loss.zero_optimization_stage() or self.loss.fp16_enabled():
            return math.nan
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        scaler = self.loss.torch_autocast_z0_gradscaler
        scale = scaler.get_scale() if scaler else 1.0
        return nn.utils.get_total_norm(gradients) / scale

    def weights(self) -> dict[str, Tensor]:
        """The model's fp32 tensors, gathered one by one; all processes must call this."""
        gather = self.deepspeed.utils.safe_get_full_fp32_param
        tensors: dict[str, Tensor] = {}
        for name, parameter in self.model.named_parameters():
            full = gather(parameter)
            if self.world.rank == 0:
                full = parameter.detach() if full is None else full
                tensors[name] = full.float().cpu().clone()
        return tensors

    def save(self, folder: Path) -> None:
        """Write what later processes need to go on, beside the weights."""
        self.loss.save_checkpoint(str(folder), tag="deepspeed", save_latest=False)

    def load(self, folder: Path) -> None:
        """Go on from the state that `save` wrote; needs as many processes."""
        self.loss.load_checkpoint(str(folder), tag="deepspeed")


Engine = TorchEngine | DeepSpeedEngine


def list_precision(precision: str, stage: int) -> dict[str, Any]:
    """DeepSpeed's keys for a precision, as ds_config.json has them for the recipe's."""
    if precision == "fp32":
        return {}
    if precision == "fp16" and stage > 0:
        # Under autocast with fp16, ZeRO clips the gradient before it unscales it.
        return {"fp16": {"enabled": True, "initial_scale_power": 16}}
    dtype = str(DTYPES[precision]).removeprefix("torch.")
    return {"torch_autocast": {"enabled": True, "dtype": dtype}}


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
    if options.precision is not None:
        for name in ("bf16", "fp16", "torch_autocast"):
            config.pop(name, None)
        stage = config.get("zero_optimization", {}).get("stage", 0)
        config |= list_precision(options.precision, stage)
    now = share_batch(options, world, micro)
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
