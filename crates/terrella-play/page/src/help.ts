// The help: every key, made of the same list as the buttons.

import { COMMANDS } from "./commands.ts";
import { make, part, say } from "./dom.ts";
import { BUTTONS } from "./gamepad.ts";
import type { About } from "./protocol.ts";

/** Opens the help, with what this world's actions are. */
export function openHelp(about: About | null): void {
    const steer: [string, string][] =
        about?.actions.kind === "choice"
            ? about.actions.names.slice(0, 10).map((name, i) => [String((i + 1) % 10), `choose “${name}”`])
            : [];
    const keys: [string, string][] = [["Arrows, W A S D", "steer"], ...steer, ...COMMANDS.map(({ key, words }): [string, string] => [key, words])];
    const pads = BUTTONS.map(([button, id]): [string, string] => [
        `Gamepad ${"ABXY"[button] ?? button}`,
        COMMANDS.find((command) => command.id === id)?.words.replace(/ \(.*\)$/, "") ?? id,
    ]);
    const rows = [...keys, ["Gamepad stick", "steer"] as const, ...pads].map(([key, words]) => {
        const head = make("th", "", make("kbd", "", key));
        head.scope = "row";
        return make("tr", "", head, make("td", "", words));
    });
    part("help-rows", HTMLElement).replaceChildren(...rows);
    say(part("help-world", HTMLElement), about === null ? "" : `${about.keys} At most ${about.sessions_most} pages at once.`);
    part("help", HTMLDialogElement).showModal();
}
