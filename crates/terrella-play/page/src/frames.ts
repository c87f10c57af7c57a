// A frame from the wire: the length of a header as u32 (little end first), the header as JSON, then the
// pictures as plain RGB bytes in the header's order. Pictures stay where they arrived; nothing is copied.

import type { Header } from "./protocol.ts";

export type Kind = "learned" | "real" | "goal" | "ghost";

export interface Picture {
    kind: Kind;
    lane: number;
    /** Of what is imagined of a plan: which moment. */
    moment: number;
    /** size * size * 3 bytes, row by row from the top. */
    rgb: Uint8Array;
}

export interface Frame {
    header: Header;
    pictures: Picture[];
}

/** Reads one frame; throws an `Error` that says what is wrong with it. */
export function readFrame(bytes: ArrayBuffer): Frame {
    if (bytes.byteLength < 4) {
        throw new Error(`a frame has ${bytes.byteLength} bytes, too few for the length of its header`);
    }
    const length = new DataView(bytes).getUint32(0, true);
    if (4 + length > bytes.byteLength) {
        throw new Error(`a header of ${length} bytes does not fit into a frame of ${bytes.byteLength}`);
    }
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))) as Header;
    const each = header.size * header.size * 3;
    const start = 4 + length;
    const due = start + each * header.pictures.length;
    if (due !== bytes.byteLength) {
        throw new Error(`${header.pictures.length} pictures of side ${header.size} make ${due} bytes, not ${bytes.byteLength}`);
    }
    const pictures = header.pictures.map((name, i) => {
        const [, kind, lane, moment] = /^(learned|real|goal|ghost):(\d+)(?::(\d+))?$/.exec(name) ?? [];
        if (kind === undefined) {
            throw new Error(`there is no picture called "${name}"`);
        }
        const rgb = new Uint8Array(bytes, start + i * each, each);
        return { kind: kind as Kind, lane: Number(lane), moment: Number(moment ?? 0), rgb } satisfies Picture;
    });
    return { header, pictures };
}
