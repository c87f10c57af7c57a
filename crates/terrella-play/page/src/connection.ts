// The socket of one session, which comes back by itself: it asks what the world is, opens, hands on what it hears,
// and after an end tries again, each time a little later.

import { address, askAbout } from "./about.ts";
import { readFrame, type Frame } from "./frames.ts";
import type { About, Order, Said } from "./protocol.ts";
import { whyRefused, type Why } from "./refusal.ts";

export type Link =
    | { is: "connecting" }
    | { is: "open" }
    /** Closed or refused; tries again at `again` (of `performance.now()`). */
    | { is: "closed"; why: Why | "ended"; text: string; again: number };

export interface Ear {
    link(link: Link): void;
    about(about: About): void;
    said(said: Said): void;
    frame(frame: Frame): void;
    /** Something arrived that could not be read. */
    trouble(text: string): void;
}

/** Waits before each try, in ms; the last for all that follow. */
const WAITS = [500, 1000, 2000, 4000, 8000, 15000];

export class Connection {
    private socket: WebSocket | null = null;
    private tries = 0;
    private timer = 0;
    private busy = false;

    constructor(private readonly ear: Ear) {}

    get open(): boolean {
        return this.socket?.readyState === WebSocket.OPEN;
    }

    /** Sends an order; says whether there was somebody to send it to. */
    send(order: Order): boolean {
        if (!this.open) {
            return false;
        }
        this.socket?.send(JSON.stringify(order));
        return true;
    }

    /** Connects now, whatever it was waiting for. */
    async connect(): Promise<void> {
        window.clearTimeout(this.timer);
        if (this.busy || this.open) {
            return;
        }
        this.busy = true;
        this.ear.link({ is: "connecting" });
        const about = await askAbout();
        if ("why" in about) {
            this.later(about);
            return;
        }
        this.ear.about(about);
        const live = address("live");
        const socket = new WebSocket(live.href.replace(/^http/, "ws"));
        socket.binaryType = "arraybuffer";
        this.socket = socket;
        let [opened, seen, farewell] = [false, false, ""];
        socket.addEventListener("open", () => {
            opened = true;
            this.busy = false;
        });
        socket.addEventListener("message", ({ data }: MessageEvent<ArrayBuffer | string>) => {
            try {
                if (typeof data === "string") {
                    const said = JSON.parse(data) as Said;
                    if (said.say === "closing") {
                        farewell = said.text;
                    }
                    this.ear.said(said);
                } else {
                    const frame = readFrame(data);
                    if (!seen) {
                        // Only who got a picture has a session: others are told to go right after they came.
                        seen = true;
                        this.tries = 0;
                        this.ear.link({ is: "open" });
                    }
                    this.ear.frame(frame);
                }
            } catch (error) {
                this.ear.trouble(error instanceof Error ? error.message : String(error));
            }
        });
        socket.addEventListener("close", () => {
            this.socket = null;
            if (opened) {
                this.later({ why: !seen && /places|taken/.test(farewell) ? "full" : "ended", text: farewell });
            } else {
                void whyRefused(live).then((refusal) => this.later(refusal));
            }
        });
    }

    private later({ why, text }: { why: Why | "ended"; text: string }): void {
        this.busy = false;
        const wait = WAITS[Math.min(this.tries, WAITS.length - 1)] ?? 1000;
        this.tries += 1;
        this.ear.link({ is: "closed", why, text, again: performance.now() + wait });
        this.timer = window.setTimeout(() => void this.connect(), wait);
    }
}
