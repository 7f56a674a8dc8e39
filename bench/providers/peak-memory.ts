const SAMPLE_MS = 10;

/** Runs work and tells how far the resident memory of this process rose above what it was, in bytes. */
export async function peakGrowth<T>(work: () => Promise<T>): Promise<{ value: T; bytes: number }> {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, SAMPLE_MS);
  try {
    return { value: await work(), bytes: Math.max(peak, process.memoryUsage.rss()) - before };
  } finally {
    clearInterval(timer);
  }
}
