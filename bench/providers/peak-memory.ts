const SAMPLE_MS = 10;

// Of the program, not of one run: what an earlier run left would hide the growth of a later one.
const AT_START = process.memoryUsage.rss();

/** Runs work and tells how far the resident memory of this process rose above that at its start, in bytes. */
export async function peakGrowth(work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const look = () => {
    peak = Math.max(peak, process.memoryUsage.rss() - AT_START);
  };
  const timer = setInterval(look, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
    look();
  }
  return peak;
}
