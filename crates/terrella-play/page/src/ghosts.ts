// What is imagined of a plan, laid over the learned world: things as they will be, the fainter the later. Of each
// imagined picture only what moves is drawn, so what it has otherwise than the first and what is no ground.

import type { Overlay } from "./canvas.ts";
import type { Frame } from "./frames.ts";

/** How opaque the next moment is; each after it is fainter. */
const NEXT = 0.8;
/** Brightness levels, over three colours, at which a difference is drawn in full. */
const FULL = 90;

export class Ghosts {
    private readonly lanes = new Map<number, HTMLCanvasElement[]>();

    clear(): void {
        this.lanes.clear();
    }

    /** Takes note of a frame, drawn or not. */
    note({ header, pictures }: Frame): void {
        for (const lane of [...this.lanes.keys()]) {
            if (header.drivers[lane] !== "planner" || (lane === header.lane && header.plan === null)) {
                this.lanes.delete(lane);
            }
        }
        for (const lane of header.drivers.keys()) {
            const [first, ...later] = pictures.filter((p) => p.kind === "ghost" && p.lane === lane).map(({ rgb }) => rgb);
            if (first !== undefined && header.drivers[lane] === "planner") {
                const ground = commonest(first);
                this.lanes.set(lane, later.map((rgb) => moved(rgb, first, ground, header.size)));
            }
        }
    }

    /** What to draw over the learned picture of a future. */
    over(lane: number): Overlay | null {
        const ghosts = this.lanes.get(lane) ?? [];
        if (ghosts.length === 0) {
            return null;
        }
        return (context, side) => {
            for (const [at, ghost] of [...ghosts.entries()].reverse()) {
                context.globalAlpha = NEXT * (1 - at / (ghosts.length + 1));
                context.drawImage(ghost, 0, 0, side, side);
            }
            context.globalAlpha = 1;
        };
    }
}

/** The pixels of a picture that are otherwise than in the first one, and no ground. */
function moved(rgb: Uint8Array, first: Uint8Array, ground: number[], size: number): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [size, size];
    const pixels = new ImageData(size, size);
    for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
        let [changed, thing] = [0, 0];
        for (let c = 0; c < 3; c += 1) {
            const value = rgb[from + c] ?? 0;
            pixels.data[to + c] = value;
            changed += Math.abs(value - (first[from + c] ?? 0));
            thing += Math.abs(value - (ground[c] ?? 0));
        }
        pixels.data[to + 3] = (255 * Math.min(FULL, changed, thing)) / FULL;
    }
    canvas.getContext("2d")?.putImageData(pixels, 0, 0);
    return canvas;
}

/** The commonest colour of a picture, told in sixteen levels a channel: its ground. */
function commonest(rgb: Uint8Array): number[] {
    const counts = new Uint32Array(4096);
    let [best, at] = [0, 0];
    for (let i = 0; i < rgb.length; i += 3) {
        const bin = ((rgb[i] ?? 0) >> 4) * 256 + ((rgb[i + 1] ?? 0) >> 4) * 16 + ((rgb[i + 2] ?? 0) >> 4);
        const now = (counts[bin] ?? 0) + 1;
        counts[bin] = now;
        if (now > best) {
            [best, at] = [now, i];
        }
    }
    return [...rgb.subarray(at, at + 3)];
}
