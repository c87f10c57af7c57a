"""Steps Gymnasium's worlds and ours from equal states with equal actions and compares everything.

Half of the actions outside of choices lie out of bounds, so that the order of limiting shows.
"""

import json
import subprocess
import sys

import gymnasium
import numpy as np

STEPS, TOLERANCE = 1000, 1e-6
WORLDS = {
    "pendulum": "Pendulum-v1",
    "cart_pole": "CartPole-v1",
    "acrobot": "Acrobot-v1",
    "mountain_car": "MountainCarContinuous-v0",
}
# From chance alone Acrobot and the mountain car never arrive; these states are close to the end.
CLOSE = {
    "acrobot": [[2.9, 0.1, 2.0, 0.0], [2.0, 0.5, 3.0, 1.0], [-2.8, -0.3, -9.0, -20.0]],
    "mountain_car": [[0.4, 0.06], [0.3, 0.069], [-1.19, -0.06], [0.449, -0.01], [0.0, 0.05]],
}
rng = np.random.default_rng(0)
worst_of_all = 0.0
for ours, theirs in WORLDS.items():
    env = gymnasium.make(theirs, disable_env_checker=True)
    choices = getattr(env.action_space, "n", None)
    starts = [None] * 2 + CLOSE.get(ours, [])
    lines, expected, count = [], [], 0
    while count < STEPS or len(lines) < len(starts):
        env.reset(seed=len(lines))
        start = starts[len(lines)] if len(lines) < len(starts) else None
        if start is not None:
            # The mountain car keeps singles once it moves.
            env.unwrapped.state = np.array(start, np.float32 if ours == "mountain_car" else np.float64)
        state, actions, steps = [float(x) for x in env.unwrapped.state], [], []
        while start is None or len(steps) < 100:
            if choices:
                action = int(rng.integers(choices))
                sent = [action]
            else:
                action = (2 * rng.uniform(env.action_space.low, env.action_space.high)).astype(np.float32)
                sent = [float(action[0])]
            seen, reward, terminated, truncated, _ = env.step(action)
            actions.append(sent)
            now = [float(x) for x in env.unwrapped.state]
            steps.append((now, seen.tolist(), float(reward), bool(terminated), bool(truncated)))
            if terminated or truncated:
                break
        lines.append(json.dumps({"id": ours, "state": state, "actions": actions}))
        expected.append(steps)
        count += len(steps)
    out = subprocess.run([sys.argv[1]], input="\n".join(lines), capture_output=True, text=True, check=True)
    got = [json.loads(line) for line in out.stdout.splitlines()]
    assert [len(e) for e in expected] == [len(g) for g in got]
    pairs = [p for e, g in zip(expected, got) for p in zip(e, g)]
    for i, what in [(3, "terminations"), (4, "truncations")]:
        assert all(e[i] == g[i] for e, g in pairs), f"{ours}: {what} differ"
    worst = [max(float(np.abs(np.subtract(e[i], g[i])).max()) for e, g in pairs) for i in range(3)]
    ends = f"{sum(e[3] for e, _ in pairs)} terminated, {sum(e[4] for e, _ in pairs)} truncated"
    print(f"{ours}: {len(pairs)} steps, {len(lines)} episodes, {ends}; worst state, observation, reward: {worst}")
    worst_of_all = max(worst_of_all, *worst)
sys.exit(f"worst difference {worst_of_all}" if not worst_of_all <= TOLERANCE else 0)
