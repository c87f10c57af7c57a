// What was said, with the time: a list of fixed height that is read out politely, and whose end is in view.

import { make, say } from "./dom.ts";

/** More than anybody scrolls back. */
const MOST = 100;

export class Notes {
    private last = { text: "", times: 0, counter: document.createElement("span") };

    constructor(private readonly list: HTMLElement) {}

    /** Adds a note; the same one again is counted, not repeated. */
    add(text: string, error = false): void {
        if (text === this.last.text) {
            this.last.times += 1;
            say(this.last.counter, ` ×${this.last.times}`);
            return;
        }
        const time = make("time", "", new Date().toLocaleTimeString([], { hour12: false }));
        const counter = make("span", "times");
        const line = make("li", error ? "error" : "", time, " ", error ? "error: " : "", text, counter);
        this.last = { text, times: 1, counter };
        this.list.append(line);
        while (this.list.childElementCount > MOST) {
            this.list.firstElementChild?.remove();
        }
        this.list.scrollTop = this.list.scrollHeight;
    }
}
