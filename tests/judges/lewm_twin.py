"""Judges size `l` against a PyTorch twin of LeWM, written from the specification of the recipe.

The twin is read from the same safetensors file, runs the same pictures and actions, and must agree:
in inference (embeddings, one-step predictions, rollout) to 1e-4, and on one training batch without
dropout (prediction error, SIGReg, every gradient). Running statistics after that batch are compared
with the unbiased variance that PyTorch keeps and with the biased one that Burn keeps.

Requirements (pinned; `lewm_twin.sh` installs them): torch==2.15.0 safetensors==0.8.0 numpy==2.4.6

Usage: lewm_twin.py FOLDER [--json]
(FOLDER: written by cargo run --release -p terrella-model --example parity -- FOLDER)
"""

import argparse
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
TOLERANCE = 1e-4
# How our names become the twin's, in this order; enum variants are part of a name in Burn.
NAMES = (
    ("predictor_projector.", "pred_proj."),
    (".Vit.", "."),
    (".Patch.", "."),
    (".Batch.", "."),
    (".Linear.", "."),
    ("encoder.class", "encoder.cls"),
    ("gamma", "weight"),
    ("beta", "bias"),
)


class EncoderBlock(nn.Module):
    """Pre-norm block of the "tiny" vision transformer."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm_before, self.norm_after = nn.LayerNorm(width, 1e-12), nn.LayerNorm(width, 1e-12)
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.output = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.norm_before(x)
        q, k, v = (f(h).unflatten(-1, (self.heads, -1)).transpose(1, 2) for f in (self.query, self.key, self.value))
        x = x + self.output(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm_after(x))))


class Encoder(nn.Module):
    """Class token of a vision transformer over 14×14 patches."""

    def __init__(self, side=224, patch=14, width=192, depth=12, heads=3):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, stride=patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, (side // patch) ** 2 + 1, width))
        self.blocks = nn.ModuleList(EncoderBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, 1e-12)

    def forward(self, pictures):
        x = self.patch(pictures).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x[:, 0])


class Projector(nn.Module):
    def __init__(self, width=192, hidden=2048):
        super().__init__()
        self.first, self.norm, self.second = nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.Linear(hidden, width)

    def forward(self, x):
        return self.second(F.gelu(self.norm(self.first(x.flatten(0, -2))))).unflatten(0, x.shape[:-1])


class ActionEncoder(nn.Module):
    def __init__(self, block, width):
        super().__init__()
        self.squeeze = nn.Linear(block, 10)
        self.up, self.down = nn.Linear(10, 4 * width), nn.Linear(4 * width, width)

    def forward(self, blocks):
        return self.down(F.silu(self.up(self.squeeze(blocks))))


class ConditionalBlock(nn.Module):
    """AdaLN-zero block; attention and MLP each begin with an affine norm of their own."""

    def __init__(self, width, heads, head, hidden, dropout, activation):
        super().__init__()
        self.heads, self.width, self.dropout, self.activation = heads, width, dropout, activation
        self.modulation = nn.Linear(width, 6 * width)
        self.attention_norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * heads * head, bias=False)
        self.output = nn.Linear(heads * head, width)
        self.up, self.down = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def drop(self, x):
        return F.dropout(x, self.dropout, self.training)

    def attention(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.drop(self.output(mixed.transpose(1, 2).flatten(2)))

    def mlp(self, x):
        return self.drop(self.down(self.drop(self.activation(self.up(x)))))

    def forward(self, x, action):
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.modulation(F.silu(action)).chunk(6, -1)
        plain = lambda x: F.layer_norm(x, (self.width,), eps=1e-6)
        x = x + gate * self.attention(self.attention_norm(plain(x) * (1 + scale) + shift))
        return x + mlp_gate * self.mlp(self.mlp_norm(plain(x) * (1 + mlp_scale) + mlp_shift))


class Predictor(nn.Module):
    def __init__(self, width=192, history=3, depth=6, heads=16, head=64, hidden=2048, dropout=0.1, activation=F.gelu):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, history, width))
        blocks = (ConditionalBlock(width, heads, head, hidden, dropout, activation) for _ in range(depth))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)

    def forward(self, latents, actions):
        x = latents + self.position[:, : latents.shape[1]]
        for block in self.blocks:
            x = block(x, actions)
        return self.norm(x)


class LatentModel(nn.Module):
    """What the sizes share: encoder and projector, action encoder, predictor and its projector."""

    residual = False

    def encode(self, pictures):
        return self.projector(self.encoder(pictures))

    def predict(self, latents, actions):
        out = self.pred_proj(self.predictor(latents, actions))
        return latents + out if self.residual else out

    def roll_out(self, first, actions):
        latents = [first]
        for step in range(actions.shape[1]):
            start = max(0, step + 1 - self.history)
            window = torch.stack(latents[start:], 1)
            latents.append(self.predict(window, actions[:, start : step + 1])[:, -1])
        return torch.stack(latents[1:], 1)


class LeWM(LatentModel):
    """The published model: 18,034,478 parameters with ten action numbers a block."""

    def __init__(self, block=10, history=3):
        super().__init__()
        self.history = history
        self.encoder, self.projector, self.pred_proj = Encoder(), Projector(), Projector()
        self.action, self.predictor = ActionEncoder(block, 192), Predictor(history=history)


def pixels(images):
    """uint8 [n, h, w, 3] → normalised [n, 3, h, w]."""
    return ((images.float() / 255 - MEAN) / STD).permute(0, 3, 1, 2)


def sigreg(latents, directions):
    """Epps–Pulley distance of [batch, time, latent] to a standard normal along unit directions [n, latent]."""
    t = torch.linspace(0, 3, 17)
    weight = torch.full_like(t, 2 * 3 / 16)
    weight[[0, -1]] = 3 / 16
    gauss = torch.exp(-t.square() / 2)
    x = (latents.transpose(0, 1) @ directions.T).unsqueeze(-1) * t  # [time, batch, n, knots]
    error = (x.cos().mean(1) - gauss).square() + x.sin().mean(1).square()
    return (error @ (weight * gauss)).mean() * latents.shape[0]


def translate(name):
    """Our tensor's name in the twin."""
    for ours, theirs in NAMES:
        name = name.replace(ours, theirs)
    return name


def reshape(array, like):
    """Linear weights lie transposed in Burn; patches and positions only differ by leading ones."""
    if array.ndim == 2 and like.ndim in (2, 4):
        array = array.T
    return array.reshape(like.shape)


def load(model, path):
    """Fills a twin from a safetensors file; every tensor on both sides must find its partner."""
    state = model.state_dict()
    wanted = {name for name in state if not name.endswith("num_batches_tracked")}
    for ours, value in load_file(path).items():
        name = translate(ours)
        state[name] = reshape(value, state[name]).contiguous().clone()
        wanted.remove(name)
    assert not wanted, f"without a partner: {sorted(wanted)}"
    model.load_state_dict(state)
    return model


def blocks(actions, stats, frame_skip):
    """Action blocks in log units → normalised."""
    mean, std = (torch.tensor(stats[k]).repeat(frame_skip) for k in ("mean", "std"))
    return (actions - mean) / std


def compare(folder):
    array = lambda name: torch.from_numpy(np.load(os.path.join(folder, name + ".npy")))
    with open(os.path.join(folder, "model", "model.json")) as file:
        manifest = json.load(file)
    with open(os.path.join(folder, "training.json")) as file:
        training = json.load(file)
    model = load(LeWM(history=manifest["model"]["history"]), os.path.join(folder, "model", "weights.safetensors"))
    pictures = pixels(array("pictures"))
    actions = blocks(array("actions"), manifest["interface"]["action_stats"], manifest["model"]["frame_skip"])
    clips, history = actions.shape[:2]
    rows = []

    def row(what, ours, theirs, limit=None):
        difference = (ours - theirs).abs().max().item()
        rows.append({"what": what, "largest value": theirs.abs().max().item(), "max difference": difference, "limit": limit})

    model.eval()
    with torch.no_grad():
        latents = model.encode(pictures).unflatten(0, (clips, -1))
        embedded = model.action(actions)
        row("embedding", array("embeddings"), latents, TOLERANCE)
        row("prediction", array("predictions"), model.predict(latents[:, :history], embedded), TOLERANCE)
        row("rollout", array("rolled"), model.roll_out(latents[:, 0], embedded), TOLERANCE)

    model.train()
    for module in model.modules():
        module.dropout = 0.0
    latents = model.encode(pictures).unflatten(0, (clips, -1))
    predict = F.mse_loss(model.predict(latents[:, :history], model.action(actions)), latents[:, 1:])
    gaussian = sigreg(latents, array("directions"))
    (predict + training["sigreg_weight"] * gaussian).backward()
    row("training: prediction error", torch.tensor(training["predict"]), predict.detach(), TOLERANCE)
    row("training: SIGReg", torch.tensor(training["sigreg"]), gaussian.detach(), TOLERANCE)

    numbers, theirs = array("gradients"), dict(model.named_parameters())
    ours, missing = {}, set(theirs)
    for name, (start, shape) in training["gradients"].items():
        ours[translate(name)] = numbers[start : start + int(np.prod(shape))].reshape(shape)
    worst, joint = (0.0, ""), [0.0, 0.0]
    for name, parameter in theirs.items():
        grad = reshape(ours[name], parameter)
        missing.discard(name)
        worst = max(worst, ((grad - parameter.grad).abs().max().item(), name))
        joint = [joint[0] + grad.double().square().sum().item(), joint[1] + parameter.grad.double().square().sum().item()]
    assert not missing, f"no gradient of ours for {sorted(missing)}"
    largest = max(p.grad.abs().max().item() for p in theirs.values())
    rows.append({"what": f"training: gradients of {len(theirs)} tensors", "largest value": largest, "max difference": worst[0], "limit": TOLERANCE / 10})
    rows.append({"what": "training: joint gradient norm", "largest value": joint[1] ** 0.5,
                 "max difference": abs(joint[0] ** 0.5 - joint[1] ** 0.5), "limit": TOLERANCE})

    buffers = dict(model.named_buffers())
    for name, n in (("projector", clips * (history + 1)), ("pred_proj", clips * history)):
        row(f"running mean, {name}", ours[f"{name}.norm.running_mean"], buffers[f"{name}.norm.running_mean"], TOLERANCE)
        before = load_file(os.path.join(folder, "model", "weights.safetensors"))
        old = before[{"projector": "projector", "pred_proj": "predictor_projector"}[name] + ".Batch.norm.running_var"]
        kept = buffers[f"{name}.norm.running_var"]
        row(f"running variance, {name} (PyTorch's: unbiased)", ours[f"{name}.norm.running_var"], kept)
        biased = 0.9 * old + (kept - 0.9 * old) * (n - 1) / n
        row(f"running variance, {name} (biased)", ours[f"{name}.norm.running_var"], biased, TOLERANCE)
    return {"torch": torch.__version__, "parameters": sum(p.numel() for p in model.parameters()),
            "worst gradient": worst[1], "rows": rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(2)
    report = compare(options.folder)
    failed = [r["what"] for r in report["rows"] if r["limit"] is not None and not r["max difference"] <= r["limit"]]
    if options.json:
        json.dump(report, sys.stdout, indent=1)
    else:
        print(f"size l against its twin in PyTorch {report['torch']}, {report['parameters']:,} parameters")
        print(f"{'':50}{'largest value':>15}{'max difference':>16}{'limit':>9}")
        for r in report["rows"]:
            limit = "" if r["limit"] is None else f"{r['limit']:.0e}"
            print(f"{r['what']:50}{r['largest value']:15.4f}{r['max difference']:16.2e}{limit:>9}")
        print(f"failed: {', '.join(failed)}" if failed else "all within their limits")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
