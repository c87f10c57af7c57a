// The numbers beside the pictures: how far apart the two worlds are, how fast all of this goes, and where one is.

import type { Chart } from "./chart.ts";
import { count, digits, part, say } from "./dom.ts";
import type { Latency } from "./latency.ts";
import type { About, Header } from "./protocol.ts";

/** Slow enough to read, and to be told to those who listen. */
const WORDS_MS = 2000;
const RATES_MS = 250;

export class Meters {
    private drawn: number[] = [];
    private rates = -Infinity;
    private words = -Infinity;
    private readonly out = (name: string): HTMLElement => part(`m-${name}`, HTMLElement);
    private readonly strip = part("strip", HTMLElement);
    private readonly flags = part("flags", HTMLElement);

    constructor(private readonly chart: Chart, private readonly latency: Latency) {}

    /** A frame has been drawn. */
    show(header: Header, about: About | null, now: number): void {
        this.drawn.push(now);
        say(this.out("error"), header.error === null ? "–" : `${(header.error * 100).toFixed(2)} %`);
        say(this.out("spread"), header.spread === null ? "–" : digits(header.spread, 3));
        say(this.out("step"), String(header.step));
        say(this.out("time"), `${header.time.toFixed(1)} s`);
        say(this.out("model"), `${header.took_ms.toFixed(1)} ms`);
        say(this.out("reward"), digits(header.reward, 3));
        say(this.out("recording"), header.recording === null ? "off" : count(header.recording, "row"));
        const since = Math.max(0, header.step - header.anchored);
        say(this.out("since"), count(since, "step"));
        const seconds = about === null ? "" : ` (${(since * about.dt).toFixed(1)} s)`;
        say(this.strip, `Imagined for ${count(since, "step")}${seconds} since the model last saw a real picture.`);
        const flags = [
            header.ended ? "ended: reset or rewind" : "",
            header.paused ? "paused" : "",
            header.drivers[header.lane] === "planner" ? "the planner drives" : "",
            header.reached.length > 0 ? `goal reached (${header.reached.join(", ")})` : "",
            header.recording === null ? "" : "● recording",
        ];
        say(this.flags, flags.filter((flag) => flag !== "").join(" · "));
        this.flags.classList.toggle("on", header.recording !== null || header.ended);
        this.chart.draw();
    }

    /** Goes on to this moment; what tells of rates falls by itself when frames stop. */
    turn(now: number): void {
        if (now - this.rates >= RATES_MS) {
            this.rates = now;
            this.drawn = this.drawn.filter((then) => now - then < 1000);
            say(this.out("shown"), `${this.drawn.length} /s`);
            const latency = this.latency.quantiles();
            say(this.out("latency"), latency === null ? "–" : `${latency.median.toFixed(0)} / ${latency.high.toFixed(0)} ms`);
        }
        if (now - this.words >= WORDS_MS) {
            this.words = now;
            part("chart", HTMLCanvasElement).setAttribute("aria-label", this.chart.words());
        }
    }
}
