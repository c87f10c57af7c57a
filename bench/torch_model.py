"""Times Terrella's models and their PyTorch twins, repetition by repetition in turn, and prints ratios.

Both sides hold the same weights (read from one safetensors file) and take the same bytes as pictures
and the same actions. Each task is measured twice: in wall time with two threads, and in CPU time with
one, which other programs on the machine disturb less (CPU time is read from the scheduler). Before anything is timed the outputs must agree to 1e-3, and so
must the losses of a training step and their joint gradient norm where no dropout is involved. A
training step goes from uint8 pictures to updated weights: forward (one-step prediction, rollout from
the first frame, SIGReg), backward, global clip, AdamW (PyTorch's fused one). A plan is CEM with 8
elites over 5 blocks. `compiled` is torch.compile of the loss, of the encoder and of the rollout's cost.

The two-thread ratio is taken against the faster of PyTorch's two and one threads: when another program
holds a core, OpenMP's spinning barriers can make two threads ten times slower than one, which says
nothing about PyTorch. The caption tells how much of the machine others used; above a tenth the table is
marked as disturbed, and only its one-thread columns should be quoted.

Requirements (pinned; bench/run.sh installs them): torch==2.15.0 safetensors==0.8.0 numpy==2.4.6

Usage: torch_model.py BENCH_BINARY [--tasks xs] [--rounds 15] [--seconds 40] [--no-compile] [--json FILE]
(BENCH_BINARY: cargo build --release -p terrella-model --example bench_model)
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests" / "judges"))
import lewm_twin as twin

# Pixels averaged into one before patches are cut; everything else is read off the weights.
SHRINK = {"xs": 2, "s": 2, "m": 1, "l": 1}
SHARPNESS, HEAD, PLACE = 4.0, 32, 5
ELITES, HORIZON, MIN_STD = 8, 5, 0.05


class PatchEncoder(nn.Module):
    """Overlapping patches, learnt queries that each look somewhere, two wide layers."""

    def __init__(self, weights, side):
        super().__init__()
        shape = lambda name: weights[f"encoder.Patch.{name}"].shape
        values, hidden = shape("embed.weight")
        content, queries = shape("queries.weight")
        patch, cells = int((values // 3) ** 0.5), int(shape("position")[0] ** 0.5)
        stride = side // cells
        self.margin = (patch - stride) // 2
        self.embed = nn.Conv2d(3, hidden, patch, stride)
        self.position = nn.Parameter(torch.zeros(1, cells * cells, hidden))
        self.content, self.queries = nn.Linear(hidden, content), nn.Linear(content, queries)
        self.norm = nn.BatchNorm1d(queries * (content + PLACE))
        self.mix, self.head = nn.Linear(*shape("mix.weight")), nn.Linear(*shape("head.weight"))
        at = (2 * torch.arange(cells) + 1) / cells - 1
        y, x = (a.flatten() for a in torch.meshgrid(at, at, indexing="ij"))
        self.register_buffer("places", torch.stack([x, y, x * y, x * x, y * y], 1), persistent=False)

    def forward(self, pictures):
        x = F.pad(pictures, (self.margin,) * 4, mode="replicate")
        x = F.relu(self.embed(x).flatten(2).transpose(1, 2) + self.position)
        x = F.relu(self.content(x))
        looks = (self.queries(x) * SHARPNESS).transpose(1, 2).softmax(2)
        seen = looks @ torch.cat([x, self.places.expand(len(x), -1, -1)], 2)
        return F.relu(self.head(F.relu(self.mix(self.norm(seen.flatten(1))))))


class Small(twin.LatentModel):
    """Sizes xs, s and m."""

    residual = True

    def __init__(self, weights, history, side):
        super().__init__()
        self.history = history
        linear = lambda name: nn.Linear(*weights[name + ".weight"].shape)
        width = weights["predictor.position"].shape[1]
        depth = sum(name.endswith("modulation.bias") for name in weights)
        inner, hidden = weights["predictor.blocks.0.output.weight"].shape[0], weights["predictor.blocks.0.up.bias"].shape[0]
        self.encoder = PatchEncoder(weights, side)
        self.projector, self.pred_proj = linear("projector.Linear"), linear("predictor_projector.Linear")
        self.action = twin.ActionEncoder(weights["action.squeeze.weight"].shape[0], width)
        self.predictor = twin.Predictor(width, history, depth, inner // HEAD, HEAD, hidden, 0.0, F.relu)


class Twin:
    """One size: model, inputs, and the things that are timed."""

    def __init__(self, folder, compiled):
        folder = pathlib.Path(folder)
        self.size, self.folder = folder.name, folder
        manifest = json.loads((folder / "model" / "model.json").read_text())
        self.history, self.model_config, self.train_config = manifest["model"]["history"], manifest["model"], manifest["train"]
        stats = manifest["interface"]["action_stats"]
        skip = manifest["model"]["frame_skip"]
        self.normalise = lambda actions: twin.blocks(actions, stats, skip)
        path = folder / "model" / "weights.safetensors"
        self.pictures, self.actions = self.array("pictures"), self.array("actions")
        side = self.pictures.shape[1] // SHRINK[self.size]
        model = twin.LeWM(history=self.history) if self.size == "l" else Small(load_file(path), self.history, side)
        self.model = twin.load(model, path)
        self.planner = twin.load(type(model)(history=self.history) if self.size == "l" else Small(load_file(path), self.history, side), path).eval()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=self.train_config["learning_rate"], weight_decay=self.train_config["weight_decay"], fused=True)
        self.mean, self.std = (torch.tensor(stats[k]).repeat(skip).expand(HORIZON, -1) for k in ("mean", "std"))
        wrap = torch.compile if compiled else lambda f: f
        self.loss, self.encode, self.cost = wrap(self._loss), wrap(self._encode), wrap(self._cost)
        with torch.inference_mode():
            self.start, self.goal = self._encode(self.pictures[:1]), self._encode(self.pictures[3:4])

    def array(self, name):
        return torch.from_numpy(np.load(self.folder / f"{name}.npy"))

    def pixels(self, images):
        """uint8 [n, h, w, 3] → normalised [n, 3, h, w], shrunk first as the model wants it."""
        shrink = SHRINK[self.size]
        if shrink == 1:
            return twin.pixels(images)
        levels = torch.floor(F.avg_pool2d(images.permute(0, 3, 1, 2).float(), shrink) + 0.5)
        return (levels / 255 - twin.MEAN[:, None, None]) / twin.STD[:, None, None]

    def _loss(self, images, actions, directions):
        model, clips = self.model, len(actions)
        latents = model.encode(self.pixels(images)).unflatten(0, (clips, -1))
        embedded = model.action(self.normalise(actions))
        targets = latents[:, 1:]
        predict = F.mse_loss(model.predict(latents[:, : self.history], embedded[:, : self.history]), targets[:, : self.history])
        rollout = F.mse_loss(model.roll_out(latents[:, 0], embedded), targets)
        gaussian = twin.sigreg(latents, directions)
        weights = self.model_config["weights"]
        return predict + weights["rollout"] * rollout + weights["sigreg"] * gaussian, predict, rollout, gaussian

    def train(self, directions=None):
        """One step; the joint gradient norm and the losses."""
        self.model.train()
        if directions is None:
            directions = F.normalize(torch.randn(self.model_config["directions"], self.goal.shape[1]), dim=1)
        losses = self.loss(self.pictures, self.actions, directions)
        losses[0].backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.train_config["clip_norm"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm, losses

    def _encode(self, images):
        return self.planner.encode(self.pixels(images))

    def _cost(self, start, goal, blocks):
        """Half the last distance, half the smallest on the way, for [samples, horizon, block]."""
        embedded = self.planner.action(self.normalise(blocks))
        distance = (self.planner.roll_out(start.expand(len(blocks), -1), embedded) - goal).square().mean(2)
        return 0.5 * distance[:, -1] + 0.5 * distance.amin(1)

    def plan(self, samples, iterations):
        mean, std, best = self.mean, self.std, None
        for _ in range(iterations):
            draws = mean + std * torch.randn(samples, *mean.shape)
            draws[0] = mean
            draws = draws.clamp(0, 512)
            cost = self.cost(self.start, self.goal, draws)
            elites = draws[cost.topk(ELITES, largest=False).indices]
            if best is None or cost.min() < best[0]:
                best = cost.min(), draws[cost.argmin()]
            mean, std = elites.mean(0), torch.maximum(elites.std(0, correction=0), MIN_STD * self.std)
        return best[1]

    def check(self):
        """Fails unless outputs and losses agree with what Terrella wrote; returns the differences."""
        with torch.inference_mode():
            ours = self.array("embeddings")
            clips, frames = ours.shape[:2]
            latents = self._encode(self.pictures[: clips * frames]).unflatten(0, (clips, frames))
            rolled = self.planner.roll_out(latents[:, 0], self.planner.action(self.normalise(self.actions[:clips])))
        found = {"embedding": (ours - latents).abs().max().item(), "rollout": (self.array("rolled") - rolled).abs().max().item()}
        losses = json.loads((self.folder / "losses.json").read_text())
        norm, (_, predict, rollout, gaussian) = self.train(self.array("directions"))
        found["sigreg"] = abs(losses["sigreg"] - gaussian.item())
        if self.size != "l":  # the large size trains with dropout
            found["prediction error"] = abs(losses["predict"] - predict.item())
            found["rollout error"] = abs(losses["rollout"] - rollout.item())
            found["gradient norm, relative"] = abs(losses["gradient_norm"] / norm.item() - 1)
        wrong = {k: v for k, v in found.items() if not v <= 1e-3}
        if wrong:
            sys.exit(f"size {self.size}: the twin disagrees: {wrong}; has the architecture changed? See bench/torch_model.py")
        return found

    def time(self, task):
        begun = time.perf_counter()
        kind, _, numbers = task.partition(" ")
        if kind == "train":
            self.train()
        else:
            with torch.inference_mode():
                sizes = [int(n) for n in numbers.split("x")]
                self.encode(self.pictures[: sizes[0]]) if kind == "encode" else self.plan(*sizes[:2])
        return (time.perf_counter() - begun) * 1e3


class Ours:
    """Terrella's side: a process that times one repetition for each line it reads."""

    def __init__(self, binary, folder, tasks, threads):
        environment = dict(os.environ, MIMALLOC_PURGE_DELAY="-1", RAYON_NUM_THREADS=str(threads))
        command = [binary, "--serve", folder, *(["--tasks", tasks] if tasks else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment)
        self.read("ready")

    def read(self, wanted=None):
        line = self.process.stdout.readline().strip()
        if not line or (wanted and line != wanted):
            sys.exit(f"{self.process.args[0]} stopped: {line or 'no answer'}")
        return line

    def time(self, task):
        self.process.stdin.write(task + "\n")
        return float(self.read())

    def cpu_time(self, task):
        return cpu_time(self.process.pid, lambda: self.time(task))


def cpu_ns(pid):
    """Nanoseconds that a process's threads have run."""
    total = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((thread / "schedstat").read_text().split()[0])
    return total


def cpu_time(pid, work):
    """Milliseconds of CPU that `work` costs a process."""
    before = cpu_ns(pid)
    work()
    return (cpu_ns(pid) - before) / 1e6


def one_thread(work):
    torch.set_num_threads(1)
    try:
        return work()
    finally:
        torch.set_num_threads(2)


def busy_seconds():
    """CPU seconds that the whole machine has worked."""
    user, nice, system = (int(n) for n in pathlib.Path("/proc/stat").read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--tasks", default="", help="only tasks that begin with this")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=40, help="stop the rounds of a task after this long (at least 3 rounds)")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--json", help="also write all times to this file")
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)

    with tempfile.TemporaryDirectory() as folder:
        single = Ours(os.path.abspath(options.binary), folder, options.tasks, 1)
        ours = Ours(os.path.abspath(options.binary), folder, options.tasks, 2)
        sizes = [size for size in ("xs", "s", "l") if os.path.exists(os.path.join(folder, size))]
        twins = {size: {"eager": Twin(os.path.join(folder, size), False)} for size in sizes}
        checks = {size: pair["eager"].check() for size, pair in twins.items()}
        if not options.no_compile:
            for size in sizes:
                twins[size]["compiled"] = Twin(os.path.join(folder, size), True)
        processes = [os.getpid(), ours.process.pid, single.process.pid]
        own = lambda: sum(map(cpu_ns, processes)) / 1e9
        report = {"torch": torch.__version__, "checks": checks, "times": {}}
        before = time.monotonic(), busy_seconds(), own()
        for task in TASKS:
            size, _, rest = task.partition(" ")
            if not task.startswith(options.tasks) or size not in twins:
                continue
            eager = twins[size]["eager"]
            sides = {
                "terrella": lambda: ours.time(task),
                **{name: lambda twin=twin: twin.time(rest) for name, twin in twins[size].items()},
                "eager, one thread": lambda: one_thread(lambda: eager.time(rest)),
                "terrella, CPU": lambda: single.cpu_time(task),
                "eager, CPU": lambda: one_thread(lambda: cpu_time(os.getpid(), lambda: eager.time(rest))),
            }
            for name in ("terrella", "terrella, CPU", *twins[size]):
                sides[name]()
            times, begun = {name: [] for name in sides}, time.monotonic()
            while len(times["terrella"]) < options.rounds:
                if len(times["terrella"]) >= 3 and time.monotonic() - begun > options.seconds:
                    break
                for name, side in sides.items():
                    time.sleep(0.02)  # let the other side's threads go to sleep
                    times[name].append(side())
            report["times"][task] = times
            print(line(task, times), file=sys.stderr, flush=True)
        wall, busy, mine = (b - a for a, b in zip(before, (time.monotonic(), busy_seconds(), own())))
        report["others"] = max(0.0, busy - mine) / (wall * os.cpu_count())
    print(markdown(report))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1))


TASKS = ("xs train 64x4", "xs encode 64", "xs plan 64x5x5", "xs plan 300x30x5", "s train 64x4", "s encode 64",
         "s plan 64x5x5", "l train 2x4", "l encode 8", "l plan 64x5x5")


COLUMNS = ("task", "terrella ms", "eager ms", "compiled ms", "against eager", "against compiled",
           "terrella CPU ms", "eager CPU ms", "against eager, CPU", "rounds")


def line(task, times):
    median = {name: statistics.median(values) for name, values in times.items()}
    eager = min(median["eager"], median["eager, one thread"])
    compiled = median.get("compiled")
    ms = lambda value: "–" if value is None else f"{value:.1f}"
    ratio = lambda a, b: "–" if a is None else f"{a / b:.2f}×"
    ours, ours_cpu = median["terrella"], median["terrella, CPU"]
    cells = (task, ms(ours), ms(eager), ms(compiled), ratio(eager, ours), ratio(compiled, ours),
             ms(ours_cpu), ms(median["eager, CPU"]), ratio(median["eager, CPU"], ours_cpu), str(len(times["terrella"])))
    return f"| {' | '.join(cells)} |"


def markdown(report):
    worst = {size: max(found.values()) for size, found in report["checks"].items()}
    agree = ", ".join(f"{size} {value:.1e}" for size, value in worst.items())
    others = report["others"]
    quiet = "" if others < 0.1 else " **Disturbed: quote the CPU columns only.**"
    return "\n".join([
        f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *(line(*item) for item in report["times"].items()), "",
        f"Medians. PyTorch {report['torch']}; the first columns are wall time with 2 threads (eager: the faster of 2 and 1), the CPU columns "
        f"CPU time with 1 thread. Largest difference of outputs, losses and relative gradient norm before timing: {agree}. "
        f"Other programs used {100 * others:.0f} % of the machine meanwhile.{quiet}"])


if __name__ == "__main__":
    main()
