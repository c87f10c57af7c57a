// Recordings, looked through: a list of episodes, a film strip, a picture and plots that follow one scrubber, and what the doctor
// found at its place in time.

import { address } from "./about.ts";
import { count, make, part, say } from "./dom.ts";
import { askContents, askPictures, askShelves, askTrack, type Contents, type Mark, type Shelf, type Track } from "./library.ts";
import { Plots } from "./plots.ts";

/** Pictures of a film strip. */
const STRIP = 8;
/** Findings that are listed. */
const LISTED = 300;
const POLL = 1500;

const datasets = part("datasets", HTMLSelectElement);
const slider = part("row", HTMLInputElement);
const picture = part("picture", HTMLCanvasElement);
const plots = new Plots(part("plots", HTMLElement));
let shelves: Shelf[] = [];
let contents: Contents | null = null;
let track: Track | null = null;
let [dataset, episode, timer] = [-1, -1, 0];
/** The row whose picture is on its way, and the one that is wanted after it. */
let [asked, wanted]: [number | null, number | null] = [null, null];

function trouble(error: unknown, where = "trouble"): void {
    say(part(where, HTMLElement), error instanceof Error ? error.message : String(error));
}

function paint(canvas: HTMLCanvasElement, image: ImageData): void {
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** Asks what there is, again and again until all has been examined. */
async function poll(): Promise<void> {
    window.clearTimeout(timer);
    try {
        shelves = await askShelves();
        if (datasets.options.length !== shelves.length) {
            datasets.replaceChildren(...shelves.map(({ name }, at) => new Option(name, String(at))));
        }
        const at = Math.max(0, datasets.selectedIndex);
        const shelf = shelves[at];
        if (shelf !== undefined) {
            if (shelf.ready && (dataset !== at || contents === null || (shelf.findings !== null && contents.findings.length === 0 && shelf.findings > 0))) {
                await open(at);
            }
            say(part("dataset-is", HTMLElement), words(shelf));
        } else {
            trouble("There are no recordings.", "dataset-is");
        }
    } catch (error) {
        trouble(error, "dataset-is");
    }
    if (shelves.length === 0 || shelves.some(({ findings, trouble }) => findings === null && trouble === null)) {
        timer = window.setTimeout(() => void poll(), POLL);
    }
}

function words({ ready, trouble, episodes, rows, examined, findings }: Shelf): string {
    if (!ready) {
        return trouble ?? "It is being opened.";
    }
    const there = `${count(episodes, "episode")}, ${count(rows, "row")}.`;
    const found = findings === null ? `The doctor has looked at ${examined[0]} of ${examined[1]}.` : `The doctor found ${count(findings, "thing")} to look at.`;
    return `${there} ${trouble ?? found}`;
}

async function open(at: number): Promise<void> {
    const [fresh, same] = [await askContents(at), at === dataset];
    [dataset, contents] = [at, fresh];
    const worst = new Map<number, Mark["severity"]>();
    for (const { episode, severity } of [...fresh.findings].reverse()) {
        if (episode !== null) {
            worst.set(episode, severity);
        }
    }
    const item = (rows: number, at: number): HTMLElement => {
        const severity = worst.get(at);
        const seconds = `${(rows / fresh.fps).toFixed(1)} s`;
        const button = make("button", severity ?? "", make("b", "", String(at)), ` ${count(rows, "row")}, ${seconds}`, severity === undefined ? "" : ` · ${severity}`);
        button.type = "button";
        button.addEventListener("click", () => void show(at));
        return make("li", "", button);
    };
    part("episodes", HTMLElement).replaceChildren(...fresh.episodes.map(item));
    if (same && episode >= 0) {
        press();
        mark();
    } else {
        await show(0);
    }
}

/** Shows an episode, at a row. */
async function show(at: number, row = 0): Promise<void> {
    if (contents === null || contents.episodes[at] === undefined) {
        return;
    }
    try {
        trouble("");
        const { state, action, pictures } = contents;
        if (at !== episode || track === null) {
            episode = at;
            const fresh = await askTrack(dataset, at);
            if (at !== episode) {
                return;
            }
            track = fresh;
            slider.max = String(Math.max(0, fresh.rows - 1));
            slider.disabled = fresh.rows === 0;
            say(part("episode-title", HTMLElement), `Episode ${at}${fresh.task === "" ? "" : `: ${fresh.task}`}`);
            const reward = fresh.reward.length === 0 ? [] : [fresh.reward];
            plots.show([
                { title: "State", columns: state, values: fresh.state },
                { title: "Action", columns: action, values: fresh.action },
                { title: "Reward", columns: [{ name: "reward", unit: "" }], values: reward },
            ]);
            press();
            mark();
            picture.hidden = !pictures;
            part("film", HTMLElement).replaceChildren();
            if (pictures && fresh.rows > 0) {
                void film(at, fresh.rows);
            }
        }
        look(row);
    } catch (error) {
        trouble(error);
    }
}

function press(): void {
    for (const [at, button] of document.querySelectorAll("#episodes button").entries()) {
        button.setAttribute("aria-pressed", String(at === episode));
    }
}

/** The film strip: a few pictures from the first row to the last, each of which leads to its row. */
async function film(at: number, rows: number): Promise<void> {
    const n = Math.min(STRIP, rows);
    const which = Array.from({ length: n }, (_, i) => Math.round((i * (rows - 1)) / Math.max(1, n - 1)));
    try {
        const images = await askPictures(dataset, at, which);
        if (at !== episode) {
            return;
        }
        const frames = images.map((image, i) => {
            const canvas = make("canvas", "");
            paint(canvas, image);
            const button = make("button", "", canvas);
            button.type = "button";
            button.setAttribute("aria-label", `row ${which[i]}`);
            button.addEventListener("click", () => look(which[i] ?? 0));
            return button;
        });
        part("film", HTMLElement).replaceChildren(...frames);
    } catch (error) {
        picture.hidden = true;
        trouble(error);
    }
}

/** Looks at a row: the scrubber, the plots, and the picture as soon as it comes. */
function look(row: number): void {
    if (track === null) {
        return;
    }
    slider.value = String(row);
    const at = Math.min(track.times.length - 1, Math.floor(row / track.every));
    const time = track.times[at];
    say(part("row-is", HTMLElement), `${row}${time === undefined ? "" : ` · ${time.toFixed(2)} s`}`);
    plots.look(row / Math.max(1, track.rows - 1), at);
    wanted = row;
    if (contents?.pictures === true && asked === null) {
        void fetchPicture();
    }
}

/** One picture at a time: rows that were passed over meanwhile are not asked for. */
async function fetchPicture(): Promise<void> {
    while (wanted !== null) {
        const [from, of] = [dataset, episode];
        [asked, wanted] = [wanted, null];
        try {
            const [image] = await askPictures(from, of, [asked]);
            if (image !== undefined && from === dataset && of === episode) {
                paint(picture, image);
            }
        } catch (error) {
            trouble(error);
        }
    }
    asked = null;
}

/** Findings, in a list and at their places in time. */
function mark(): void {
    const all = contents?.findings ?? [];
    const only = part("only", HTMLInputElement).checked;
    const listed = all.filter((found) => !only || found.episode === episode);
    const item = (found: Mark): HTMLElement => {
        const place = found.episode === null ? "all" : `episode ${found.episode}${found.rows === null ? "" : `, row ${found.rows[0]}`}`;
        const head = make("button", found.severity, make("b", "", `${found.severity}: ${found.check}`), ` ${place}`);
        head.type = "button";
        head.addEventListener("click", () => void show(found.episode ?? episode, found.rows?.[0] ?? 0));
        return make("li", "", head, make("p", "", found.what), make("p", "fine", found.remedy));
    };
    const items = listed.slice(0, LISTED).map(item);
    if (listed.length > LISTED) {
        items.push(make("li", "fine", `${listed.length - LISTED} more: terrella doctor lists all of them.`));
    }
    if (items.length === 0) {
        items.push(make("li", "fine", "Nothing yet."));
    }
    part("findings", HTMLElement).replaceChildren(...items);
    const rows = Math.max(1, (track?.rows ?? 1) - 1);
    const here = all.filter((found) => found.episode === episode && found.rows !== null).slice(0, LISTED);
    const bars = here.map((found) => {
        const [first, last] = found.rows ?? [0, 0];
        const bar = make("button", found.severity);
        bar.type = "button";
        bar.title = `${found.check}: ${found.what}`;
        bar.setAttribute("aria-label", `${found.severity}, rows ${first} to ${last}: ${found.check}`);
        bar.style.left = `${(100 * first) / rows}%`;
        bar.style.width = `max(6px, ${(100 * (last - first)) / rows}%)`;
        bar.addEventListener("click", () => look(first));
        return bar;
    });
    part("marks", HTMLElement).replaceChildren(...bars);
}

for (const link of document.querySelectorAll<HTMLAnchorElement>("a[data-room]")) {
    link.href = address(link.getAttribute("href") ?? ".").href;
}
datasets.addEventListener("change", () => {
    // Nothing of the one before stands under the name of this one.
    [contents, track, episode] = [null, null, -1];
    plots.show([]);
    for (const id of ["episodes", "film"]) {
        part(id, HTMLElement).replaceChildren();
    }
    say(part("episode-title", HTMLElement), "Episode");
    picture.hidden = true;
    mark();
    void poll();
});
slider.addEventListener("input", () => look(slider.valueAsNumber));
part("only", HTMLInputElement).addEventListener("change", mark);
void poll();
