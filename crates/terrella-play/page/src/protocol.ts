// What server and page say to each other, as types. The server's side of it is in the crate around this page.

export interface BoxActions {
    kind: "box";
    names: string[];
    low: number[];
    high: number[];
    are: "targets" | "displacements";
}

export interface ChoiceActions {
    kind: "choice";
    names: string[];
}

export type Actions = BoxActions | ChoiceActions;

/** What `/about` answers: all that is fixed while the program runs. */
export interface About {
    world: string;
    model: string;
    /** Seconds of a step. */
    dt: number;
    /** Steps a second in real time. */
    rate: number;
    /** Side of a picture in pixels. */
    picture: number;
    actions: Actions;
    state: { name: string; unit: string }[];
    /** Whether the real simulator runs beside the learned world. */
    real: boolean;
    episodes: { rows: number }[];
    /** Where recordings go, if anywhere. */
    record: string | null;
    /** Whether a planner can drive, who it is, or why there is none; without rules there are no goals. */
    planner: { ready: boolean; words: string; rules: string[] };
    /** Whether there are recordings and runs to look through. */
    library: boolean;
    sessions_most: number;
    keys: string;
}

/** What the page asks for. */
export type Order =
    | { do: "drive"; action: number[]; at: number }
    | { do: "pause" | "go" | "step" | "branch" | "join" | "anchor" | "read" }
    | { do: "speed"; times: number }
    | { do: "reset"; seed: number }
    | { do: "reset"; episode: number; row: number }
    | { do: "goal"; seed: number }
    | { do: "goal"; episode: number; row: number }
    | { do: "pilot"; on: boolean }
    | { do: "rewind"; steps: number }
    | { do: "lane"; lane: number }
    | { do: "save" | "load"; name: string }
    | { do: "record"; on: boolean };

export interface State {
    say: "state";
    lane: number;
    step: number;
    learned: number[] | null;
    real: number[] | null;
    names: string[];
}

/** What the server says in words. */
export type Said =
    | { say: "note" | "error" | "closing"; text: string }
    | State
    | { say: "saved"; names: string[] }
    | { say: "recorded"; path: string; rows: number };

export type Driver = "hand" | "planner";

/** A plan that is followed. */
export interface Plan {
    /** The step at which it was made. */
    step: number;
    /** Steps from each imagined picture to the next. */
    every: number;
    /** What it is foretold to cost. */
    cost: number | null;
    /** Milliseconds that it took to plan for all who were due together. */
    took_ms: number;
}

/** What goes before the pictures of a frame. */
export interface Header {
    step: number;
    /** Seconds in the world since its start. */
    time: number;
    /** The lane that is driven. */
    lane: number;
    lanes: number;
    paused: boolean;
    /** Real time times so much; 0 is as fast as it can. */
    speed: number;
    /** What the pictures are, such as `learned:0`, in their order; `goal:0` and `ghost:0:1` come once. */
    pictures: string[];
    size: number;
    /** Milliseconds that the model took. */
    took_ms: number;
    /** The clock of the order that this frame is the first to show. */
    echo: number | null;
    action: number[];
    /** Mean absolute difference of the driven lane's two pictures, 0..1. */
    error: number | null;
    spread: number | null;
    /** Rows recorded so far, if it records. */
    recording: number | null;
    reward: number;
    ended: boolean;
    /** The step at which the learned world last saw the real one. */
    anchored: number;
    /** Steps that can be rewound. */
    remembered: number;
    /** Who drives each future. */
    drivers: Driver[];
    /** What is to be brought about. */
    goal: string | null;
    /** Rules by which the driven future has reached it. */
    reached: string[];
    /** The plan that is followed in the driven future. */
    plan: Plan | null;
}
