// The planner's part of the page: the goal as a picture, who drives, whether it is reached, and what is imagined of the
// plan that is followed, as a strip of small pictures.

import { PictureCanvas } from "./canvas.ts";
import { count, digits, make, part, say } from "./dom.ts";
import type { Frame } from "./frames.ts";
import type { About, Header } from "./protocol.ts";

export class PlannerView {
    private readonly goal = new PictureCanvas(part("goal", HTMLCanvasElement));
    private readonly figure = part("goal-figure", HTMLElement);
    private readonly plan = part("plan", HTMLElement);
    private readonly strip = part("plan-strip", HTMLElement);
    private readonly moments: { figure: HTMLElement; caption: HTMLElement; picture: PictureCanvas }[] = [];
    private goals = false;

    about({ planner }: About): void {
        this.goals = planner.rules.length > 0;
        say(part("planner-is", HTMLElement), planner.words);
        for (const id of ["goal-form", "goal-row-form"]) {
            part(id, HTMLElement).hidden = !this.goals;
        }
        part("planner-buttons", HTMLElement).hidden = !planner.ready;
        part("planner-now", HTMLElement).hidden = !planner.ready;
    }

    clear(): void {
        this.figure.hidden = true;
        this.plan.hidden = true;
    }

    /** Takes note of a frame, drawn or not: these pictures come once. */
    note({ header, pictures }: Frame): void {
        const goal = pictures.find(({ kind }) => kind === "goal");
        if (goal !== undefined) {
            this.figure.hidden = false;
            this.goal.show(goal.rgb, header.size, null);
        }
        const imagined = pictures.filter(({ kind, lane }) => kind === "ghost" && lane === header.lane);
        if (imagined.length === 0) {
            return;
        }
        this.plan.hidden = false;
        while (this.moments.length < imagined.length) {
            this.moments.push(this.moment());
        }
        for (const [at, { figure, caption, picture }] of this.moments.entries()) {
            const rgb = imagined[at]?.rgb;
            figure.hidden = rgb === undefined;
            if (rgb !== undefined) {
                const steps = at * (header.plan?.every ?? 1);
                say(caption, steps === 0 ? "then" : `+${steps}`);
                picture.canvas.setAttribute("aria-label", steps === 0 ? "imagined when the plan was made" : `imagined ${count(steps, "step")} later`);
                picture.show(rgb, header.size, null);
            }
        }
    }

    /** A frame is shown. */
    show(header: Header): void {
        const piloted = header.drivers[header.lane] === "planner";
        say(part("who", HTMLElement), piloted ? "The planner drives." : "You drive.");
        part("who", HTMLElement).classList.toggle("piloted", piloted);
        say(part("goal-is", HTMLElement), header.goal !== null ? `Goal: ${header.goal}.` : this.goals ? "No goal yet." : "It goes for rewards.");
        const reached = header.reached.length === 0 ? "" : `Goal reached by rule ${header.reached.join(", ")}.`;
        say(part("reached", HTMLElement), reached);
        const { plan } = header;
        this.plan.classList.toggle("past", plan === null);
        if (plan !== null) {
            const cost = plan.cost === null ? "" : `, cost ${digits(plan.cost, 3)}`;
            say(part("plan-is", HTMLElement), `made at step ${plan.step} in ${plan.took_ms.toFixed(0)} ms${cost}`);
        }
    }

    private moment(): { figure: HTMLElement; caption: HTMLElement; picture: PictureCanvas } {
        const canvas = make("canvas", "");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", "imagined");
        const caption = make("figcaption", "");
        const figure = make("figure", "", make("div", "frame", canvas), caption);
        this.strip.append(figure);
        return { figure, caption, picture: new PictureCanvas(canvas) };
    }
}
