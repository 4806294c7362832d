@dataclass(frozen=True)
class World:
    """This process among all of them."""

    rank: int
    size: int
    device: torch.device

    def say(self, text: str) -> None:
        """Print a line, once for all processes."""
        if self.rank == 0:
            print(text, file=sys.stderr, flush=True)

    def stop(self, text: str, code: int = 2) -> NoReturn:
        """End all processes: what was asked for cannot be done."""
        self.say(f"train.py: {text}")
        raise SystemExit(code)

    def add(self, values: list[float]) -> list[float]:
        """Sums of numbers over all processes."""
        if self.size == 1:
            return values
        sums = torch.tensor(values, dtype=torch.double, device=self.device)
        dist.all_reduce(sums)
        return sums.tolist()

    def mean(self, value: Tensor) -> float:
        """Mean of a number over all processes."""
        return self.add([value.item()])[0] / self.size

    def share(self, value: Any) -> Any:
        """The value that the first process holds."""
        box = [value]
        if self.size > 1:
            dist.broadcast_object_list(box)
        return box[0]

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            dist.barrier()


def join_world(options: argparse.Namespace) -> World:
    """Meet the other processes, if the launcher started any."""
    alone = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "MASTER_PORT": 0}
    for name, value in alone.items():
        os.environ.setdefault(name, str(value))
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    device = pick_device(options.device)
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    if size > 1 or options.deepspeed:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return World(rank, size, device)


def pick_device(name: str) -> torch.device:
    """The device of this name; `auto` is the fastest there is."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def keeps_memory(options: argparse.Namespace, world: World) -> bool:
    """Whether malloc keeps freed memory: as --keep-memory says, or on the CPU."""
    if platform.libc_ver()[0] != "glibc":
        return False
    if options.keep_memory is None:
        return world.device.type == "cpu"
    return options.keep_memory


def keep_memory() -> None:
    """Have glibc's malloc keep freed memory in the process.

    Otherwise each step gives its large tensors back to the kernel, and pays for
    fresh pages at their first touch.
    """
    libc = ctypes.CDLL(None)
    gibibyte = 1 << 30
    libc.mallopt(-3, gibibyte)  # M_MMAP_THRESHOLD: smaller blocks come from the heap
    libc.mallopt(-1, 2 * gibibyte - 1)  # M_TRIM_THRESHOLD: free memory at the end stays
    libc.mallopt(-2, gibibyte >> 4)  # M_TOP_PAD: the heap grows in large steps
