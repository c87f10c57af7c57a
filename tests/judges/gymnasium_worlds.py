"""Steps Gymnasium's worlds and ours from equal states with equal actions and compares everything."""

import json
import subprocess
import sys

import gymnasium
import numpy as np

STEPS, TOLERANCE = 1000, 1e-6
rng = np.random.default_rng(0)
worst_of_all = 0.0
for ours, theirs in [("pendulum", "Pendulum-v1"), ("cart_pole", "CartPole-v1")]:
    env = gymnasium.make(theirs).unwrapped
    lines, expected = [], []
    while sum(map(len, expected)) < STEPS:
        env.reset(seed=len(lines))
        state, actions, steps = [float(x) for x in env.state], [], []
        while sum(map(len, expected)) + len(steps) < STEPS:
            if ours == "cart_pole":
                action = int(rng.integers(2))
                sent = [action]
            else:
                action = rng.uniform(-2, 2, 1).astype(np.float32)
                sent = [float(action[0])]
            seen, reward, terminated, _, _ = env.step(action)
            actions.append(sent)
            steps.append(([float(x) for x in env.state], seen.tolist(), float(reward), bool(terminated)))
            if terminated:
                break
        lines.append(json.dumps({"id": ours, "state": state, "actions": actions}))
        expected.append(steps)
    out = subprocess.run([sys.argv[1]], input="\n".join(lines), capture_output=True, text=True, check=True)
    got = [json.loads(line) for line in out.stdout.splitlines()]
    assert [len(e) for e in expected] == [len(g) for g in got]
    pairs = [p for e, g in zip(expected, got) for p in zip(e, g)]
    assert all(e[3] == g[3] for e, g in pairs), f"{ours}: terminations differ"
    worst = [max(float(np.abs(np.subtract(e[i], g[i])).max()) for e, g in pairs) for i in range(3)]
    print(f"{ours}: {len(pairs)} steps, {len(lines)} episodes; worst state, observation, reward: {worst}")
    worst_of_all = max(worst_of_all, *worst)
sys.exit(f"worst difference {worst_of_all}" if not worst_of_all <= TOLERANCE else 0)
