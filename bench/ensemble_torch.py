"""Times Terrella's ensemble and its PyTorch twin, repetition by repetition in turn, and prints ratios.

Both sides hold the same weights (one safetensors file), learn from the same rows by the same loss and roll out the
same action sequences: 5 members of 3 hidden layers of 200; 256 rows a training step with AdamW (PyTorch's fused
one) and a joint clip; 216 sequences of 30 steps with all members, by their means or with noise of the told
variance. Before anything is timed, losses, gradient norm, states, rewards and ends must agree to 1e-3. How
threads and other programs are dealt with is told in torch_model.py, whose tools are used here.

Usage: ensemble_torch.py BENCH_BINARY [--rounds 15] [--seconds 30]
(BENCH_BINARY: cargo build --release -p terrella-model --example bench_ensemble)
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import torch_model as base

TASKS = ("train 256", "roll 216x30", "roll 216x30 noise")


class Twin:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        manifest = json.loads((self.folder / "model" / "model.json").read_text())
        self.about, self.train_config = manifest["interface"], manifest["train"]
        weights = load_file(self.folder / "model" / "weights.safetensors")
        n = manifest["model"]["layers"] + 1
        self.parameters = [weights[f"{kind}.{i}"].requires_grad_() for kind in ("weights", "biases") for i in range(n)]
        self.parameters += [weights[name].requires_grad_() for name in ("most", "least")]
        self.layers = list(zip(self.parameters[:n], self.parameters[n : 2 * n]))
        self.most, self.least = self.parameters[-2:]
        self.frozen = [p.detach().clone() for p in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=self.train_config["learning_rate"], weight_decay=self.train_config["weight_decay"], eps=1e-8, fused=True)
        self.members, self.end_weight = manifest["model"]["members"], manifest["model"]["end_weight"]
        self.beta = manifest["model"]["beta"]
        self.angle = self.about["angles"][0]
        stats = lambda name: [torch.tensor(self.about[name][k]) for k in ("mean", "std")]
        self.state, self.action, self.rate, self.reward = map(stats, ("state_stats", "action_stats", "rate_stats", "reward_stats"))
        self.dt = 1 / self.about["signature"]["fps"]
        array = lambda name: torch.from_numpy(np.load(self.folder / f"{name}.npy"))
        self.rows = [array(name) for name in ("states", "actions", "dt", "rewards", "ends")]
        self.sequences = array("sequences")
        self.weights = array("weights")
        self.start = torch.tensor([0.1, -0.2, 0.05, 0.3])

    def inputs(self, states, actions, dt):
        normal = (states - self.state[0]) / self.state[1]
        angle, i = states[..., self.angle : self.angle + 1], self.angle
        features = torch.cat([normal[..., :i], angle.sin(), angle.cos(), normal[..., i + 1 :]], -1)
        return torch.cat([features, (actions - self.action[0]) / self.action[1], dt], -1)

    def forward(self, x, layers, most, least):
        for weight, bias in layers[:-1]:
            x = F.silu(torch.baddbmm(bias, x, weight))
        x = torch.baddbmm(layers[-1][1], x, layers[-1][0])
        mean, spread, end = x.split([5, 5, 1], -1)
        spread = most - F.softplus(most - spread)
        return mean, least + F.softplus(spread - least), end[..., 0]

    def train(self):
        states, actions, dt, rewards, ends = self.rows
        before, after = states[:, 0], states[:, 1]
        change = after - before
        change[:, self.angle] = torch.remainder(change[:, self.angle] + torch.pi, 2 * torch.pi) - torch.pi
        rates = (change / dt[:, None] - self.rate[0]) / self.rate[1]
        y = torch.cat([rates, ((rewards - self.reward[0]) / self.reward[1])[:, None]], 1)
        x = self.inputs(before, actions, (dt / self.dt - 1)[:, None]).expand(self.members, -1, -1)
        mean, spread, end = self.forward(x, self.layers, self.most, self.least)
        square = (mean - y).square()
        surprise = (square * (-spread).exp() + spread) * self.weights[..., None]
        likelihood = surprise.mean()
        missed = (F.binary_cross_entropy_with_logits(end, ends.expand_as(end), reduction="none") * self.weights).mean()
        total = (surprise * (self.beta * spread.detach()).exp()).mean() + 0.01 * (self.most.sum() - self.least.sum()) + self.end_weight * missed
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.train_config["clip_norm"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return norm, total, likelihood, missed

    @torch.inference_mode()
    def roll(self, noise=False):
        n, layers = len(self.frozen) // 2 - 1, self.frozen
        pairs, (most, least) = list(zip(layers[:n], layers[n : 2 * n])), layers[-2:]
        states = self.start.expand(self.members, len(self.sequences), -1)
        usual = torch.zeros(self.members, len(self.sequences), 1)
        rolled, rewards, ends = [], [], []
        for step in range(self.sequences.shape[1]):
            actions = self.sequences[:, step].expand(self.members, -1, -1)
            mean, spread, end = self.forward(self.inputs(states, actions, usual), pairs, most, least)
            rates = mean[..., :4]
            if noise:
                rates = rates + (0.5 * spread[..., :4]).exp() * torch.randn_like(rates)
            states = states + self.dt * (rates * self.rate[1] + self.rate[0])
            rolled.append(states.mean(0))
            rewards.append((mean[..., 4] * self.reward[1] + self.reward[0]).mean(0))
            ends.append(end.sigmoid().mean(0))
        return torch.stack(rolled), torch.stack(rewards), torch.stack(ends)

    def check(self):
        array = lambda name: torch.from_numpy(np.load(self.folder / f"{name}.npy"))
        states, rewards, ends = self.roll()
        ours, outcomes = array("rolled"), array("outcomes")
        apart = lambda a, b: ((a - b).abs().max() / (1 + b.abs().max())).item()
        found = {"states": apart(states, ours), "rewards": apart(rewards, outcomes[:, 0]), "ends": apart(ends, outcomes[:, 1])}
        losses = json.loads((self.folder / "losses.json").read_text())
        norm, total, likelihood, missed = (x.item() for x in self.train())
        for name, value in (("total", total), ("likelihood", likelihood), ("end", missed), ("gradient_norm", norm)):
            found[name] = abs(losses[name] - value) / (1 + abs(value))
        wrong = {name: value for name, value in found.items() if not value <= 1e-3}
        if wrong:
            sys.exit(f"the twin disagrees: {wrong}; has the family changed? See bench/ensemble_torch.py")
        return found

    def time(self, task):
        begun = time.perf_counter()
        self.train() if task.startswith("train") else self.roll(task.endswith("noise"))
        return (time.perf_counter() - begun) * 1e3


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=30, help="stop the rounds of a task after this long (at least 3 rounds)")
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.abspath(options.binary)
        single, ours = base.Ours(binary, folder, "", 1), base.Ours(binary, folder, "", 2)
        twin = Twin(folder)
        checks = {"ensemble": twin.check()}
        own = lambda: sum(map(base.cpu_ns, [os.getpid(), ours.process.pid, single.process.pid])) / 1e9
        report = {"torch": torch.__version__, "checks": checks, "times": {}, "least": {}}
        before = time.monotonic(), base.busy_seconds(), own()
        for task in TASKS:
            sides = {
                "terrella": lambda: ours.time(task),
                "eager": lambda: twin.time(task),
                "eager, one thread": lambda: base.one_thread(lambda: twin.time(task)),
                "terrella, CPU": lambda: single.cpu_time(task),
                "eager, CPU": lambda: base.one_thread(lambda: base.cpu_time(os.getpid(), lambda: twin.time(task))),
            }
            for side in sides.values():
                side()
            times, begun = {name: [] for name in sides}, time.monotonic()
            while len(times["terrella"]) < options.rounds:
                if len(times["terrella"]) >= 3 and time.monotonic() - begun > options.seconds:
                    break
                for name, side in sides.items():
                    time.sleep(0.02)  # let the other side's threads go to sleep
                    times[name].append(side())
            report["times"][task] = times
            least = {name: min(values) for name, values in times.items()}
            report["least"][task] = least
            print(base.line(task, times), "fastest:", {k: round(v, 2) for k, v in least.items()}, file=sys.stderr, flush=True)
        wall, busy, mine = (b - a for a, b in zip(before, (time.monotonic(), base.busy_seconds(), own())))
        report["others"] = max(0.0, busy - mine) / (wall * os.cpu_count())
    print(base.markdown(report))
    print("\nFastest repetitions, ms (2 threads, or CPU time with 1): " + "; ".join(
        f"{task}: terrella {t['terrella']:.1f}, eager {min(t['eager'], t['eager, one thread']):.1f}; CPU {t['terrella, CPU']:.1f}, {t['eager, CPU']:.1f}"
        for task, t in report["least"].items()) + ".")


if __name__ == "__main__":
    main()
