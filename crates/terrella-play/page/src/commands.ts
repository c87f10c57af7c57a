// Everything that can be asked for besides driving: its key, its words, when it makes sense, and what it sends.
// Buttons, keys and the help are all made of this one list.

import type { About, Header, Order } from "./protocol.ts";

/** What commands know and can do. */
export interface Desk {
    about: About | null;
    header: Header | null;
    /** The seed that a goal is drawn from. */
    goal: { value: number };
    send(order: Order): void;
    help(): void;
}

export interface Command {
    id: string;
    /** As `keyOf` writes keys. */
    key: string;
    /** For the help. */
    words: string;
    /** Why it cannot be done now; empty where it can. */
    hindered(desk: Desk): string;
    run(desk: Desk): void;
    /** Whether holding the key down does it again and again. */
    repeats?: boolean;
}

/** Stops of the speed slider. */
export const SPEEDS = [0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12, 16];

/** The stop next to a speed. */
export function speedStop(times: number): number {
    const far = SPEEDS.map((speed) => Math.abs(Math.log(speed / times)));
    return far.indexOf(Math.min(...far));
}

const always = (): string => "";
const piloted = ({ header }: Desk): boolean => header?.drivers[header.lane] === "planner";
const planless = ({ about }: Desk): string => (about?.planner.ready === false ? "there is no planner here" : "");
const goals = (desk: Desk): boolean => (desk.about?.planner.rules.length ?? 0) > 0;
const two = ({ header }: Desk): string => ((header?.lanes ?? 1) < 2 ? "there is one future; branch first" : "");

function rewind(steps: number, key: string): Command {
    return {
        id: `back${steps}`,
        key,
        words: `back ${steps === 1 ? "one step" : `${steps} steps`}, and pause`,
        hindered: ({ header }) => ((header?.remembered ?? 0) < 1 ? "there is nothing to go back to yet" : ""),
        run: ({ send }) => send({ do: "rewind", steps }),
        repeats: true,
    };
}

function speed(id: string, key: string, words: string, by: number): Command {
    return {
        id,
        key,
        words,
        hindered: always,
        run: ({ header, send }) => {
            const now = header?.speed ?? 1;
            const stop = now === 0 ? SPEEDS.length - 1 : speedStop(now) + by;
            send({ do: "speed", times: SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, stop))] ?? 1 });
        },
        repeats: true,
    };
}

export const COMMANDS: Command[] = [
    {
        id: "pause",
        key: "Space",
        words: "pause, and go on",
        hindered: always,
        run: ({ header, send }) => send({ do: header?.paused === true ? "go" : "pause" }),
    },
    {
        id: "step",
        key: ".",
        words: "one step (pauses first)",
        hindered: always,
        run: ({ header, send }) => {
            if (header?.paused !== true) {
                send({ do: "pause" });
            }
            send({ do: "step" });
        },
        repeats: true,
    },
    rewind(1, "Backspace"),
    rewind(10, "Shift+Backspace"),
    rewind(60, "Ctrl+Backspace"),
    speed("slower", "[", "slower", -1),
    speed("faster", "]", "faster", 1),
    {
        id: "branch",
        key: "b",
        words: "branch: a second future begins here, beside the first",
        hindered: ({ header }) => ((header?.lanes ?? 1) > 1 ? "two futures are shown already; join first" : ""),
        run: ({ send }) => send({ do: "branch" }),
    },
    {
        id: "lane",
        key: "Tab",
        words: "drive the other future (while the pictures have the focus; Esc leaves them)",
        hindered: two,
        run: ({ header, send }) => send({ do: "lane", lane: header?.lane === 1 ? 0 : 1 }),
    },
    {
        id: "join",
        key: "j",
        words: "join: keep the future that you drive, drop the other",
        hindered: two,
        run: ({ send }) => send({ do: "join" }),
    },
    {
        id: "pilot",
        key: "p",
        words: "let the planner drive, and take over again",
        hindered: planless,
        run: (desk) => {
            if (!piloted(desk) && goals(desk) && desk.header?.goal === null) {
                desk.send({ do: "goal", seed: desk.goal.value });
            }
            desk.send({ do: "pilot", on: !piloted(desk) });
        },
    },
    {
        id: "goal",
        key: "g",
        words: "goal: draw another one",
        hindered: (desk) => planless(desk) || (goals(desk) ? "" : "this world has rewards and no goals"),
        run: (desk) => {
            if (desk.header?.goal !== null) {
                desk.goal.value += 1;
            }
            desk.send({ do: "goal", seed: desk.goal.value });
        },
    },
    {
        id: "anchor",
        key: "l",
        words: "let the model look at the real world again",
        hindered: ({ about }) => (about?.real === false ? "there is no real simulator beside this world" : ""),
        run: ({ send }) => send({ do: "anchor" }),
    },
    {
        id: "record",
        key: "r",
        words: "record, and stop recording",
        hindered: ({ about }) => (about?.record === null ? "the program was started without a place for recordings" : ""),
        run: ({ header, send }) => send({ do: "record", on: (header?.recording ?? null) === null }),
    },
    {
        id: "read",
        key: "t",
        words: "read the numbers of this moment into the table",
        hindered: always,
        run: ({ send }) => send({ do: "read" }),
    },
    { id: "help", key: "?", words: "this help", hindered: always, run: ({ help }) => help() },
];

/** A key as commands name it: `b`, `Space`, `Shift+Backspace`. */
export function keyOf(event: KeyboardEvent): string {
    const name = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const shift = event.shiftKey && name.length > 1 ? "Shift+" : "";
    return `${event.ctrlKey ? "Ctrl+" : ""}${shift}${name}`;
}
