// One picture on the page: bytes go onto a small canvas of the world's own size, which is drawn large with hard
// pixels, so that what is seen is what the model or the simulator gave, and nothing in between.

import { watchSize } from "./dom.ts";

export type Overlay = (context: CanvasRenderingContext2D, side: number) => void;

export class PictureCanvas {
    private readonly small = document.createElement("canvas");
    private pixels: ImageData | null = null;
    private overlay: Overlay | null = null;

    constructor(readonly canvas: HTMLCanvasElement) {
        watchSize(canvas, (width) => {
            // A hidden canvas has no width; it is sized when it shows.
            if (width > 0 && canvas.width !== width) {
                canvas.width = width;
                canvas.height = width;
                this.paint();
            }
        });
    }

    /** Shows a picture of size * size * 3 bytes, with lines drawn over it. */
    show(rgb: Uint8Array, size: number, overlay: Overlay | null): void {
        if (this.pixels === null || this.pixels.width !== size) {
            this.small.width = size;
            this.small.height = size;
            this.pixels = new ImageData(size, size);
            this.pixels.data.fill(255);
        }
        const data = this.pixels.data;
        for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
            data[to] = rgb[from] ?? 0;
            data[to + 1] = rgb[from + 1] ?? 0;
            data[to + 2] = rgb[from + 2] ?? 0;
        }
        this.small.getContext("2d")?.putImageData(this.pixels, 0, 0);
        this.overlay = overlay;
        this.paint();
    }

    /** Draws other lines over the same picture. */
    mark(overlay: Overlay | null): void {
        this.overlay = overlay;
        this.paint();
    }

    private paint(): void {
        const context = this.canvas.getContext("2d");
        if (context === null || this.pixels === null) {
            return;
        }
        const side = this.canvas.width;
        context.imageSmoothingEnabled = false;
        context.drawImage(this.small, 0, 0, side, side);
        this.overlay?.(context, side);
    }
}
