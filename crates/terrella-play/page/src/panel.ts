// The held action, to see and to set: a slider for every number, or a button for every choice. Sliders of pushes
// go back to none when they are let go, as keys and sticks do; where there are three and more, they stay.

import { digits, make, say } from "./dom.ts";
import type { Drive } from "./drive.ts";

export class Panel {
    private drive: Drive | null = null;
    private sliders: { range: HTMLInputElement; value: HTMLElement }[] = [];
    private buttons: HTMLButtonElement[] = [];

    constructor(private readonly place: HTMLElement, private readonly hint: HTMLElement) {}

    /** Makes the panel anew for what is driven. */
    build(drive: Drive): void {
        this.drive = drive;
        this.sliders = [];
        this.buttons = [];
        this.place.replaceChildren();
        if (drive.way === "choice") {
            const row = make("div", "choices");
            row.setAttribute("role", "group");
            row.setAttribute("aria-label", "choices");
            this.buttons = drive.actions.names.map((name, i) => this.choice(drive, name, i));
            row.append(...this.buttons);
            this.place.append(row);
        } else {
            for (const [i, name] of drive.actions.names.entries()) {
                this.place.append(this.slider(drive, name, i));
            }
        }
        say(this.hint, hintFor(drive));
        this.show();
    }

    /** Shows what is held now. */
    show(): void {
        const held = this.drive?.action ?? [];
        for (const [i, { range, value }] of this.sliders.entries()) {
            const number = held[i] ?? 0;
            if (document.activeElement !== range || Number(range.value) !== number) {
                range.value = String(number);
            }
            say(value, digits(number, 3));
        }
        for (const [i, button] of this.buttons.entries()) {
            const on = String(held[0] === i);
            if (button.getAttribute("aria-pressed") !== on) {
                button.setAttribute("aria-pressed", on);
            }
        }
    }

    private choice(drive: Drive, name: string, i: number): HTMLButtonElement {
        const button = make("button", "", make("span", "", name));
        button.type = "button";
        if (i < 10) {
            const key = String((i + 1) % 10);
            const hint = make("kbd", "", key);
            hint.setAttribute("aria-hidden", "true");
            button.append(hint);
            button.setAttribute("aria-keyshortcuts", key);
        }
        button.addEventListener("click", () => drive.hold(0, i));
        return button;
    }

    private slider(drive: Drive, name: string, i: number): HTMLElement {
        const [low, high] = drive.range(i);
        const range = make("input", "");
        range.type = "range";
        range.min = String(low);
        range.max = String(high);
        // Any value can be shown; keys go by hundredths of the range all the same.
        range.step = "any";
        const value = make("output", "");
        // What moves all the time is not to be read out all the time.
        value.setAttribute("aria-live", "off");
        range.addEventListener("input", () => drive.hold(i, Number(range.value)));
        if (drive.way === "push") {
            // What a planner holds is not let go by who leaves a slider.
            const rest = (): void => void (drive.shadows || drive.hold(i, drive.rest()[i] ?? 0));
            for (const end of ["pointerup", "pointercancel", "keyup", "blur"] as const) {
                range.addEventListener(end, rest);
            }
        }
        this.sliders.push({ range, value });
        return make("label", "slider", make("span", "", name.replaceAll("_", " ")), range, value);
    }
}

function hintFor(drive: Drive): string {
    const one = drive.actions.names.length === 1;
    switch (drive.way) {
        case "target":
            return drive.planar
                ? "Point at a picture with the mouse or a finger: that is the target. Arrow keys or WASD move it."
                : `${one ? "Left and right" : "Arrow keys or WASD"} move the target.`;
        case "push":
            return `${one ? "Left and right (or A and D)" : "Arrow keys or WASD"} push while held. Or press on a picture and drag, or use a gamepad.`;
        case "choice":
            return "Digit keys choose, and it stays chosen. Arrow keys choose by name while held, where a name says a direction.";
        case "sliders":
            return "Each number of the action has its slider.";
    }
}
