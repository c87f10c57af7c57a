// Puts the page together: what is heard goes to the parts that show it, what is done goes out as orders. Once
// before each picture of the screen, inputs are read and the newest frame is drawn; older ones never are.

import { showAbout } from "./about.ts";
import type { Overlay } from "./canvas.ts";
import { Chart } from "./chart.ts";
import type { Command, Desk } from "./commands.ts";
import { Connection, type Link } from "./connection.ts";
import { Controls, whole } from "./controls.ts";
import { count, part } from "./dom.ts";
import { Drive } from "./drive.ts";
import type { Frame } from "./frames.ts";
import { Gamepads } from "./gamepad.ts";
import { Ghosts } from "./ghosts.ts";
import { openHelp } from "./help.ts";
import { listenToKeys } from "./keyboard.ts";
import { Latency } from "./latency.ts";
import { Meters } from "./meters.ts";
import { Notes } from "./notes.ts";
import { Panel } from "./panel.ts";
import { PlannerView } from "./planner.ts";
import type { About, Said } from "./protocol.ts";
import { Stage } from "./stage.ts";
import { showState } from "./table.ts";
import { listenToPointers } from "./touch.ts";
import { Trace } from "./trace.ts";
import { Veil } from "./veil.ts";

/** The table is read anew this often while it is kept up to date. */
const READ_MS = 500;
/** Orders to drive are at least this far apart, for the server takes 240 messages a second and not more. */
const DRIVE_MS = 8;
/** Driving rests this long after an error. */
const AFTER_ERROR_MS = 500;

const stageArea = part("stage", HTMLElement);
const notes = new Notes(part("notes", HTMLElement));
const latency = new Latency();
const chart = new Chart(part("chart", HTMLCanvasElement));
const meters = new Meters(chart, latency);
const trace = new Trace();
const gamepads = new Gamepads();
const panel = new Panel(part("action", HTMLElement), part("hint", HTMLElement));
const keep = part("keep", HTMLInputElement);
const ghosts = new Ghosts();
const planner = new PlannerView();
const goalSeed = part("goal-seed", HTMLInputElement);

let drive: Drive | null = null;
let newest: Frame | null = null;
let fixed = "";
let sessions = 0;
let driven = 0;
let read = 0;
/** Whether the key is for looking only. */
let watching = false;

const desk: Desk = {
    about: null,
    header: null,
    goal: {
        get value() {
            return whole(goalSeed);
        },
        set value(seed) {
            goalSeed.value = String(seed);
        },
    },
    send: (order) => void connection.send(order),
    help: () => openHelp(desk.about),
};

const connection = new Connection({ link, about, said, frame, trouble: (text) => notes.add(text, true) });
const stage = new Stage(part("rows", HTMLElement), (lane) => desk.send({ do: "lane", lane }), (lane) => ghosts.over(lane));
const controls = new Controls({ desk, run, open: () => connection.open, stage: stageArea });
const veil = new Veil(() => void connection.connect());

listenToKeys({
    drive: () => drive,
    run,
    stage: stageArea,
    after: part("first-button", HTMLElement),
    lanes: () => desk.header?.lanes ?? 1,
});
for (const { canvas, lane } of stage.canvases()) {
    listenToPointers(canvas, lane, {
        drive: () => drive,
        driven: (lane) => lane === (desk.header?.lane ?? 0),
        choose: (lane) => desk.send({ do: "lane", lane }),
    });
}

function run(command: Command): void {
    const why = command.id === "help" ? "" : connection.open ? command.hindered(desk) : "there is no session";
    if (why !== "") {
        notes.add(`${command.words.split(/[:,(]/)[0]?.trim() ?? command.id}: ${why}`);
        return;
    }
    command.run(desk);
    if (command.id === "branch" && document.activeElement === document.body) {
        // So that Tab switches from here on.
        stageArea.focus({ preventScroll: true });
    }
}

function link(link: Link): void {
    veil.show(link);
    if (link.is === "open") {
        sessions += 1;
        if (sessions > 1) {
            notes.add("connected again: this is a new session, and what the last one had saved is gone");
        }
        [newest, desk.header, watching] = [null, null, false];
        latency.clear();
        chart.clear();
        trace.clear();
        ghosts.clear();
        planner.clear();
        controls.saved([]);
    }
    controls.look();
}

function about(about: About): void {
    const text = JSON.stringify(about);
    if (fixed !== "" && fixed !== text) {
        // Another world answers at this address now: everything is different.
        location.reload();
        return;
    }
    desk.about = about;
    drive ??= new Drive(about.actions);
    if (fixed === "") {
        showAbout(about);
        stage.expect(about.real);
        planner.about(about);
        panel.build(drive);
        stageArea.dataset["drive"] = drive.way === "target" && !drive.planar ? "keys" : drive.way;
    }
    fixed = text;
    controls.about(about);
}

function said(said: Said): void {
    switch (said.say) {
        case "note":
        case "closing":
            notes.add(said.text);
            break;
        case "error":
            notes.add(said.text, true);
            // Who drives on all the same is sent away after a few dozen errors.
            watching ||= /^your key is for "read"/.test(said.text);
            // Nor is anything else that is wrong to be said a hundred times a second.
            driven = performance.now() + AFTER_ERROR_MS;
            break;
        case "state":
            showState(said, desk.about);
            break;
        case "saved":
            controls.saved(said.names);
            break;
        case "recorded":
            notes.add(`recorded ${count(said.rows, "row")} into ${said.path}`);
            break;
    }
}

function frame(frame: Frame): void {
    const { header } = frame;
    const before = desk.header;
    if (before === null || header.lane !== before.lane || header.step < before.step) {
        drive?.follow(header);
    }
    drive?.shadow(header);
    // Pictures that come once must not be lost with a frame that is not drawn.
    ghosts.note(frame);
    planner.note(frame);
    // What an undrawn frame was the first to show, this one is now.
    if (newest !== null && newest.header.echo !== null) {
        header.echo = newest.header.echo;
    }
    desk.header = header;
    newest = frame;
    chart.note(header);
    if (drive?.way === "target" && drive.planar) {
        trace.note(header, (action) => drive?.place(action) ?? [0, 0]);
    }
}

function turn(now: number): void {
    requestAnimationFrame(turn);
    veil.turn(now);
    meters.turn(now);
    if (drive === null || !connection.open) {
        return;
    }
    gamepads.poll(drive, run);
    if (now - driven >= DRIVE_MS) {
        const held = drive.turn(now);
        if (held !== null) {
            driven = now;
            if (!watching) {
                connection.send({ do: "drive", ...held });
                latency.order(held.at);
            }
            if (newest === null) {
                stage.mark(desk.header?.lane ?? 0, overlay());
            }
        }
        panel.show();
    }
    if (desk.header?.paused === true) {
        latency.paused();
    }
    if (newest !== null) {
        const { header } = newest;
        stage.show(newest, overlay());
        meters.show(header, desk.about, now);
        controls.show(header);
        planner.show(header);
        if (header.echo !== null) {
            latency.drawn(header.echo);
        }
        newest = null;
    }
    if (keep.checked && now - read >= READ_MS) {
        read = now;
        connection.send({ do: "read" });
    }
}

/** Where the target is and has been, where there is one in the plane of the picture. */
function overlay(): Overlay | null {
    return drive?.way === "target" && drive.planar ? trace.overlay(drive.place(drive.action)) : null;
}

void connection.connect();
requestAnimationFrame(turn);
