// The state in numbers, as the learned world and the real one tell it, read when asked for.

import { digits, make, part, say } from "./dom.ts";
import type { About, State } from "./protocol.ts";

const TURN = 2 * Math.PI;

/** Shows a state that was read. */
export function showState(state: State, about: About | null): void {
    const units = new Map(about?.state.map(({ name, unit }) => [name, unit]));
    const cell = (value: number | undefined): HTMLElement => make("td", "", value === undefined ? "–" : digits(value));
    const rows = state.names.map((name, i) => {
        const [learned, real] = [state.learned?.[i], state.real?.[i]];
        const unit = units.get(name) ?? "";
        const head = make("th", "", name);
        head.scope = "row";
        const apart = learned === undefined || real === undefined ? undefined : difference(learned, real, unit);
        return make("tr", "", head, make("td", "unit", unit), cell(learned), cell(real), cell(apart));
    });
    part("state-rows", HTMLElement).replaceChildren(...rows);
    const missing = state.learned === null ? " The model does not tell a state." : state.real === null ? " There is no real state." : "";
    say(part("state-of", HTMLElement), `Future ${state.lane + 1}, step ${state.step}.${missing}`);
}

/** Learned less real; angles the short way round. */
function difference(learned: number, real: number, unit: string): number {
    const apart = learned - real;
    return unit === "rad" ? apart - TURN * Math.round(apart / TURN) : apart;
}
