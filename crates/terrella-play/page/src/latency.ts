// From a key to what is seen: an order to drive carries this page's clock, the first frame that shows it brings it
// back, and the time is taken when the browser begins the picture after the one in which the frame was drawn, so
// when the drawn one has left for the screen. All of it lies on one clock; what the screen itself takes is not in it.

/** Enough for a 95th percentile, and a few seconds of driving. */
const MOST = 50;

export class Latency {
    private samples: number[] = [];
    private last = -Infinity;
    private sent = -Infinity;
    private untimed = -Infinity;

    /** An order to drive went out with this clock. */
    order(at: number): void {
        this.sent = at;
    }

    /** Time stands: what was sent by now is shown when time goes on, and that waiting is the person's. */
    paused(): void {
        this.untimed = this.sent;
    }

    /** Takes note that the frame with this echo has been drawn. */
    drawn(echo: number): void {
        // The same order is measured once.
        if (echo <= Math.max(this.last, this.untimed)) {
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
    }
}
