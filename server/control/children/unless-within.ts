/** Calls `act` after this time, unless the promise settles before. */
export function unlessWithin(ms: number, settled: Promise<unknown>, act: () => void): void {
  const timer = setTimeout(act, ms)
  void settled.then(() => clearTimeout(timer))
}
