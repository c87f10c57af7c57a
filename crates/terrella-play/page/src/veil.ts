// What lies over the pictures while there is no session: why, what to do about it, and when it tries again.

import type { Link } from "./connection.ts";
import { part, say } from "./dom.ts";

const ENDED = "The program has ended, or cannot be reached: start “terrella play” again. This page connects by itself.";

const WORDS: Record<string, [string, string]> = {
    gone: ["Nobody answers", ENDED],
    ended: ["The session has ended", "Looking whether the program is still there."],
    full: ["All places are taken", "Close another page of this program, or wait: this page connects by itself when a place is free."],
    key: ["A key is needed", "Open the address that “terrella play” printed, which ends in ?key=…, or give the key here."],
    origin: ["Wrong address", "Open the very address that “terrella play” printed: pages from elsewhere are not let in."],
    locked: ["Not let in", "The program is there, but refused this page. Open the very address that “terrella play” printed, which may end in ?key=…, or give its key here."],
    other: ["The connection was refused", "If it goes on: start “terrella play” again."],
};

export class Veil {
    private again: number | null = null;
    private readonly veil = part("veil", HTMLElement);
    private readonly form = part("key-form", HTMLFormElement);

    constructor(retry: () => void) {
        part("retry", HTMLButtonElement).addEventListener("click", retry);
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            const url = new URL(location.href);
            url.searchParams.set("key", part("key", HTMLInputElement).value.trim());
            location.href = url.href;
        });
    }

    show(link: Link): void {
        const status = part("link", HTMLElement);
        status.dataset["is"] = link.is;
        say(status, { connecting: "connecting…", open: "connected", closed: "not connected" }[link.is]);
        document.body.classList.toggle("offline", link.is !== "open");
        this.veil.hidden = link.is === "open";
        this.again = link.is === "closed" ? link.again : null;
        if (link.is === "closed") {
            const [title, words] = WORDS[link.why] ?? ["Not connected", ENDED];
            say(part("veil-title", HTMLElement), title);
            const known = link.text.toLowerCase().startsWith(title.toLowerCase()) && link.text.length < title.length + 2;
            const text = link.text === "" || known ? "" : `${link.text.charAt(0).toUpperCase()}${link.text.slice(1).replace(/\.?$/, ".")} `;
            say(part("veil-text", HTMLElement), `${text}${words}`);
            // A key that is being typed stays.
            this.form.hidden = link.why !== "key" && link.why !== "locked";
            part("retry-line", HTMLElement).hidden = false;
        }
        this.turn(performance.now());
    }

    /** Counts down. */
    turn(now: number): void {
        if (!this.veil.hidden) {
            const seconds = this.again === null ? 0 : Math.ceil((this.again - now) / 1000);
            say(part("countdown", HTMLElement), seconds > 0 ? `Trying again in ${seconds} s.` : "Trying…");
        }
    }
}
