// Gamepads: the left stick and the cross steer; four buttons pause, go back, branch and switch. A pad has no
// events, so it is asked once before each picture.

import { COMMANDS, type Command } from "./commands.ts";
import type { Drive } from "./drive.ts";

/** Sticks seldom rest at zero: this much is none. */
const DEAD = 0.15;

/** Buttons of the standard layout, and the commands that they give: A, B, X, Y. */
export const BUTTONS: [number, string][] = [
    [0, "pause"],
    [1, "back10"],
    [2, "branch"],
    [3, "lane"],
];

export class Gamepads {
    private readonly down = new Set<string>();

    /** Reads all pads: steers, and runs the command of each button that is newly pressed. */
    poll(drive: Drive, run: (command: Command) => void): void {
        let [x, y] = [0, 0];
        for (const pad of navigator.getGamepads?.() ?? []) {
            if (pad === null || !pad.connected) {
                continue;
            }
            const pressed = (i: number): number => (pad.buttons[i]?.pressed === true ? 1 : 0);
            x += live(pad.axes[0]) + pressed(15) - pressed(14);
            y += live(pad.axes[1]) + pressed(13) - pressed(12);
            for (const [button, id] of BUTTONS) {
                const key = `${pad.index}:${button}`;
                if (pressed(button) === 0) {
                    this.down.delete(key);
                } else if (!this.down.has(key)) {
                    this.down.add(key);
                    const command = COMMANDS.find((command) => command.id === id);
                    if (command !== undefined) {
                        run(command);
                    }
                }
            }
        }
        drive.steer("gamepad", Math.min(1, Math.max(-1, x)), Math.min(1, Math.max(-1, y)));
    }
}

/** A stick's number, 0 within the dead part and 1 still at the end. */
function live(axis: number | undefined): number {
    const size = Math.abs(axis ?? 0);
    return size < DEAD ? 0 : (Math.sign(axis ?? 0) * (size - DEAD)) / (1 - DEAD);
}
