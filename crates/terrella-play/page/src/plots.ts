// The numbers of an episode over time, one plot below the other, with one line through all of them at the row that is looked at.

import { digits, make, say, watchSize } from "./dom.ts";
import type { Column } from "./library.ts";

interface Plot {
    column: Column;
    values: (number | null)[];
    now: HTMLElement;
}

export class Plots {
    private plots: Plot[] = [];
    private readonly cursor = make("div", "cursor");

    constructor(private readonly place: HTMLElement) {}

    /** Shows groups of numbers; `every` is how many rows lie between two of them, `rows` how many there are in all. */
    show(groups: { title: string; columns: Column[]; values: (number | null)[][] }[]): void {
        this.plots = [];
        const parts = groups.flatMap(({ title, columns, values }) => {
            const plots = values.map((of, at) => this.plot(columns[at] ?? { name: String(at), unit: "" }, of));
            return plots.length === 0 ? [] : [make("h3", "", title), ...plots];
        });
        this.place.replaceChildren(...parts, this.cursor);
    }

    /** Moves the line to a share of the time there is, and says what every number is there. */
    look(share: number, at: number): void {
        this.cursor.style.left = `${share * 100}%`;
        for (const { column, values, now } of this.plots) {
            const value = values[at];
            say(now, value === undefined || value === null ? "no number" : `${digits(value)} ${column.unit}`.trim());
        }
    }

    private plot(column: Column, values: (number | null)[]): HTMLElement {
        const [canvas, now] = [make("canvas", ""), make("span", "now")];
        const numbers = values.filter((value) => value !== null);
        const [low, high] = numbers.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [Infinity, -Infinity]);
        const bounds = numbers.length === 0 ? "no number" : `${digits(low)} to ${digits(high)} ${column.unit}`.trim();
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${column.name}: ${bounds}`);
        watchSize(canvas, (width, height) => draw(canvas, values, [low, high], [width, height]));
        this.plots.push({ column, values, now });
        return make("div", "plot-line", make("p", "", make("b", "", column.name), " ", now, make("span", "bounds", bounds)), canvas);
    }
}

function draw(canvas: HTMLCanvasElement, values: (number | null)[], [low, high]: [number, number], [width, height]: [number, number]): void {
    const context = canvas.getContext("2d");
    if (context === null || width === 0 || height === 0) {
        return;
    }
    [canvas.width, canvas.height] = [width, height];
    const ratio = window.devicePixelRatio || 1;
    const style = getComputedStyle(canvas);
    context.strokeStyle = style.getPropertyValue("--line");
    context.lineWidth = ratio;
    context.strokeRect(ratio / 2, ratio / 2, width - ratio, height - ratio);
    context.strokeStyle = style.getPropertyValue("--learned");
    context.lineWidth = 1.5 * ratio;
    context.lineJoin = "round";
    context.beginPath();
    const [span, room] = [high - low || 1, height - 6 * ratio];
    let broken = true;
    for (const [at, value] of values.entries()) {
        if (value === null) {
            broken = true;
            continue;
        }
        const x = (at / Math.max(1, values.length - 1)) * width;
        context[broken ? "moveTo" : "lineTo"](x, 3 * ratio + room * (1 - (value - low) / span));
        broken = false;
    }
    context.stroke();
}
