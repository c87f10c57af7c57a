// Asks the program for recordings, by numbers alone, and reads its answers. The program's side is library.rs.

import { address } from "./about.ts";
import { refusalOf } from "./refusal.ts";

export interface Shelf {
    name: string;
    ready: boolean;
    trouble: string | null;
    episodes: number;
    rows: number;
    examined: [number, number];
    findings: number | null;
}

export interface Column {
    name: string;
    unit: string;
}

export interface Mark {
    episode: number | null;
    rows: [number, number] | null;
    severity: "fail" | "warn" | "info";
    check: string;
    what: string;
    remedy: string;
}

export interface Contents {
    fps: number;
    state: Column[];
    action: Column[];
    pictures: boolean;
    /** Rows of each. */
    episodes: number[];
    findings: Mark[];
}

/** The numbers of an episode, of every so many rows; what is no number is null. */
export interface Track {
    rows: number;
    task: string;
    every: number;
    times: number[];
    state: (number | null)[][];
    action: (number | null)[][];
    reward: (number | null)[];
}

async function get(path: string, numbers: [string, number][]): Promise<Response> {
    const url = address(path);
    for (const [name, number] of numbers) {
        url.searchParams.append(name, String(number));
    }
    const answer = await fetch(url, { cache: "no-store" });
    if (!answer.ok) {
        throw new Error((await refusalOf(answer)).text);
    }
    return answer;
}

export const askShelves = async (): Promise<Shelf[]> => (await get("library", [])).json();

export const askContents = async (dataset: number): Promise<Contents> =>
    (await get("library/dataset", [["dataset", dataset]])).json();

export const askTrack = async (dataset: number, episode: number): Promise<Track> =>
    (await get("library/episode", [["dataset", dataset], ["episode", episode]])).json();

/** Pictures of these rows. */
export async function askPictures(dataset: number, episode: number, rows: number[]): Promise<ImageData[]> {
    const which = rows.map((row): [string, number] => ["row", row]);
    const answer = await get("library/pictures", [["dataset", dataset], ["episode", episode], ...which]);
    const bytes = await answer.arrayBuffer();
    const length = new DataView(bytes).getUint32(0, true);
    const head = new TextDecoder().decode(new Uint8Array(bytes, 4, length));
    const { pictures, height, width } = JSON.parse(head) as { pictures: number; height: number; width: number };
    return Array.from({ length: pictures }, (_, at) => {
        const rgb = new Uint8Array(bytes, 4 + length + at * height * width * 3, height * width * 3);
        const image = new ImageData(width, height);
        for (let pixel = 0; pixel < height * width; pixel += 1) {
            image.data.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 4 * pixel);
            image.data[4 * pixel + 3] = 255;
        }
        return image;
    });
}
