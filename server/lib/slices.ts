// Long work in short turns: a generator yields where it may be interrupted, and the loop serves others in
// between.

export type Steps<T> = Generator<void, T, void>

/** What no loop is blocked longer than, by work that can wait. */
const SLICE_MS = 2

/** Does all of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Between two slices of a process that others wait for: one that sleeps most of the time is woken at once,
 * also where cores are few.
 */
const REST_MS = 4
/** After this long it goes on without rests: whoever waits for it does not wait for ever. */
const RESTS_WITHIN_MS = 1500

/**
 * Does it in turns of the loop; what fits into the first turn is done at once. `rests`: with rests between
 * them.
 */
export async function inSlices<T>(
  steps: Steps<T>,
  { rests }: { rests: boolean } = { rests: false },
): Promise<T> {
  const restsUntilMs = rests ? performance.now() + RESTS_WITHIN_MS : 0
  for (;;) {
    const endMs = performance.now() + SLICE_MS
    do {
      const { done, value } = steps.next()
      if (done) return value
    } while (performance.now() < endMs)
    await new Promise((resolve) =>
      performance.now() < restsUntilMs ? setTimeout(resolve, REST_MS) : setImmediate(resolve),
    )
  }
}

/** The parts of a list, each short enough to be worked on without a pause. */
export function* partsOf<T>(list: readonly T[], length: number): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += length) yield list.slice(from, from + length)
}
