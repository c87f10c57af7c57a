// Where two pictures disagree: black where they are the same, through red and yellow to white where they are far
// apart. Half of the full range is white already, since even a badly wrong picture is seldom further off.

const GAIN = 2;

/** The difference of two pictures of the same size, as a picture of that size; `into` is written and given back. */
export function difference(a: Uint8Array, b: Uint8Array, into: Uint8Array): Uint8Array {
    for (let i = 0; i < into.length; i += 3) {
        let sum = 0;
        for (let c = i; c < i + 3; c += 1) {
            sum += Math.abs((a[c] ?? 0) - (b[c] ?? 0));
        }
        // Three bands of a third each, one for every channel: the usual colours of heat.
        const heat = sum * GAIN;
        into[i] = Math.min(255, heat);
        into[i + 1] = Math.min(255, Math.max(0, heat - 255));
        into[i + 2] = Math.min(255, Math.max(0, heat - 510));
    }
    return into;
}
