// How far the two pictures of the driven future were apart in the last 200 steps, with a mark wherever the learned
// world saw the real one. Each future has its own line; a branch takes the past along.

import { watchSize } from "./dom.ts";
import type { Header } from "./protocol.ts";

const STEPS = 200;

interface Line {
    points: { step: number; error: number }[];
    anchors: number[];
}

export class Chart {
    private lines = new Map<number, Line>();
    private lane = 0;
    private step = 0;
    private lanes = 1;
    private wide = 0;
    private high = 0;
    private ratio = 1;

    constructor(private readonly canvas: HTMLCanvasElement) {
        watchSize(canvas, (width, height) => {
            if (width > 0 && height > 0) {
                [this.wide, this.high] = [width, height];
                this.ratio = window.devicePixelRatio || 1;
                canvas.width = width;
                canvas.height = height;
                this.draw();
            }
        });
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    }

    clear(): void {
        this.lines.clear();
        this.draw();
    }

    /** Takes note of a frame, drawn or not. */
    note(header: Header): void {
        const past = this.lines.get(this.lane) ?? { points: [], anchors: [] };
        if (header.lanes > this.lanes) {
            for (let lane = 0; lane < header.lanes; lane += 1) {
                if (!this.lines.has(lane)) {
                    this.lines.set(lane, { points: [...past.points], anchors: [...past.anchors] });
                }
            }
        } else if (header.lanes < this.lanes) {
            this.lines = new Map([[header.lane, past]]);
        }
        [this.lanes, this.lane, this.step] = [header.lanes, header.lane, header.step];
        const line = this.lines.get(header.lane) ?? { points: [], anchors: [] };
        // Steps that were taken back did not happen; those that left the chart are not kept.
        const recent = (step: number): boolean => step < header.step && step >= header.step - STEPS;
        line.points = line.points.filter((point) => recent(point.step));
        line.anchors = line.anchors.filter((step) => recent(step) && step !== header.anchored);
        if (header.error !== null) {
            line.points.push({ step: header.step, error: header.error });
        }
        if (header.anchored > 0) {
            line.anchors.push(header.anchored);
        }
        this.lines.set(header.lane, line);
    }

    draw(): void {
        const context = this.canvas.getContext("2d");
        if (context === null || this.wide === 0) {
            return;
        }
        const style = getComputedStyle(this.canvas);
        const colour = (name: string): string => style.getPropertyValue(name).trim();
        const { points, anchors } = this.lines.get(this.lane) ?? { points: [], anchors: [] };
        const ratio = this.ratio;
        const [left, top, right, bottom] = [40 * ratio, 8 * ratio, this.wide - 4 * ratio, this.high - 18 * ratio];
        const most = scale(Math.max(0.01, ...points.map((point) => point.error)));
        const x = (step: number): number => right - ((this.step - step) / STEPS) * (right - left);
        const y = (error: number): number => bottom - (error / most) * (bottom - top);

        context.clearRect(0, 0, this.wide, this.high);
        context.font = `${11 * ratio}px ${style.fontFamily}`;
        context.fillStyle = colour("--muted");
        context.strokeStyle = colour("--line");
        context.lineWidth = ratio;
        context.textAlign = "right";
        context.textBaseline = "middle";
        for (const error of [0, most / 2, most]) {
            const at = Math.round(y(error)) + 0.5 * (ratio % 2);
            context.beginPath();
            context.moveTo(left, at);
            context.lineTo(right, at);
            context.stroke();
            context.fillText(`${Number((error * 100).toPrecision(2))} %`, left - 5 * ratio, at);
        }
        context.textBaseline = "alphabetic";
        context.fillText("now", right, this.high - 4 * ratio);
        context.textAlign = "left";
        context.fillText(`${STEPS} steps ago`, left, this.high - 4 * ratio);

        context.strokeStyle = colour("--real");
        context.setLineDash([3 * ratio, 3 * ratio]);
        for (const step of anchors.filter((step) => step <= this.step && step >= this.step - STEPS)) {
            context.beginPath();
            context.moveTo(x(step), top);
            context.lineTo(x(step), bottom);
            context.stroke();
        }
        context.setLineDash([]);
        context.strokeStyle = colour("--learned");
        context.lineWidth = 2 * ratio;
        context.lineJoin = "round";
        context.beginPath();
        for (const [i, { step, error }] of points.entries()) {
            context[i === 0 ? "moveTo" : "lineTo"](x(step), y(error));
        }
        context.stroke();
    }

    /** What the chart shows, in words. */
    words(): string {
        const { points } = this.lines.get(this.lane) ?? { points: [] };
        const last = points.at(-1);
        if (last === undefined) {
            return "picture error over the last 200 steps: nothing to show yet";
        }
        const most = Math.max(...points.map((point) => point.error));
        return `picture error over the last ${points.length} steps: now ${(last.error * 100).toFixed(1)} %, at most ${(most * 100).toFixed(1)} %`;
    }
}

/** The next of 1, 2, 5, 10, 20 … per cent, so that the scale seldom changes. */
function scale(most: number): number {
    const power = 10 ** Math.floor(Math.log10(most));
    return power * ([1, 2, 5, 10].find((times) => times * power >= most - 1e-9) ?? 10);
}
