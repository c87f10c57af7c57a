// The action that is held, made of whatever moves it: keys, sticks, a pointer, sliders, buttons.
//
// Where actions are targets, steering moves the target at a steady pace; where they are displacements, it is the
// action, and zero when let go. Directions are those of the picture: x to the right, y down.

import type { Actions, Header } from "./protocol.ts";

/** What steering does: move a target, be a push, pick among choices, or nothing (three numbers and more). */
export type Way = "target" | "push" | "choice" | "sliders";

/** A target crosses its range in two seconds, which is quick and still lets one stop where one means to. */
const CROSSING_MS = 2000;

const SIDES = {
    left: ["left", "back", "backward"],
    right: ["right", "forth", "forward"],
    up: ["up", "jump"],
    down: ["down"],
    rest: ["stay", "rest", "none", "noop", "nothing", "idle", "coast", "wait"],
};

export class Drive {
    readonly way: Way;
    /** Whether the two numbers of an action are x and y of the picture's plane. */
    readonly planar: boolean;
    action: number[];
    /** Somebody else drives; what is held here is what they do, until a hand takes over. */
    shadows = false;
    private readonly steering = new Map<string, [number, number]>();
    private since: number | null = null;
    private turned = 0;

    constructor(readonly actions: Actions) {
        const { kind, names } = actions;
        if (kind === "choice") {
            this.way = "choice";
        } else if (names.length > 2) {
            this.way = "sliders";
        } else {
            this.way = actions.are === "targets" ? "target" : "push";
        }
        this.planar = kind === "box" && names.length === 2 && /x$/i.test(names[0] ?? "") && /y$/i.test(names[1] ?? "");
        this.action = this.rest();
    }

    /** What is done when nothing is: no push, the middle, the choice that is called so. */
    rest(): number[] {
        const actions = this.actions;
        if (actions.kind === "choice") {
            return [Math.max(0, this.named(SIDES.rest))];
        }
        return actions.names.map((_, i) => {
            const [low, high] = this.range(i);
            return actions.are === "targets" ? (low + high) / 2 : Math.min(high, Math.max(low, 0));
        });
    }

    range(i: number): [number, number] {
        const actions = this.actions;
        return actions.kind === "box" ? [actions.low[i] ?? 0, actions.high[i] ?? 1] : [0, actions.names.length - 1];
    }

    /** Steers by one of the inputs, -1..1 each way; (0, 0) lets go. */
    steer(by: string, x: number, y: number): void {
        const before = this.sum();
        if (x === 0 && y === 0) {
            this.steering.delete(by);
        } else {
            this.steering.set(by, [x, y]);
        }
        const after = this.sum();
        if (before[0] === after[0] && before[1] === after[1]) {
            return;
        }
        if (this.way === "push") {
            for (const i of this.actions.names.keys()) {
                const along = this.along(i, after);
                const [low, high] = this.range(i);
                this.hold(i, along === 0 ? this.rest()[i] ?? 0 : along > 0 ? along * high : -along * low);
            }
        } else if (this.way === "choice") {
            this.hold(0, this.choiceOf(after));
        }
    }

    /** Sets the target to a place of the picture, 0..1 from the left and the top. */
    point(x: number, y: number): void {
        for (const [i, part] of [x, y].entries()) {
            const [low, high] = this.range(i);
            this.hold(i, low + Math.min(1, Math.max(0, part)) * (high - low));
        }
    }

    /** Where an action of two numbers is in the picture, 0..1 from the left and the top. */
    place(action: number[]): [number, number] {
        const part = (i: number): number => {
            const [low, high] = this.range(i);
            return ((action[i] ?? low) - low) / (high - low || 1);
        };
        return [part(0), part(1)];
    }

    /** Holds a number of the action at a value (of the choice: its index), within its bounds. */
    hold(i: number, value: number): void {
        const [low, high] = this.range(i);
        const held = Math.min(high, Math.max(low, value));
        if (this.action[i] !== held) {
            this.action[i] = held;
            this.since ??= performance.now();
        }
    }

    letGo(): void {
        for (const by of [...this.steering.keys()]) {
            this.steer(by, 0, 0);
        }
    }

    /** The world went elsewhere (a reset, another lane): its action is ours, unless somebody steers right now. */
    follow(header: Header): void {
        if (this.steering.size > 0) {
            this.since ??= performance.now();
        } else if (header.action.length === this.action.length) {
            this.action = [...header.action];
            this.since = null;
        }
    }

    /** A frame says who drives: while a planner does, its action is shown here, unless a hand has just moved. */
    shadow(header: Header): void {
        const planner = header.drivers[header.lane] === "planner";
        if ((planner || this.shadows) && this.since === null && this.steering.size === 0 && header.action.length === this.action.length) {
            this.action = [...header.action];
        }
        this.shadows = planner;
    }

    /** Goes on to this moment, and gives the action with the time of its first change, if it has changed. */
    turn(now: number): { action: number[]; at: number } | null {
        // A tab that slept must not leap.
        const passed = Math.min(100, now - this.turned);
        this.turned = now;
        const steered = this.sum();
        if (this.way === "target" && (steered[0] !== 0 || steered[1] !== 0)) {
            for (const i of this.actions.names.keys()) {
                const [low, high] = this.range(i);
                const move = (this.along(i, steered) * (high - low) * passed) / CROSSING_MS;
                this.hold(i, (this.action[i] ?? low) + move);
            }
        }
        if (this.since === null) {
            return null;
        }
        const at = this.since;
        this.since = null;
        return { action: [...this.action], at };
    }

    private sum(): [number, number] {
        let [x, y] = [0, 0];
        for (const [dx, dy] of this.steering.values()) {
            x += dx;
            y += dy;
        }
        return [Math.min(1, Math.max(-1, x)), Math.min(1, Math.max(-1, y))];
    }

    /** What steering is along a number of the action. Up is more, but in a plane whose y goes down. */
    private along(i: number, [x, y]: [number, number]): number {
        return i === 0 ? x : this.planar ? y : y === 0 ? 0 : -y;
    }

    private named(names: string[]): number {
        return this.actions.names.findIndex((name) => names.includes(name.toLowerCase()));
    }

    private choiceOf([x, y]: [number, number]): number {
        const across = x < 0 ? SIDES.left : x > 0 ? SIDES.right : null;
        const along = y < 0 ? SIDES.up : y > 0 ? SIDES.down : null;
        const wanted = [across, along].map((names) => (names === null ? -1 : this.named(names)));
        const found = wanted.find((i) => i >= 0) ?? this.named(SIDES.rest);
        return found >= 0 ? found : this.action[0] ?? 0;
    }
}
