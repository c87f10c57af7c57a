// Keys: arrows and WASD steer, digits choose, all others are commands. Whoever types into a field, moves a slider
// or stands on a button keeps the keys that these need.

import { COMMANDS, keyOf, type Command } from "./commands.ts";
import type { Drive } from "./drive.ts";

/** By place on the keyboard where they are letters, so that other layouts steer alike. */
const STEER: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
    KeyA: [-1, 0],
    KeyD: [1, 0],
    KeyW: [0, -1],
    KeyS: [0, 1],
};

export interface Keyed {
    /** Who is driven, once it is known. */
    drive(): Drive | null;
    run(command: Command): void;
    /** The pictures, within which Tab switches between futures. */
    stage: HTMLElement;
    /** Where Esc goes from there. */
    after: HTMLElement;
    /** Whether there is another future to switch to. */
    lanes(): number;
}

export function listenToKeys(keyed: Keyed): void {
    const held = new Set<string>();
    const steer = (): void => {
        let [x, y] = [0, 0];
        for (const code of held) {
            const [dx, dy] = STEER[code] ?? [0, 0];
            x += dx;
            y += dy;
        }
        keyed.drive()?.steer("keys", Math.sign(x), Math.sign(y));
    };
    document.addEventListener("keydown", (event) => {
        const target = event.target instanceof HTMLElement ? event.target : document.body;
        if (event.defaultPrevented || event.metaKey || event.altKey || keeps(target, event)) {
            return;
        }
        const drive = keyed.drive();
        if (event.code in STEER && !event.ctrlKey) {
            if (drive !== null && drive.way !== "sliders") {
                event.preventDefault();
                held.add(event.code);
                steer();
            }
            return;
        }
        if (drive?.way === "choice" && /^Digit\d$/.test(event.code) && !event.ctrlKey) {
            const digit = Number(event.code.slice(5));
            const index = digit === 0 ? 9 : digit - 1;
            if (index < drive.actions.names.length) {
                drive.hold(0, index);
            }
            return;
        }
        const key = keyOf(event);
        if (key === "Escape" && target === keyed.stage) {
            keyed.after.focus();
            return;
        }
        if (key === "Tab" && (target !== keyed.stage || keyed.lanes() < 2)) {
            return;
        }
        const command = COMMANDS.find((command) => command.key === key);
        if (command !== undefined) {
            event.preventDefault();
            if (!event.repeat || command.repeats === true) {
                keyed.run(command);
            }
        }
    });
    document.addEventListener("keyup", (event) => {
        if (held.delete(event.code)) {
            steer();
        }
    });
    // Keys that are let go elsewhere are never told.
    const forget = (): void => {
        held.clear();
        keyed.drive()?.letGo();
    };
    window.addEventListener("blur", forget);
    document.addEventListener("visibilitychange", forget);
}

/** Whether an element needs this key for itself. */
function keeps(target: HTMLElement, event: KeyboardEvent): boolean {
    if (target.closest("dialog") !== null) {
        return true;
    }
    if (target instanceof HTMLInputElement) {
        switch (target.type) {
            case "range":
                return event.key.startsWith("Arrow");
            case "checkbox":
                return event.key === " ";
            default:
                return true;
        }
    }
    if (target instanceof HTMLSelectElement) {
        return true;
    }
    return target.closest("button, summary, a") !== null && (event.key === " " || event.key === "Enter");
}
