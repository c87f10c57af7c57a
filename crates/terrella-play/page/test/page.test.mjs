// The pages in a real browser against the stand-in: what is pressed arrives as orders, what comes back is shown, and
// it can be read and used on a phone, in the dark, and without a mouse.
//
// CHROMIUM is the browser (/usr/bin/chromium), SCREENSHOTS a folder that pictures of the page go to, if given.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startMock } from "./mock.mjs";

const SHOTS = process.env.SCREENSHOTS;
/** A test that waits this long for something waits for nothing: slow machines get there sooner. */
const PATIENCE = 30_000;
let browser;

before(async () => {
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(() => browser?.close());

/** A page on a mock of its own; both end with the test. */
async function visit(t, { mock: options = {}, query = "", ...look } = {}) {
    const mock = await startMock(options);
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...look });
    page.setDefaultTimeout(PATIENCE);
    const troubles = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => /Content Security/.test(message.text()) && troubles.push(message.text()));
    await page.goto(mock.url + query);
    t.after(async () => {
        await page.close();
        await mock.stop("the test is over").catch(() => {});
        assert.deepEqual(troubles, [], "no script failed");
        assert.deepEqual(mock.missed, [], "nothing was asked for that is not there");
    });
    return { mock, page };
}

/** A visit with a picture on the page, and the pictures focused. */
async function drive(t, options) {
    const visited = await visit(t, options);
    await visited.page.waitForFunction(() => Number(document.querySelector("#m-step").textContent) >= 3);
    await visited.page.focus("#stage");
    return visited;
}

async function ordered(mock, found, words) {
    const until = Date.now() + PATIENCE;
    while (!mock.orders.some(found)) {
        assert.ok(Date.now() < until, `no order to ${words} among ${JSON.stringify(mock.orders.slice(-5))}`);
        await new Promise((soon) => setTimeout(soon, 20));
    }
    return mock.orders.findLast(found);
}

const text = (page, id) => page.locator(`#${id}`).textContent();
const says = (page, id, pattern) =>
    page.waitForFunction(([id, source]) => new RegExp(source).test(document.getElementById(id).textContent), [id, pattern.source]);
async function shoot(page, name) {
    if (SHOTS !== undefined) {
        await mkdir(SHOTS, { recursive: true });
        await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
    }
}

test("connects, shows both worlds and says what they are", async (t) => {
    const { page } = await drive(t);
    await says(page, "link", /^connected$/);
    assert.match(await text(page, "what"), /driving a learned world/);
    for (const column of ["learned", "real", "difference"]) {
        const colours = await page.evaluate((column) => {
            const canvas = document.querySelector(`.row .${column} canvas`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4) {
                seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
            }
            return [...seen];
        }, column);
        const due = column === "difference" ? "0,0,0" : "65,105,225";
        assert.ok(colours.includes(due), `${column} has the exact colour ${due}`);
    }
    const violet = await page.evaluate(() => {
        const chart = document.querySelector("#chart");
        const { data } = chart.getContext("2d").getImageData(0, 0, chart.width, chart.height);
        return data.some((red, i) => i % 4 === 0 && red === 106 && data[i + 1] === 63 && data[i + 2] === 208);
    });
    assert.ok(violet, "the chart has a line in the colour of what is learned");
    await says(page, "m-shown", /[1-9]\d* \/s/);
    await says(page, "m-error", /^\d+\.\d\d %$/);
    await shoot(page, "desktop");
});

test("arrow keys move the target at a steady pace, and the latency is measured", async (t) => {
    const { mock, page } = await drive(t);
    await page.keyboard.down("ArrowRight");
    await ordered(mock, ({ action }) => action?.[0] > 300, "drive right");
    await page.keyboard.up("ArrowRight");
    const drives = mock.orders.filter((order) => order.do === "drive");
    assert.ok(drives.every(({ action, at }) => action[1] === 256 && action[0] <= 512 && Number.isFinite(at)));
    assert.ok(drives.every(({ action }, i) => i === 0 || action[0] > drives[i - 1].action[0]));
    await says(page, "m-latency", /^\d+ \/ \d+ ms$/);
    // The mouse over a picture is the target: half across and a quarter down.
    const box = await page.locator(".row .learned canvas").first().boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 4);
    const pointed = await ordered(mock, ({ action }) => action !== undefined && Math.abs(action[1] - 128) < 3, "point");
    assert.ok(Math.abs(pointed.action[0] - 256) < 3);
    for (let i = 0; i < 30; i += 1) {
        const turn = i / 5;
        await page.mouse.move(box.x + box.width * (0.5 + 0.3 * Math.cos(turn)), box.y + box.height * (0.5 + 0.3 * Math.sin(turn)));
        await page.waitForTimeout(60);
    }
    await shoot(page, "driven");
});

test("pauses, steps, rewinds and sets the speed", async (t) => {
    const { mock, page } = await drive(t);
    await page.keyboard.press("Space");
    await says(page, "flags", /paused/);
    assert.match(await text(page, "first-button"), /^Go/);
    const stopped = Number(await text(page, "m-step"));
    await page.keyboard.press(".");
    await says(page, "m-step", new RegExp(`^${stopped + 1}$`));
    await page.keyboard.press("Backspace");
    await says(page, "m-step", new RegExp(`^${stopped}$`));
    await page.keyboard.press("Shift+Backspace");
    assert.deepEqual(await ordered(mock, ({ steps }) => steps === 10, "rewind"), { do: "rewind", steps: 10 });
    await page.keyboard.press("]");
    await ordered(mock, (order) => order.do === "speed" && order.times === 1.5, "go faster");
    await page.locator("#flat-out").check();
    await ordered(mock, (order) => order.do === "speed" && order.times === 0, "go as fast as it can");
    await says(page, "speed-is", /as fast/);
    await page.locator("#first-button").click();
    await ordered(mock, (order) => order.do === "go", "go on");
    // A click gives the focus to the pictures, so that Space pauses and does not click again.
    await page.keyboard.press("Space");
    await says(page, "flags", /paused/);
});

test("branches, switches with Tab within the pictures, and joins", async (t) => {
    const { mock, page } = await drive(t);
    await page.keyboard.press("b");
    await page.locator(".row").nth(1).waitFor();
    await page.keyboard.press("Tab");
    assert.deepEqual(await ordered(mock, (order) => order.do === "lane", "switch"), { do: "lane", lane: 1 });
    await page.waitForFunction(() => document.querySelectorAll(".row")[1].classList.contains("driven"));
    await page.keyboard.down("ArrowUp");
    await ordered(mock, ({ action }) => action?.[1] < 120, "drive up");
    await page.keyboard.up("ArrowUp");
    await says(page, "m-step", /\d\d/);
    await shoot(page, "branched");
    // Nobody is caught: Escape leaves the pictures, and Tab goes on from there.
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    assert.notEqual(await page.evaluate(() => document.activeElement.id), "stage");
    await page.locator(".row").first().locator(".learned canvas").click();
    await ordered(mock, (order) => order.do === "lane" && order.lane === 0, "switch by a click");
    await page.keyboard.press("j");
    await page.locator(".row").nth(1).waitFor({ state: "hidden" });
});

test("records, saves, loads, resets, looks and reads", async (t) => {
    const { mock, page } = await drive(t);
    await page.keyboard.press("r");
    await says(page, "flags", /recording/);
    await says(page, "m-recording", /[1-9]\d* rows?/);
    await page.keyboard.press("r");
    await says(page, "notes", /recorded \d+ rows? into runs\/played\/000/);
    await page.fill("#save-name", "my place");
    await page.locator("#save-form button").click();
    await page.waitForFunction(() => document.querySelector("#saved").value === "my place");
    await page.locator("#load-form button").click();
    await ordered(mock, (order) => order.do === "load" && order.name === "my place", "load");
    await page.fill("#seed", "7");
    await page.locator("#seed-form button").click();
    await ordered(mock, (order) => order.do === "reset" && order.seed === 7, "reset to a seed");
    await page.fill("#episode", "1");
    assert.match(await text(page, "episodes-are"), /rows 0 to 117/);
    await page.fill("#row", "20");
    await page.locator("#episode-form button").click();
    await ordered(mock, (order) => order.episode === 1 && order.row === 20, "reset to a row");
    await page.locator("#stage").focus();
    await page.keyboard.press("l");
    await says(page, "notes", /looked at the real one/);
    await page.keyboard.press("t");
    await says(page, "state-of", /Future 1, step \d+/);
    // 0.1 and 6.2 rad are 0.18 apart, the short way round.
    assert.match(await page.locator("#state-rows tr").nth(2).textContent(), /6\.2000\.183$/);
    await shoot(page, "noted");
});

test("the planner drives to a goal, what it imagines is seen, and a hand takes over", async (t) => {
    const { mock, page } = await drive(t);
    assert.match(await text(page, "planner-is"), /policy hybrid/);
    assert.equal(await page.locator("#goal-figure").isVisible(), false);
    await page.keyboard.press("p");
    await ordered(mock, (order) => order.do === "pilot" && order.on === true, "hand over");
    const first = mock.orders.filter(({ do: what }) => what === "goal" || what === "pilot");
    assert.deepEqual(first[0], { do: "goal", seed: 1 }, "a goal is drawn where there is none");
    await says(page, "who", /^The planner drives\.$/);
    await says(page, "goal-is", /drawn from seed 1/);
    await says(page, "flags", /the planner drives/);
    await page.locator("#goal-figure").waitFor();
    await page.locator("#plan-strip figure").nth(5).waitFor();
    assert.deepEqual(await page.locator("#plan-strip figcaption").allTextContents(), ["then", "+5", "+10", "+15", "+20", "+25"]);
    await says(page, "plan-is", /in 38 ms, cost 0\.25/);
    // Ghosts lie over what is imagined, and not over what is real.
    const blues = (column) =>
        page.evaluate((column) => {
            const canvas = document.querySelector(`.row .${column} canvas`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let blue = 0;
            for (let i = 0; i < data.length; i += 4) {
                blue += data[i + 2] - data[i] > 40 ? 1 : 0;
            }
            return blue;
        }, column);
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelector("#first-button span").textContent === "Go");
    assert.ok((await blues("learned")) > 1.5 * (await blues("real")), "the disc is seen where it will be");
    await shoot(page, "piloted");
    await page.keyboard.press("Space");
    // A mouse that passes by takes nothing over; one that presses does, as a key does.
    const box = await page.locator(".row .learned canvas").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.7, { steps: 4 });
    await page.waitForTimeout(300);
    assert.equal(mock.orders.filter((order) => order.do === "drive").length, 0);
    await page.mouse.down();
    await ordered(mock, ({ action }) => action !== undefined && Math.abs(action[0] - 358) < 8, "point");
    await page.mouse.up();
    await says(page, "who", /^You drive\.$/);
    await page.locator('button[data-command="pilot"]').click();
    await page.waitForFunction(() => document.querySelector('button[data-command="pilot"]').getAttribute("aria-pressed") === "true");
    assert.match(await page.locator('button[data-command="pilot"]').textContent(), /^Take over/);
    await page.keyboard.down("ArrowRight");
    await says(page, "who", /^You drive\.$/);
    await page.keyboard.up("ArrowRight");
    await page.keyboard.press("g");
    await ordered(mock, (order) => order.do === "goal" && order.seed === 2, "another goal");
    assert.equal(await page.inputValue("#goal-seed"), "2");
    await page.fill("#goal-episode", "1");
    await page.fill("#goal-row", "3");
    await page.locator("#goal-row-form button").click();
    await ordered(mock, (order) => order.do === "goal" && order.episode === 1 && order.row === 3, "a row as the goal");
    await page.focus("#stage");
    await page.keyboard.press("p");
    await says(page, "reached", /Goal reached by rule moderate, strict/);
    await says(page, "who", /^You drive\.$/);
    await page.keyboard.press("b");
    await page.locator(".row").nth(1).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("p");
    await page.waitForFunction(() => /the planner drives this one/.test(document.querySelectorAll(".row .lane")[1].textContent));
});

test("where there is no planner the page says why, and offers none", async (t) => {
    const { mock, page } = await drive(t, { mock: { planner: false } });
    assert.match(await text(page, "planner-is"), /cannot be planned with; train another/);
    for (const id of ["planner-buttons", "goal-form", "goal-row-form"]) {
        assert.equal(await page.locator(`#${id}`).isVisible(), false, id);
    }
    await page.keyboard.press("p");
    await says(page, "notes", /let the planner drive: there is no planner here/);
    assert.ok(!mock.orders.some((order) => order.do === "pilot"));
});

test("what is refused is said, with what to do", async (t) => {
    const full = await visit(t, { mock: { full: true } });
    await says(full.page, "veil-title", /places are taken/);
    assert.match(await text(full.page, "veil-text"), /^All 8 places are taken; come back/);
    await shoot(full.page, "full");
    const keyed = await visit(t, { mock: { key: "secret" } });
    await says(keyed.page, "veil-title", /key is needed/);
    await shoot(keyed.page, "key");
    await keyed.page.fill("#key", "secret");
    await keyed.page.locator("#key-form button").click();
    await says(keyed.page, "link", /^connected$/);
    const foreign = await visit(t, { mock: { refuse: { status: 403, text: "a page of elsewhere may not drive here" } } });
    await says(foreign.page, "veil-title", /Wrong address/);
    // Where the reason cannot be had, all that may help is said.
    const locked = await visit(t, { mock: { key: "secret", frank: false }, query: "?key=wrong" });
    await says(locked.page, "veil-title", /Not let in/);
    await locked.page.fill("#key", "secret");
    await locked.page.locator("#key-form button").click();
    await says(locked.page, "link", /^connected$/);
});

test("who may only look is told once, and is not driven away", async (t) => {
    const { mock, page } = await drive(t, { mock: { scope: "read" } });
    await page.keyboard.down("ArrowRight");
    await says(page, "notes", /your key is for "read"/);
    // The target moves on in the page for a second at most, and no order follows the first refusal.
    const told = mock.orders.length;
    await page.waitForFunction(() => Number(document.querySelector("#action input").value) === 512);
    await page.keyboard.up("ArrowRight");
    await page.keyboard.press("t");
    await ordered(mock, (order) => order.do === "read", "read");
    // The one to read, and what was on its way; a second of driving is dozens.
    assert.ok(mock.orders.length <= told + 5, `${mock.orders.length - told} orders after the refusal`);
});

test("an end is told, and the page comes back by itself", async (t) => {
    const { mock, page } = await drive(t);
    await mock.stop("the program ends");
    await says(page, "veil-text", /start “terrella play” again/);
    await says(page, "notes", /the program ends/);
    await shoot(page, "ended");
    const again = await startMock({ port: mock.port });
    await says(page, "link", /^connected$/);
    await says(page, "notes", /this is a new session/);
    await page.waitForFunction(() => document.querySelector("#veil").hidden);
    await again.stop("the test is over");
});

test("pushes, choices and many numbers are driven in their ways", async (t) => {
    const push = await drive(t, { mock: { actions: "displacements" } });
    await push.page.keyboard.down("d");
    await ordered(push.mock, ({ action }) => action?.[0] === 1 && action[1] === 0, "push right");
    await push.page.keyboard.up("d");
    await ordered(push.mock, ({ action }) => action?.[0] === 0, "let go");
    const box = await push.page.locator(".row .learned canvas").first().boundingBox();
    await push.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await push.page.mouse.down();
    await push.page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.9);
    await ordered(push.mock, ({ action }) => action?.[1] === 1, "push down by a drag");
    await push.page.mouse.up();
    await push.page.waitForFunction(() => [...document.querySelectorAll("#action input")].every((range) => Number(range.value) === 0));

    const torque = await drive(t, { mock: { actions: "torque", real: false } });
    await torque.page.keyboard.down("ArrowLeft");
    await ordered(torque.mock, ({ action }) => action?.[0] === -2, "turn left");
    await torque.page.keyboard.up("ArrowLeft");
    assert.equal(await torque.page.locator(".row .real").first().isVisible(), false);
    await shoot(torque.page, "alone");

    const choice = await drive(t, { mock: { actions: "choice" } });
    await choice.page.keyboard.press("3");
    await ordered(choice.mock, ({ action }) => action?.[0] === 2, "choose by a digit");
    await choice.page.getByRole("button", { name: /^left/ }).click();
    await ordered(choice.mock, ({ action }) => action?.[0] === 0, "choose by a click");
    await choice.page.waitForFunction(() => document.querySelector(".choices button").getAttribute("aria-pressed") === "true");
    await shoot(choice.page, "choice");

    const arm = await drive(t, { mock: { actions: "arm" } });
    await arm.page.getByLabel("elbow").focus();
    await arm.page.keyboard.press("End");
    await ordered(arm.mock, ({ action }) => action?.length === 3 && action[1] === 1, "set the second number");
});

test("on a phone nothing is wider than the screen, and a finger drives", async (t) => {
    const { mock, page } = await drive(t, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    const wide = () => page.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await wide(), 360);
    const box = await page.locator(".row .learned canvas").first().boundingBox();
    await page.touchscreen.tap(box.x + box.width * 0.75, box.y + box.height * 0.75);
    await ordered(mock, ({ action }) => action !== undefined && Math.abs(action[0] - 384) < 8 && Math.abs(action[1] - 384) < 8, "point");
    await page.waitForTimeout(600);
    if (SHOTS !== undefined) {
        await page.screenshot({ path: `${SHOTS}/phone-top.png` });
    }
    await page.getByRole("button", { name: "Let the planner drive" }).tap();
    await page.locator("#plan-strip figure").nth(5).waitFor();
    assert.equal(await wide(), 360);
    await page.getByRole("button", { name: "Branch" }).tap();
    await page.locator(".row").nth(1).waitFor();
    assert.equal(await wide(), 360);
    await shoot(page, "phone");
    await page.getByRole("button", { name: "Help" }).tap();
    assert.equal(await wide(), 360);
});

test("recordings are looked through: episodes, a strip, plots that follow the scrubber, and findings at their place", async (t) => {
    const { mock, page } = await visit(t, { query: "data" });
    await says(page, "dataset-is", /2 episodes, 2460 rows/);
    await page.locator("#film button").nth(7).waitFor();
    assert.equal(await page.locator(".plot-line").count(), 3);
    assert.match(await text(page, "episode-title"), /Episode 0: push the T/);
    // The doctor is still at work; what it finds comes by itself.
    await says(page, "dataset-is", /The doctor found 3 things/);
    assert.equal(await page.locator("#findings li").count(), 3);
    await page.focus("#row");
    await page.keyboard.press("ArrowRight");
    await says(page, "row-is", /^1 · 0\.10 s$/);
    const level = () => page.evaluate(() => document.querySelector("#picture").getContext("2d").getImageData(0, 0, 1, 1).data[0]);
    await page.waitForFunction(() => document.querySelector("#picture").getContext("2d").getImageData(0, 0, 1, 1).data[0] === 1);
    assert.match(await page.locator(".plot-line .now").first().textContent(), /^0\.111 m$/);
    await page.locator("#row").fill("30");
    await says(page, "plots", /x no number/);
    await page.locator("#marks button").click();
    await says(page, "row-is", /^20 /);
    await page.waitForFunction(() => document.querySelector("#picture").getContext("2d").getImageData(0, 0, 1, 1).data[0] === 20);
    assert.equal(await level(), 20);
    await shoot(page, "recordings");
    await page.getByRole("button", { name: /warn: frozen/ }).click();
    await says(page, "row-is", /^600 · 60\.00 s$/);
    assert.match(await text(page, "episode-title"), /Episode 1/);
    const bar = await page.locator("#marks button").boundingBox();
    const whole = await page.locator("#marks").boundingBox();
    assert.ok(Math.abs((bar.x - whole.x) / whole.width - 600 / 2399) < 0.02, "a finding stands at its time");
    await page.locator("#only").check();
    assert.equal(await page.locator("#findings li").count(), 1);
    await page.locator("#datasets").selectOption("1");
    await says(page, "dataset-is", /no such folder/);
    assert.deepEqual([await page.locator("#episodes li").count(), await page.locator(".plot-line").count()], [0, 0], "nothing of the other");
    assert.ok(mock.asked.every((path) => !/row=-|NaN/.test(path)), "rows that there are");
});

test("recordings can be read on a phone, in the dark and with a key", async (t) => {
    const { page } = await visit(t, { query: "data?key=secret", mock: { key: "secret" }, viewport: { width: 360, height: 740 }, isMobile: true, colorScheme: "dark" });
    await says(page, "dataset-is", /The doctor found 3 things/);
    await page.locator("#film button").nth(7).waitFor();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    assert.deepEqual((await page.evaluate(contrasts)).list, []);
    assert.match(await page.locator("a[data-room]").first().getAttribute("href"), /\/\?key=secret$/);
    await shoot(page, "recordings-phone");
    const locked = await visit(t, { query: "data", mock: { key: "secret" } });
    await says(locked.page, "dataset-is", /a key is needed/);
});

test("the dark is dark, and text has the contrast of AA in both", async (t) => {
    for (const colorScheme of ["light", "dark"]) {
        const { page } = await drive(t, { colorScheme, reducedMotion: "reduce" });
        await page.keyboard.press("p");
        await page.locator("#plan-strip figure").first().waitFor();
        await page.keyboard.press("b");
        await page.keyboard.press("?");
        const weak = await page.evaluate(contrasts);
        assert.deepEqual(weak.list, [], `${colorScheme}: all text has a contrast of 4.5`);
        assert.equal(weak.ground > 0.5, colorScheme === "light");
        await shoot(page, `help-${colorScheme}`);
        await page.keyboard.press("Escape");
        await shoot(page, colorScheme);
    }
});

test("all that can be used has a name, and keys alone reach it", async (t) => {
    const { page } = await drive(t);
    const nameless = await page.evaluate(() =>
        [...document.querySelectorAll("button, input, select, canvas, [role], [tabindex]")]
            .filter((e) => e.offsetParent !== null && e.getAttribute("role") !== "status")
            .filter((e) => {
                const by = e.getAttribute("aria-labelledby");
                const words = by === null ? null : document.getElementById(by)?.textContent;
                return !(e.getAttribute("aria-label") || words || e.labels?.[0]?.textContent || (e.tagName === "BUTTON" && e.textContent.trim()));
            })
            .map((e) => e.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
    const reached = new Set();
    for (let i = 0; i < 60; i += 1) {
        reached.add(await page.evaluate(() => document.activeElement.dataset.command ?? document.activeElement.id));
        await page.keyboard.press("Tab");
    }
    for (const id of ["pause", "step", "branch", "back1", "join", "speed", "flat-out", "pilot", "goal", "goal-seed", "goal-episode", "goal-row", "anchor", "record", "save-name", "saved", "seed", "episode", "row", "notes", "read", "keep", "help", "stage"]) {
        assert.ok(reached.has(id), `Tab reaches ${id}`);
    }
    // Who types is not steering.
    await page.focus("#save-name");
    await page.keyboard.type("brt");
    assert.equal(await page.locator(".row").nth(1).isVisible(), false);
});

/** Runs in the page: texts with too little contrast to what is behind them, and how bright the ground is. */
function contrasts() {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let e = element; e !== null; e = e.parentElement) {
            const colour = rgba(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) {
                return light(colour);
            }
        }
        return 1;
    };
    const list = [];
    for (const element of document.querySelectorAll("body *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
        if (!own || element.getClientRects().length === 0) {
            continue;
        }
        const [a, b] = [light(rgba(getComputedStyle(element).color)), behind(element)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) {
            list.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`);
        }
    }
    return { list, ground: light(rgba(getComputedStyle(document.body).backgroundColor)) };
}
