// Mouse, finger and pen on the pictures. Where actions are targets in the plane, the pointer is the target; where
// they are pushes, pressing and dragging is a stick. A press on the other future's pictures switches to it.

import type { Drive } from "./drive.ts";

export interface Touched {
    drive(): Drive | null;
    /** Whether this lane is the driven one. */
    driven(lane: number): boolean;
    /** Asks to drive this lane. */
    choose(lane: number): void;
}

/** A stick is at its end this part of the picture away from where it was pressed. */
const REACH = 0.25;

export function listenToPointers(canvas: HTMLCanvasElement, lane: number, touched: Touched): void {
    let pressed: { id: number; x: number; y: number } | null = null;
    const place = (event: PointerEvent): [number, number] => {
        const box = canvas.getBoundingClientRect();
        return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    const move = (event: PointerEvent): void => {
        const drive = touched.drive();
        if (drive === null || !touched.driven(lane)) {
            return;
        }
        const [x, y] = place(event);
        if (drive.way === "target" && drive.planar) {
            // A finger touches or is not there; a mouse points without being pressed, but takes nothing from a planner in passing.
            if ((event.pointerType !== "touch" && !drive.shadows) || pressed?.id === event.pointerId) {
                drive.point(x, y);
            }
        } else if (drive.way !== "sliders" && pressed?.id === event.pointerId) {
            const part = (now: number, then: number): number => Math.min(1, Math.max(-1, (now - then) / REACH));
            const push: [number, number] = [part(x, pressed.x), part(y, pressed.y)];
            // Choices have no strength: a small drag is none.
            const [dx, dy] = drive.way === "choice" ? push.map((p) => (Math.abs(p) < 0.3 ? 0 : p)) : push;
            drive.steer("stick", dx ?? 0, dy ?? 0);
        }
    };
    canvas.addEventListener("pointerdown", (event) => {
        if (event.button !== 0) {
            return;
        }
        if (!touched.driven(lane)) {
            touched.choose(lane);
            return;
        }
        const [x, y] = place(event);
        pressed = { id: event.pointerId, x, y };
        canvas.setPointerCapture(event.pointerId);
        move(event);
    });
    canvas.addEventListener("pointermove", move);
    const release = (event: PointerEvent): void => {
        if (pressed?.id === event.pointerId) {
            pressed = null;
            touched.drive()?.steer("stick", 0, 0);
        }
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("lostpointercapture", release);
}
