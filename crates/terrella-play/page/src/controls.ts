// Buttons, fields and the speed: what is clicked becomes an order, and what a frame says becomes their look.

import { COMMANDS, SPEEDS, speedStop, type Command, type Desk } from "./commands.ts";
import { digits, make, part, say } from "./dom.ts";
import type { About, Header } from "./protocol.ts";

export interface Controlled {
    desk: Desk;
    run(command: Command): void;
    /** Whether there is a session. */
    open(): boolean;
    /** Where the focus goes after a click, so that Space then pauses and does not click again. */
    stage: HTMLElement;
}

export class Controls {
    private readonly buttons: { button: HTMLButtonElement; command: Command }[] = [];
    private readonly speed = part("speed", HTMLInputElement);
    private readonly flat = part("flat-out", HTMLInputElement);
    private readonly seed = part("seed", HTMLInputElement);
    private readonly episode = part("episode", HTMLInputElement);
    private readonly row = part("row", HTMLInputElement);

    private readonly goal = [part("goal-episode", HTMLInputElement), part("goal-row", HTMLInputElement)] as const;

    constructor(private readonly all: Controlled) {
        for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-command]")) {
            const command = COMMANDS.find(({ id }) => id === button.dataset["command"]);
            if (command === undefined) {
                throw new Error(`no command is called "${button.dataset["command"]}"`);
            }
            this.buttons.push({ button, command });
            button.setAttribute("aria-keyshortcuts", command.key.replace("Ctrl", "Control"));
            button.addEventListener("click", (event) => {
                all.run(command);
                // Count of clicks: none where a key pressed the button, which then keeps the focus.
                if (event.detail > 0 && command.id !== "help") {
                    all.stage.focus({ preventScroll: true });
                }
            });
        }
        this.speed.max = String(SPEEDS.length - 1);
        this.speed.addEventListener("input", () => {
            this.flat.checked = false;
            this.sendSpeed();
        });
        this.flat.addEventListener("change", () => this.sendSpeed());
        this.form("seed-form", () => all.desk.send({ do: "reset", seed: whole(this.seed) }));
        this.form("episode-form", () =>
            all.desk.send({ do: "reset", episode: whole(this.episode), row: whole(this.row) }),
        );
        this.form("goal-form", () => all.desk.send({ do: "goal", seed: all.desk.goal.value }));
        const [goal, row] = this.goal;
        this.form("goal-row-form", () => all.desk.send({ do: "goal", episode: whole(goal), row: whole(row) }));
        for (const episode of [this.episode, goal]) {
            episode.addEventListener("input", () => this.bounds());
        }
        const name = part("save-name", HTMLInputElement);
        this.form("save-form", () => all.desk.send({ do: "save", name: name.value }));
        const saved = part("saved", HTMLSelectElement);
        this.form("load-form", () => {
            if (saved.value !== "") {
                all.desk.send({ do: "load", name: saved.value });
            }
        });
        this.look();
    }

    /** What the world offers. */
    about(about: About): void {
        part("episode-form", HTMLElement).hidden = about.episodes.length === 0;
        part("goal-row-form", HTMLElement).hidden = about.episodes.length === 0 || about.planner.rules.length === 0;
        this.bounds();
        say(part("record-path", HTMLElement), about.record === null ? "Recordings are off: the program was started without a place for them." : `Goes to ${about.record}`);
    }

    /** Names that can be loaded. */
    saved(names: string[]): void {
        const list = part("saved", HTMLSelectElement);
        const chosen = list.value;
        const options = names.map((name) => make("option", "", name));
        list.replaceChildren(...(options.length > 0 ? options : [new Option("nothing saved yet", "")]));
        if (names.includes(chosen)) {
            list.value = chosen;
        }
    }

    /** A frame says how things are. */
    show(header: Header): void {
        if (document.activeElement !== this.speed && header.speed > 0) {
            this.speed.value = String(speedStop(header.speed));
        }
        this.flat.checked = header.speed === 0;
        this.tellSpeed(header.speed);
        this.look();
    }

    /** Sets what is pressed, and what makes no sense now. */
    look(): void {
        const { desk } = this.all;
        const header = desk.header;
        for (const { button, command } of this.buttons) {
            const why = command.id === "help" ? "" : this.all.open() ? command.hindered(desk) : "there is no session";
            attribute(button, "aria-disabled", why === "" ? null : "true");
            attribute(button, "title", why === "" ? `${command.words} (${command.key})` : why);
        }
        const label = (id: string, text: string): void => {
            for (const { button, command } of this.buttons) {
                const words = button.querySelector("span");
                if (command.id === id && words !== null) {
                    say(words, text);
                }
            }
        };
        const recording = (header?.recording ?? null) !== null;
        label("pause", header?.paused === true ? "Go" : "Pause");
        label("record", recording ? "Stop recording" : "Record");
        const piloted = header?.drivers[header.lane] === "planner";
        label("pilot", piloted ? "Take over" : "Let the planner drive");
        for (const { button, command } of this.buttons) {
            if (command.id === "record" || command.id === "pilot") {
                attribute(button, "aria-pressed", String(command.id === "record" ? recording : piloted));
            }
        }
    }

    private sendSpeed(): void {
        const times = this.flat.checked ? 0 : SPEEDS[Number(this.speed.value)] ?? 1;
        this.all.desk.send({ do: "speed", times });
        this.tellSpeed(times);
    }

    private tellSpeed(times: number): void {
        const words = times === 0 ? "as fast as it can" : `× ${digits(times, 2)}`;
        say(part("speed-is", HTMLElement), words);
        attribute(this.speed, "aria-valuetext", times === 0 ? words : `${digits(times, 2)} times real time`);
    }

    private bounds(): void {
        const episodes = this.all.desk.about?.episodes ?? [];
        const limit = (episode: HTMLInputElement, row: HTMLInputElement): number | undefined => {
            episode.max = String(Math.max(0, episodes.length - 1));
            const rows = episodes[Number(episode.value)]?.rows;
            row.max = String(Math.max(0, (rows ?? 1) - 1));
            return rows;
        };
        limit(...this.goal);
        const rows = limit(this.episode, this.row);
        say(part("episodes-are", HTMLElement), `0 to ${this.episode.max}${rows === undefined ? "" : `; this one has rows 0 to ${this.row.max}`}`);
    }

    private form(id: string, sent: () => void): void {
        part(id, HTMLFormElement).addEventListener("submit", (event) => {
            event.preventDefault();
            if (this.all.open()) {
                sent();
            }
        });
    }
}

/** The number that a field for whole numbers holds. */
export function whole(field: HTMLInputElement): number {
    return Math.max(0, Math.round(field.valueAsNumber || 0));
}

function attribute(element: HTMLElement, name: string, value: string | null): void {
    if (value === null) {
        element.removeAttribute(name);
    } else if (element.getAttribute(name) !== value) {
        element.setAttribute(name, value);
    }
}
