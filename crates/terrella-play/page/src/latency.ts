// From a key to what is seen: an order to drive carries this page's clock, the first frame that shows it brings it
// back, and the time is taken when the browser begins the picture after the one in which the frame was drawn, so
// when the drawn one has left for the screen. All of it lies on one clock; what the screen itself takes is not in it.

/** Enough for a 95th percentile, and a few seconds of driving. */
const MOST = 50;

export class Latency {
    private samples: number[] = [];
    private last = -Infinity;

    /** Takes note that the frame with this echo has been drawn. */
    drawn(echo: number): void {
        // The same order is measured once.
        if (echo <= this.last) {
            return;
        }
        this.last = echo;
        requestAnimationFrame(() => {
            // A hidden page draws nothing: that waiting is not the world's.
            if (!document.hidden) {
                this.samples.push(performance.now() - echo);
                this.samples = this.samples.slice(-MOST);
            }
        });
    }

    /** Median and 95th percentile in ms of the last 50, if there is any. */
    quantiles(): { median: number; high: number; n: number } | null {
        const sorted = [...this.samples].sort((a, b) => a - b);
        const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
        return sorted.length === 0 ? null : { median: at(0.5), high: at(0.95), n: sorted.length };
    }

    clear(): void {
        this.samples = [];
        this.last = -Infinity;
    }
}
