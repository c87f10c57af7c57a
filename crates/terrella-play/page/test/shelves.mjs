// Recordings of the stand-in: two datasets, of which the doctor examines the first while the page looks on, and the second cannot be read.

/** Answers questions of the page about recordings. */
export function shelves() {
    let polls = 0;
    const rows = [60, 2400];
    const findings = [
        { episode: 0, rows: [20, 20], severity: "fail", check: "spike", what: "state x: one sample lies 9.0 beside its neighbours", remedy: "drop the sample" },
        { episode: 1, rows: [600, 1200], severity: "warn", check: "frozen", what: "pictures stand still", remedy: "look at the camera" },
        { episode: null, rows: null, severity: "info", check: "lag", what: "actions lead by one row", remedy: "nothing to do" },
    ];
    const json = (body) => ({ body: JSON.stringify(body) });
    return (url) => {
        const number = (name) => Number(url.searchParams.get(name));
        const [dataset, episode] = [number("dataset"), number("episode")];
        const done = polls >= 2;
        if (url.pathname === "/library") {
            polls += 1;
            return json([
                { name: "pushes", ready: true, trouble: null, episodes: 2, rows: 2460, examined: [Math.min(2, polls), 2], findings: polls > 2 ? 3 : null },
                { name: "lost", ready: false, trouble: "lost cannot be read: no such folder", episodes: 0, rows: 0, examined: [0, 0], findings: null },
            ]);
        }
        if (dataset !== 0 || !(episode < rows.length)) {
            return { status: 400, kind: "text/plain", body: `there is no dataset ${dataset}` };
        }
        if (url.pathname === "/library/dataset") {
            const state = [{ name: "x", unit: "m" }, { name: "angle", unit: "rad" }];
            return json({ fps: 10, state, action: [{ name: "push", unit: "" }], pictures: true, episodes: rows, findings: done ? findings : [] });
        }
        const every = Math.ceil(rows[episode] / 1000);
        const at = Array.from({ length: Math.ceil(rows[episode] / every) }, (_, i) => i * every);
        if (url.pathname === "/library/episode") {
            const x = at.map((row) => (row === 30 ? null : Math.sin(row / 9)));
            return json({ rows: rows[episode], task: "push the T", every, times: at.map((row) => row / 10), state: [x, at.map((row) => row / 50)], action: [at.map(() => 1)], reward: [] });
        }
        const wanted = url.searchParams.getAll("row").map(Number);
        const head = Buffer.from(JSON.stringify({ pictures: wanted.length, height: 2, width: 3 }));
        const length = Buffer.alloc(4);
        length.writeUInt32LE(head.length);
        return { kind: "application/octet-stream", body: Buffer.concat([length, head, ...wanted.map((row) => Buffer.alloc(18, row % 251))]) };
    };
}
