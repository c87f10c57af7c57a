// Why one is not let in. A browser does not tell a page why a socket was refused, so the same address is asked
// again as a plain page, and its status and text say it.

export type Why = "gone" | "key" | "full" | "origin" | "locked" | "other";

export interface Refusal {
    why: Why;
    /** What the program says of it, if anything. */
    text: string;
}

const WHY: Record<number, Why> = { 401: "key", 403: "locked", 429: "full", 503: "full" };

/** What an answer that is no success means. */
export async function refusalOf(answer: Response): Promise<Refusal> {
    const text = (await answer.text().catch(() => "")).trim();
    // A page in place of a sentence comes from somebody between.
    const said = text.startsWith("<") ? "" : text.slice(0, 300);
    const why = WHY[answer.status] ?? "other";
    // A plain question names no origin, so that to be told so says nothing of the socket.
    if (why === "locked" && /^no origin/i.test(said)) {
        return { why, text: "" };
    }
    if (why === "locked" && /\bkey\b/i.test(said)) {
        return { why: "key", text: said };
    }
    if (why === "locked" && /may not drive here|not called/i.test(said)) {
        return { why: "origin", text: said };
    }
    return { why, text: said || `the program answered ${answer.status}` };
}

/** Asks the address of a refused socket. */
export async function whyRefused(live: URL): Promise<Refusal> {
    try {
        const answer = await fetch(live, { cache: "no-store", signal: AbortSignal.timeout(8000) });
        // A plain question where a socket is due may be refused for being one: then the reason stays unknown.
        const plain = answer.ok || answer.status === 400 || answer.status === 426;
        return plain ? { why: "locked", text: "" } : await refusalOf(answer);
    } catch {
        return { why: "gone", text: "" };
    }
}
