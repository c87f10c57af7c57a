// Where the target has been: the last 100 of the driven lane, drawn as a faint line over its pictures. Steps that
// are taken back take their part of the line with them.

import type { Overlay } from "./canvas.ts";
import type { Header } from "./protocol.ts";

const MOST = 100;

export class Trace {
    private lane = 0;
    private points: { step: number; x: number; y: number }[] = [];

    clear(): void {
        this.points = [];
    }

    /** Takes note of the action of a step; `place` says where in the picture it is, 0..1 from the left and the top. */
    note(header: Header, place: (action: number[]) => [number, number]): void {
        if (header.lane !== this.lane) {
            this.lane = header.lane;
            this.points = [];
        }
        this.points = this.points.filter((point) => point.step < header.step);
        if (header.action.length === 2) {
            const [x, y] = place(header.action);
            this.points.push({ step: header.step, x, y });
        }
        this.points = this.points.slice(-MOST);
    }

    /** What to draw over a picture: the line, and a ring where the target is held now. */
    overlay([x, y]: [number, number]): Overlay {
        return (context, side) => {
            const line = new Path2D();
            for (const [i, point] of this.points.entries()) {
                line[i === 0 ? "moveTo" : "lineTo"](point.x * side, point.y * side);
            }
            const ring = new Path2D();
            ring.arc(x * side, y * side, Math.max(5, side * 0.022), 0, 2 * Math.PI);
            const thin = Math.max(1.5, side * 0.005);
            // Dark under light, so that it is seen on any picture.
            stroke(context, line, "rgb(0 0 0 / 0.25)", thin * 2.4);
            stroke(context, line, "rgb(255 255 255 / 0.6)", thin);
            stroke(context, ring, "rgb(0 0 0 / 0.7)", thin * 2.6);
            stroke(context, ring, "rgb(255 255 255 / 0.95)", thin * 1.2);
        };
    }
}

function stroke(context: CanvasRenderingContext2D, path: Path2D, style: string, width: number): void {
    context.lineJoin = "round";
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke(path);
}
