// The pictures: a row for each future, and in it what the model imagines, what truly happens, and where the two
// disagree. Which rows and pictures are seen follows from each frame.

import { PictureCanvas, type Overlay } from "./canvas.ts";
import { difference } from "./difference.ts";
import { make, say } from "./dom.ts";
import type { Frame, Kind, Picture } from "./frames.ts";
import type { Driver } from "./protocol.ts";

/** The server shows two futures at most. */
export const LANES = 2;

type Column = "learned" | "real" | "difference";

const COLUMNS: { column: Column; title: string; words: string }[] = [
    { column: "learned", title: "learned world", words: "what the model imagines" },
    { column: "real", title: "real simulator", words: "what truly happens" },
    { column: "difference", title: "difference", words: "black where they agree" },
];

interface Row {
    row: HTMLElement;
    title: HTMLElement;
    words: HTMLElement;
    take: HTMLButtonElement;
    figures: Map<Column, { figure: HTMLElement; picture: PictureCanvas }>;
}

export class Stage {
    private readonly rows: Row[];
    private apart = new Uint8Array(0);

    /** `choose` is asked for a future that is not driven yet; `ghosts` gives what is imagined of one's plan. */
    constructor(
        place: HTMLElement,
        private readonly choose: (lane: number) => void,
        private readonly ghosts: (lane: number) => Overlay | null,
    ) {
        this.rows = Array.from({ length: LANES }, (_, lane) => this.row(lane));
        place.replaceChildren(...this.rows.map(({ row }) => row));
        this.lanes([0], 0, []);
    }

    /** The canvases that can be driven on, with their lanes. */
    canvases(): { canvas: HTMLCanvasElement; lane: number }[] {
        return this.rows.flatMap(({ figures }, lane) =>
            [...figures]
                .filter(([column]) => column !== "difference")
                .map(([, { picture }]) => ({ canvas: picture.canvas, lane })),
        );
    }

    /** Whether there is a real simulator to show, before the first frame says so. */
    expect(real: boolean): void {
        for (const { row, figures } of this.rows) {
            row.classList.toggle("alone", !real);
            for (const [column, { figure }] of figures) {
                figure.hidden = column !== "learned" && !real;
            }
        }
    }

    /** Draws a frame; lines go over the pictures of the driven lane. */
    show({ header, pictures }: Frame, overlay: Overlay | null): void {
        const worlds = pictures.filter(({ kind }) => kind === "learned" || kind === "real");
        const lanes = [...new Set(worlds.map((picture) => picture.lane))].sort((a, b) => a - b);
        this.lanes(lanes, header.lane, header.drivers);
        for (const lane of lanes) {
            const figures = this.rows[lane]?.figures;
            if (figures === undefined) {
                continue;
            }
            const over = lane === header.lane ? overlay : null;
            const of = (kind: Kind): Picture | undefined => worlds.find((p) => p.lane === lane && p.kind === kind);
            const [learned, real] = [of("learned"), of("real")];
            const draw = (column: Column, rgb: Uint8Array | undefined, lines: Overlay | null): void => {
                const shown = figures.get(column);
                if (shown !== undefined) {
                    shown.figure.hidden = rgb === undefined;
                    if (rgb !== undefined) {
                        shown.picture.show(rgb, header.size, lines);
                    }
                }
            };
            draw("learned", learned?.rgb, this.over(lane, over));
            draw("real", real?.rgb, over);
            if (learned !== undefined && real !== undefined) {
                if (this.apart.length !== real.rgb.length) {
                    this.apart = new Uint8Array(real.rgb.length);
                }
                draw("difference", difference(learned.rgb, real.rgb, this.apart), null);
            } else {
                draw("difference", undefined, null);
            }
            this.rows[lane]?.row.classList.toggle("alone", learned === undefined || real === undefined);
        }
    }

    /** Draws other lines over a lane's pictures, between two frames: what is held is seen at once. */
    mark(lane: number, overlay: Overlay | null): void {
        const figures = this.rows[lane]?.figures;
        figures?.get("learned")?.picture.mark(this.over(lane, overlay));
        figures?.get("real")?.picture.mark(overlay);
    }

    /** Lines over what is imagined of the plan. */
    private over(lane: number, lines: Overlay | null): Overlay | null {
        const ghosts = this.ghosts(lane);
        return (context, side) => {
            ghosts?.(context, side);
            lines?.(context, side);
        };
    }

    private lanes(shown: number[], driven: number, drivers: Driver[]): void {
        for (const [lane, { row, title, words, take }] of this.rows.entries()) {
            row.hidden = !shown.includes(lane);
            row.classList.toggle("one", shown.length < 2);
            row.classList.toggle("driven", lane === driven);
            say(title, `Future ${lane + 1}`);
            const hand = lane === driven ? "you drive this one" : "holds its last action";
            say(words, drivers[lane] === "planner" ? "the planner drives this one" : hand);
            take.hidden = lane === driven;
        }
    }

    private row(lane: number): Row {
        const figures: Row["figures"] = new Map();
        const title = make("b", "");
        const words = make("span", "");
        const take = make("button", "small", "Drive this one");
        take.type = "button";
        take.addEventListener("click", () => this.choose(lane));
        const row = make("div", "row", make("div", "lane", title, words, take));
        for (const { column, title, words } of COLUMNS) {
            const canvas = make("canvas", "");
            canvas.setAttribute("role", "img");
            canvas.setAttribute("aria-label", `${title}: ${words} (future ${lane + 1})`);
            const caption = make("figcaption", "", make("b", "", title), ": ", make("span", "", words));
            const figure = make("figure", column, caption, make("div", "frame", canvas));
            figures.set(column, { figure, picture: new PictureCanvas(canvas) });
            row.append(figure);
        }
        return { row, title, words, take, figures };
    }
}
