// A stand-in for `terrella play`: it serves dist/ and speaks the protocol, with a dot that goes to its target, and a
// learned dot that drifts off until it may look again, and a planner that sends the dot to a goal. `node test/mock.mjs [PORT]` runs it by hand.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { shelves } from "./shelves.mjs";
import { accept } from "./socket.mjs";

const DIST = new URL("../dist/", import.meta.url);
const FILES = { "/": ["index.html", "text/html"], "/play.js": ["play.js", "text/javascript"], "/play.css": ["play.css", "text/css"], "/favicon.svg": ["favicon.svg", "image/svg+xml"], "/data": ["data.html", "text/html"], "/data.js": ["data.js", "text/javascript"] };
const SIZE = 64, DT = 0.1, REMEMBERED = 600;

export const ACTIONS = {
    targets: { kind: "box", names: ["target_x", "target_y"], low: [0, 0], high: [512, 512], are: "targets" },
    displacements: { kind: "box", names: ["dx", "dy"], low: [-1, -1], high: [1, 1], are: "displacements" },
    torque: { kind: "box", names: ["torque"], low: [-2], high: [2], are: "displacements" },
    choice: { kind: "choice", names: ["left", "stay", "right"] },
    arm: { kind: "box", names: ["base", "elbow", "wrist"], low: [-1, -1, -1], high: [1, 1, 1], are: "displacements" },
};

/** What the program lets the page do, so that whatever it forbids fails here, too. */
const RULES = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** The same for pages that another part of the program wrote. */
const APART = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
};

/**
 * Starts it on loopback. A socket needs `key`, where it is given, and is told so only where `frank`, as a plain question may be
 * refused for being one; `refuse` is an answer to every socket; who comes when it is `full` is told to go.
 */
export async function startMock({ actions = "targets", real = true, key = null, frank = true, refuse = null, full = false, scope = "record", planner = true, library = true, port = 0 } = {}) {
    const orders = [];
    const missed = [];
    const sessions = new Set();
    const about = {
        world: "pusht",
        model: "A JEPA of 1.2 million numbers with a decoder of pictures, trained on 206 demonstrations",
        dt: DT, rate: 1 / DT, picture: SIZE, actions: ACTIONS[actions],
        state: [{ name: "agent_x", unit: "px" }, { name: "agent_y", unit: "px" }, { name: "block_angle", unit: "rad" }],
        real, episodes: [{ rows: 161 }, { rows: 118 }], record: "runs/played", library, sessions_most: 8,
        keys: "Arrow keys move the target.",
        planner: planner
            ? { ready: true, words: "The planner drives as policy hybrid.", rules: ["moderate", "strict"] }
            : { ready: false, words: "this model paints and cannot be planned with; train another", rules: [] },
    };
    const lookUp = shelves();
    const asked = [];
    const keyed = (url) => key === null || url.searchParams.get("key") === key;
    const server = createServer(async (request, response) => {
        const url = new URL(request.url, "http://x");
        const file = FILES[url.pathname];
        const answer = (status, kind, body) => response.writeHead(status, { "content-type": kind, ...RULES }).end(body);
        if (file !== undefined) {
            answer(200, file[1], await readFile(new URL(file[0], DIST)));
        } else if (url.pathname === "/about") {
            answer(200, "application/json", JSON.stringify(about));
        } else if (library && /^\/(library|runs)/.test(url.pathname) && !keyed(url)) {
            answer(403, "text/plain", "a key is needed");
        } else if (library && url.pathname.startsWith("/library")) {
            asked.push(url.pathname + url.search);
            const { status = 200, kind = "application/json", body } = lookUp(url);
            answer(status, kind, body);
        } else if (library && url.pathname === "/runs") {
            const hidden = key === null ? "" : `<input type="hidden" name="key" value="${key}">`;
            const form = `<form action="runs/compare"><input type="checkbox" name="run" value="0" aria-label="compare run a">${hidden}<button>Compare</button></form>`;
            response.writeHead(200, { "content-type": "text/html", ...APART }).end(`<!doctype html><title>Runs</title><h1>Runs</h1>${form}`);
        } else if (library && url.pathname === "/runs/compare") {
            response.writeHead(200, { "content-type": "text/html", ...APART }).end(`<!doctype html><title>a</title><h1>${url.searchParams.getAll("run").length} side by side</h1>`);
        } else if (url.pathname === "/live") {
            const locked = frank && !keyed(url) ? { status: 403, text: "a key is needed" } : null;
            const { status, text } = refuse ?? locked ?? { status: 400, text: "a WebSocket is spoken here" };
            answer(status, "text/plain", text);
        } else {
            missed.push(url.pathname);
            answer(404, "text/plain", "there is nothing here");
        }
    });
    server.on("upgrade", (request, socket) => {
        if (!keyed(new URL(request.url, "http://x")) || refuse !== null) {
            socket.end(`HTTP/1.1 ${refuse?.status ?? 403} Refused\r\nContent-Length: 0\r\n\r\n`);
            return;
        }
        const session = new Session(about, scope);
        session.wire = accept(request, socket, {
            heard: (text) => {
                const order = JSON.parse(text);
                orders.push(order);
                session.obey(order);
            },
            closed: () => {
                session.stop();
                sessions.delete(session);
            },
        });
        if (full) {
            session.wire.text({ say: "closing", text: "all 8 places are taken; come back when somebody has left" });
            session.wire.close();
            return;
        }
        sessions.add(session);
        session.start();
    });
    await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
    const stop = (text) =>
        new Promise((stopped) => {
            for (const { wire } of sessions) {
                wire.text({ say: "closing", text });
                wire.close();
            }
            server.close(stopped);
            server.closeAllConnections();
        });
    return { url: `http://127.0.0.1:${server.address().port}/`, port: server.address().port, orders, asked, missed, sessions, stop };
}

class Session {
    constructor(about, scope) {
        this.about = about;
        this.scope = scope;
        this.held = { paused: false, speed: 1, echo: null, recording: null, saved: new Map(), goal: null, unseen: [] };
        this.reset(0);
    }

    reset(seed) {
        const dot = { x: 0.3 + 0.05 * (seed % 8), y: 0.6 };
        const kind = this.about.actions;
        const action = kind.kind === "choice" ? [1] : kind.names.map((_, i) => (kind.are === "targets" ? 256 : 0 * i));
        this.world = { step: 0, lane: 0, anchored: 0, lanes: [{ real: dot, learned: { ...dot }, action, piloted: false, plan: null, reached: [] }] };
        this.past = [];
    }

    start() {
        this.frame();
        this.schedule();
    }

    stop() {
        clearTimeout(this.timer);
    }

    schedule() {
        clearTimeout(this.timer);
        const { paused, speed } = this.held;
        if (!paused) {
            this.timer = setTimeout(() => (this.step(), this.schedule()), speed === 0 ? 2 : (DT * 1000) / speed);
        }
    }

    step() {
        this.past = [...this.past, structuredClone(this.world)].slice(-REMEMBERED);
        for (const [at, lane] of this.world.lanes.entries()) {
            this.pilot(lane, at);
        }
        this.world.step += 1;
        for (const lane of this.world.lanes) {
            const to = this.target(lane);
            for (const dot of [lane.real, lane.learned]) {
                dot.x += 0.2 * (to.x - dot.x);
                dot.y += 0.2 * (to.y - dot.y);
            }
            const off = Math.min(0.12, (this.world.step - this.world.anchored) * 0.0008);
            lane.learned.x += off * 0.3 * Math.sin(this.world.step / 9);
            lane.learned.y += off * 0.3 * Math.cos(this.world.step / 7);
            const { goal } = this.held;
            if (goal !== null && lane.reached.length === 0 && Math.hypot(lane.real.x - goal.x, lane.real.y - goal.y) < 0.02) {
                Object.assign(lane, { reached: ["moderate", "strict"], piloted: false, plan: null });
                this.wire.text({ say: "note", text: "future 1 has reached the goal by rule moderate and strict" });
            }
        }
        if (this.held.recording !== null) {
            this.held.recording += 1;
        }
        this.frame();
    }

    /** Goes to the goal, and plans anew every five steps. */
    pilot(lane, at) {
        const { goal } = this.held;
        if (!lane.piloted) {
            return;
        }
        lane.action = [goal.x * 512, goal.y * 512];
        if (lane.plan === null || this.world.step >= lane.plan.step + 5) {
            lane.plan = { step: this.world.step, every: 5, cost: 0.25, took_ms: 38 };
            const then = (k) => ({ x: goal.x + (lane.learned.x - goal.x) * 0.8 ** (2 * k), y: goal.y + (lane.learned.y - goal.y) * 0.8 ** (2 * k) });
            this.held.unseen.push(...[0, 1, 2, 3, 4, 5].map((k) => [`ghost:${at}:${k}`, then(k)]));
        }
    }

    target({ action, real }) {
        const { kind, are } = this.about.actions;
        if (are === "targets") {
            return { x: action[0] / 512, y: action[1] / 512 };
        }
        const [dx, dy] = kind === "choice" ? [action[0] - 1, 0] : [action[0], action[1] ?? 0];
        const inside = (v) => Math.min(0.95, Math.max(0.05, v));
        return { x: inside(real.x + dx * 0.2), y: inside(real.y + dy * 0.2) };
    }

    obey(order) {
        const { world, held, wire } = this;
        const lane = world.lanes[world.lane];
        if (this.scope === "read" && order.do !== "read") {
            return wire.text({ say: "error", text: 'your key is for "read", and this needs one for "step"' });
        }
        switch (order.do) {
            case "drive":
                Object.assign(lane, { action: order.action, piloted: false, plan: null });
                held.echo = order.at;
                return undefined;
            case "pause": case "go":
                held.paused = order.do === "pause";
                break;
            case "step":
                return this.step();
            case "speed":
                held.speed = order.times;
                break;
            case "reset":
                this.reset(order.seed ?? order.episode);
                break;
            case "goal":
                held.goal = { x: 0.2 + 0.1 * ((order.seed ?? order.row) % 8), y: 0.3, words: order.seed === undefined ? `row ${order.row} of episode ${order.episode}` : `drawn from seed ${order.seed}` };
                held.unseen.push(["goal:0", held.goal]);
                world.lanes.forEach((each) => Object.assign(each, { reached: [], plan: null }));
                break;
            case "pilot":
                Object.assign(lane, { piloted: order.on, plan: null });
                break;
            case "rewind":
                held.paused = true;
                for (let i = 0; i < order.steps && this.past.length > 0; i += 1) {
                    this.world = this.past.pop();
                }
                break;
            case "branch":
                world.lanes.length > 1
                    ? wire.text({ say: "note", text: "there are two futures already" })
                    : world.lanes.push({ ...structuredClone(lane), piloted: false, plan: null });
                break;
            case "lane":
                world.lane = order.lane;
                break;
            case "join":
                world.lanes = [lane];
                world.lane = 0;
                break;
            case "save":
                held.saved.set(order.name, structuredClone(world));
                wire.text({ say: "saved", names: [...held.saved.keys()] });
                break;
            case "load":
                this.world = structuredClone(held.saved.get(order.name));
                break;
            case "record":
                if (!order.on) {
                    wire.text({ say: "recorded", path: "runs/played/000", rows: held.recording });
                }
                held.recording = order.on ? 0 : null;
                break;
            case "anchor":
                lane.learned = { ...lane.real };
                world.anchored = world.step;
                wire.text({ say: "note", text: "the learned world looked at the real one" });
                break;
            case "read": {
                const tell = ({ x, y }, angle) => [x * 512, y * 512, angle];
                wire.text({ say: "state", lane: world.lane, step: world.step, learned: tell(lane.learned, 0.1), real: this.about.real ? tell(lane.real, 6.2) : null, names: this.about.state.map(({ name }) => name) });
                return undefined;
            }
            default:
                wire.text({ say: "error", text: `there is no order "${order.do}"` });
        }
        this.frame();
        this.schedule();
        return undefined;
    }

    frame() {
        const { world, held, about } = this;
        const shown = world.lanes.flatMap((lane, i) => [["learned", i, lane.learned], ...(about.real ? [["real", i, lane.real]] : [])]);
        const once = held.unseen.splice(0);
        const drawn = [...shown.map(([, , dot]) => draw(dot)), ...once.map(([, dot]) => draw(dot))];
        const now = world.lanes[world.lane];
        const driven = world.lane * 2;
        const apart = about.real ? drawn[driven].reduce((sum, v, i) => sum + Math.abs(v - drawn[driven + 1][i]), 0) : 0;
        const header = Buffer.from(JSON.stringify({
            step: world.step, time: world.step * DT, lane: world.lane, lanes: world.lanes.length, paused: held.paused,
            speed: held.speed, pictures: [...shown.map(([kind, i]) => `${kind}:${i}`), ...once.map(([name]) => name)], size: SIZE, took_ms: 1.7,
            echo: held.echo, action: world.lanes[world.lane].action, error: about.real ? apart / drawn[0].length / 255 : null,
            spread: null, recording: held.recording, reward: 0, ended: false, anchored: world.anchored, remembered: this.past.length,
            drivers: world.lanes.map(({ piloted }) => (piloted ? "planner" : "hand")), goal: held.goal?.words ?? null, reached: now.reached, plan: now.plan,
        }));
        held.echo = null;
        const length = Buffer.alloc(4);
        length.writeUInt32LE(header.length);
        this.wire?.binary(Buffer.concat([length, header, ...drawn]));
    }
}

/** A blue disc on white, before a green mark that stays. */
function draw({ x, y }) {
    const rgb = Buffer.alloc(SIZE * SIZE * 3, 250);
    for (let row = 0; row < SIZE; row += 1) {
        for (let column = 0; column < SIZE; column += 1) {
            const at = (row * SIZE + column) * 3;
            const bar = row >= 22 && row < 28 && column >= 30 && column < 54;
            const stem = row >= 28 && row < 46 && column >= 39 && column < 45;
            if (bar || stem) {
                rgb.set([144, 200, 144], at);
            }
            if (Math.hypot(column + 0.5 - x * SIZE, row + 0.5 - y * SIZE) < 4.5) {
                rgb.set([65, 105, 225], at);
            }
        }
    }
    return rgb;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
    const { url } = await startMock({ port: Number(process.argv[2] ?? 0), actions: process.argv[3] ?? "targets" });
    process.stdout.write(`${url}\n`);
}
