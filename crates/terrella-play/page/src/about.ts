// What the world is: asked from the program before anything else, and told at the top of the page.

import { make, part, say } from "./dom.ts";
import { refusalOf, type Refusal } from "./refusal.ts";
import type { About } from "./protocol.ts";

/** An address of the program beside this page, with the key that this page was opened with. */
export function address(path: string): URL {
    const url = new URL(path, document.baseURI);
    const key = new URLSearchParams(location.search).get("key");
    if (key !== null) {
        url.searchParams.set("key", key);
    }
    return url;
}

/** Asks what the world is; or why it is not told. */
export async function askAbout(): Promise<About | Refusal> {
    try {
        const answer = await fetch(address("about"), { cache: "no-store", signal: AbortSignal.timeout(8000) });
        return answer.ok ? ((await answer.json()) as About) : await refusalOf(answer);
    } catch {
        return { why: "gone", text: "" };
    }
}

/** Tells it. */
export function showAbout(about: About): void {
    const { world, model, rate, dt, picture } = about;
    document.title = `${world} · terrella play`;
    say(part("world", HTMLElement), world);
    say(part("model", HTMLElement), `${model.replace(/\.?$/, ".")} One step is ${dt} s, ${rate} a second in real time; pictures are ${picture} × ${picture}.`);
    const rooms = part("rooms", HTMLElement);
    rooms.hidden = !about.library;
    for (const link of rooms.querySelectorAll("a")) {
        link.href = address(link.getAttribute("href")?.replace(/\?.*$/, "") ?? "data").href;
    }
    if (!about.real) {
        const words = [
            make("b", "", "You are driving a learned world:"),
            " each picture is imagined by a model from one real picture and your actions, nothing else.",
            " There is no real simulator here to compare it with.",
        ];
        part("what", HTMLElement).replaceChildren(...words);
    }
}
