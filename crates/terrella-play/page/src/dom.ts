// Small hands for the document: find a part that must be there, make one, change a text only where it changes.

/** The element of this id, which must be of this kind. */
export function part<T extends HTMLElement>(id: string, kind: new () => T): T {
    const found = document.getElementById(id);
    if (!(found instanceof kind)) {
        throw new Error(`the page lacks its part "${id}"`);
    }
    return found;
}

/** Sets a text, and leaves the document alone where it is that already. */
export function say(node: HTMLElement, text: string): void {
    if (node.textContent !== text) {
        node.textContent = text;
    }
}

/** A new element with a class (or none) and what goes into it. */
export function make<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    kind: string,
    ...inside: (Node | string)[]
): HTMLElementTagNameMap[K] {
    const made = document.createElement(tag);
    if (kind !== "") {
        made.className = kind;
    }
    made.append(...inside);
    return made;
}

/** A number in at most so many significant digits, without an exponent where it is readable without. */
export function digits(value: number, n = 4): string {
    if (!Number.isFinite(value)) {
        return "–";
    }
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
        return value.toExponential(2).replace("-", "−");
    }
    const whole = Math.max(1, Math.floor(Math.log10(size || 1)) + 1);
    return value.toFixed(Math.min(4, Math.max(0, n - whole))).replace("-", "−");
}

/** "1 step", "2 steps". */
export function count(n: number, one: string): string {
    return `${n} ${one}${n === 1 ? "" : "s"}`;
}

/** Calls back with the width and height of an element in device pixels, now and whenever they change. */
export function watchSize(element: HTMLElement, sized: (width: number, height: number) => void): void {
    const measure = (): void => {
        const ratio = window.devicePixelRatio || 1;
        sized(Math.round(element.clientWidth * ratio), Math.round(element.clientHeight * ratio));
    };
    new ResizeObserver(measure).observe(element);
    measure();
}
