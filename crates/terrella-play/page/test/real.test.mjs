// The page in a real browser against the real program: a run is driven, branched, rewound and recorded, on a wide screen and on a
// phone; Ctrl-C ends it and keeps what goes on; and what was recorded comes again, to the last bit.
//
// TERRELLA is the program, RUN a run with a model that can be driven, CHROMIUM the browser (/usr/bin/chromium), SCREENSHOTS a folder
// that pictures of the page go to, if given. tests/play.sh sets them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { chromium } from "playwright-core";

const { TERRELLA, RUN, SCREENSHOTS: SHOTS } = process.env;
/** A test that waits this long for something waits for nothing: slow machines get there sooner. */
const PATIENCE = 60_000;

/** Starts the program; gives its address once it listens, all that it says, and how it ends. */
async function start(t, ...words) {
    const program = spawn(TERRELLA, words, { stdio: ["ignore", "pipe", "pipe"] });
    t.after(() => program.kill("SIGKILL"));
    const said = [];
    program.stderr.on("data", (bytes) => said.push(bytes));
    const ended = once(program, "close").then(([code]) => ({ code, said: Buffer.concat(said).toString() }));
    const address = await Promise.race([
        once(createInterface({ input: program.stdout }), "line").then(([line]) => line),
        ended.then(({ code, said }) => assert.fail(`${words.join(" ")} ended with ${code}: ${said}`)),
    ]);
    return { program, address, ended };
}

/** Runs the program to its end. */
async function run(...words) {
    const program = spawn(TERRELLA, words, { stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    program.stdout.on("data", (bytes) => said.push(bytes));
    program.stderr.on("data", (bytes) => said.push(bytes));
    const [code] = await once(program, "close");
    return { code, said: Buffer.concat(said).toString() };
}

const says = (page, id, pattern) =>
    page.waitForFunction(([id, source]) => new RegExp(source).test(document.getElementById(id).textContent), [id, pattern.source]);
const number = async (page, id) => Number(await page.locator(`#${id}`).textContent());
/** Waits for a step of the driven future that is as wanted. */
const step = (page, at, sign) =>
    page.waitForFunction(([at, sign]) => sign * Number(document.querySelector("#m-step").textContent) >= sign * at, [at, sign]);
/** The bytes of a picture on the page, summed so that two that differ almost surely differ here. */
const print = (page, row, column) =>
    page.evaluate(([row, column]) => {
        const canvas = document.querySelectorAll(".row")[row].querySelector(`.${column} canvas`);
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return `${canvas.width}: ${data.reduce((sum, level, i) => (sum * 31 + level * (1 + (i % 7))) % 1_000_003, 0)}`;
    }, [row, column]);
async function shoot(page, name) {
    if (SHOTS !== undefined) {
        await mkdir(SHOTS, { recursive: true });
        await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
    }
}

/** A page on the program, and all that went wrong in it or was asked for in vain. */
async function visit(browser, address, look) {
    const page = await browser.newPage(look);
    page.setDefaultTimeout(PATIENCE);
    const troubles = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
    page.on("response", (response) => response.status() >= 400 && troubles.push(`${response.status()} of ${response.url()}`));
    // Who leaves a page breaks off what it still waits for.
    const broken = (request) => request.failure()?.errorText === "net::ERR_ABORTED";
    page.on("requestfailed", (request) => broken(request) || troubles.push(`${request.failure()?.errorText} of ${request.url()}`));
    const answer = await page.goto(address);
    assert.equal(answer.status(), 200);
    return { page, troubles };
}

test("a run is driven, branched, rewound and recorded in the real program, and what was recorded comes again", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "terrella-play-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const drives = join(folder, "drives");
    const { program, address, ended } = await start(t, "play", RUN, "--port", "0", "--sessions", "2", "--record", drives);
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
    t.after(() => browser.close());

    const { page, troubles } = await visit(browser, address, { viewport: { width: 1280, height: 800 } });
    await says(page, "link", /^connected$/);
    await step(page, 5, 1);
    await page.focus("#stage");
    await page.keyboard.press("r");
    await says(page, "flags", /recording/);
    const before = await print(page, 0, "real");
    await page.keyboard.down("ArrowRight");
    await step(page, (await number(page, "m-step")) + 8, 1);
    await page.keyboard.up("ArrowRight");
    const box = await page.locator(".row .learned canvas").first().boundingBox();
    for (let i = 0; i < 12; i += 1) {
        const turn = i / 2;
        await page.mouse.move(box.x + box.width * (0.5 + 0.3 * Math.cos(turn)), box.y + box.height * (0.5 + 0.3 * Math.sin(turn)));
        await page.waitForTimeout(100);
    }
    assert.notEqual(await print(page, 0, "real"), before, "the real world was moved");
    await says(page, "m-error", /^\d+(\.\d+)? %$/);
    await says(page, "m-latency", /^\d+ \/ \d+ ms$/);
    await says(page, "m-recording", /[1-9]\d* rows?/);
    await shoot(page, "real-driven");

    // Back ten steps, and on another way: what was rewound is not in the recording.
    await page.keyboard.press("Space");
    await says(page, "flags", /paused/);
    const stopped = await number(page, "m-step");
    await page.keyboard.press("Shift+Backspace");
    await says(page, "m-step", new RegExp(`^${stopped - 10}$`));
    await page.keyboard.press("Space");
    await step(page, stopped, 1);

    // A second future goes another way than the first. A recording has no jumps, so that one ends with the switch, and another begins.
    await page.keyboard.press("b");
    await page.locator(".row").nth(1).waitFor();
    await page.keyboard.press("Tab");
    await page.waitForFunction(() => document.querySelectorAll(".row")[1].classList.contains("driven"));
    await says(page, "notes", /recorded \d+ rows? into .*drive-0001/);
    await page.keyboard.down("ArrowUp");
    await step(page, (await number(page, "m-step")) + 15, 1);
    await page.keyboard.up("ArrowUp");
    await page.keyboard.press("Space");
    await says(page, "flags", /paused/);
    assert.notEqual(await print(page, 0, "real"), await print(page, 1, "real"), "two futures");
    await shoot(page, "real-branched");
    await page.keyboard.press("r");
    await says(page, "notes", /recorded \d+ rows? into .*drive-0002/);
    await page.keyboard.press("j");
    await page.locator(".row").nth(1).waitFor({ state: "hidden" });

    // On a phone, beside the first page.
    const phone = await visit(browser, address, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    await says(phone.page, "link", /^connected$/);
    await step(phone.page, 3, 1);
    const canvas = await phone.page.locator(".row .learned canvas").first().boundingBox();
    await phone.page.touchscreen.tap(canvas.x + canvas.width * 0.7, canvas.y + canvas.height * 0.7);
    await step(phone.page, (await number(phone.page, "m-step")) + 5, 1);
    assert.equal(await phone.page.evaluate(() => document.documentElement.scrollWidth), 360, "nothing is wider than the screen");
    await shoot(phone.page, "real-phone");
    assert.deepEqual(phone.troubles, [], "nothing went wrong on the phone");
    await phone.page.close();

    // Ctrl-C keeps what is being recorded, says so, and ends well.
    await page.keyboard.press("Space");
    await page.keyboard.press("r");
    await says(page, "m-recording", /[1-9]\d* rows?/);
    assert.deepEqual(troubles, [], "nothing went wrong, and nothing was asked for that is not there");
    program.kill("SIGINT");
    await says(page, "notes", /drive-0003/);
    await says(page, "veil-title", /ended|Nobody/);
    const { code, said } = await ended;
    assert.equal(code, 0, said);

    const all = ["drive-0001", "drive-0002", "drive-0003"];
    assert.deepEqual((await readdir(drives)).sort(), all, "all are there, and nothing half-written");
    for (const drive of all) {
        await access(join(drives, drive, "meta", "drive.json"));
        const again = await run("replay", join(drives, drive));
        assert.equal(again.code, 0, `${drive} came otherwise: ${again.said}`);
    }
});

test("recordings of the run are looked through, and runs beside it, with a key", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "terrella-play-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const key = "a-key-of-a-test_0";
    await writeFile(join(folder, "keys"), `read:${key}\n`);
    const words = ["--port", "0", "--record", join(folder, "drives"), "--keys", join(folder, "keys")];
    const { program, address, ended } = await start(t, "play", RUN, ...words);
    for (const path of ["library", "runs", "runs/report?run=0"]) {
        assert.equal((await fetch(`${address}/${path}`)).status, 403, `${path} needs the key`);
    }
    for (const query of ["dataset=0&episode=100000", "dataset=..%2F..", "dataset=7&episode=0"]) {
        assert.equal((await fetch(`${address}/library/episode?${query}&key=${key}`)).status, 400, query);
    }
    const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
    t.after(() => browser.close());
    const { page, troubles } = await visit(browser, `${address}/data?key=${key}`, { viewport: { width: 1280, height: 800 } });
    await says(page, "dataset-is", /^[1-9]\d* episodes?, [1-9]\d* rows?\..*The doctor found/);
    assert.ok((await page.locator("#episodes li").count()) >= 2);
    assert.ok((await page.locator(".plot-line").count()) >= 3, "state and action");
    // Recordings for a model of states have no pictures.
    const { pictures } = await (await fetch(`${address}/library/dataset?dataset=0&key=${key}`)).json();
    if (pictures) {
        await page.locator("#film button").nth(7).waitFor();
        await page.waitForFunction(() => document.querySelector("#picture").width !== 300);
        // Of a canvas nobody drew on, all is zero.
        const first = await page.evaluate(pixels);
        assert.ok(/[1-9]/.test(first), "a picture");
        await page.locator("#film button").last().click();
        await page.waitForFunction((first) => {
            const canvas = document.querySelector("#picture");
            return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.join() !== first;
        }, first);
    } else {
        assert.equal(await page.locator("#picture").isVisible(), false);
    }
    await page.locator("#row").fill("5");
    await says(page, "row-is", /^5 · /);
    await shoot(page, "real-recordings");
    await page.setViewportSize({ width: 360, height: 740 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    // The runs, one beside itself, and the way back to driving.
    await page.getByRole("link", { name: "Runs" }).click();
    await page.locator("input[name=run]").first().check();
    await shoot(page, "real-runs");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("heading", { name: /side by side/ }).waitFor();
    await page.goto(`${address}/?key=${key}`);
    await page.getByRole("link", { name: "Recordings" }).waitFor();
    assert.deepEqual(troubles, [], "nothing went wrong, and nothing was asked for that is not there");
    program.kill("SIGINT");
    const { code, said } = await ended;
    assert.equal(code, 0, said);
});

/** Runs in the page: the picture that is looked at. */
function pixels() {
    const canvas = document.querySelector("#picture");
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.join();
}
