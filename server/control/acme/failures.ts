// How often what failed is tried again: after minutes at first, then after hours, then once a day. CAs count
// failures by name and by account; a name that is wrong must not use up what they allow. Kept over restarts,
// and by name, so that a name goes on waiting whatever else is edited, while a right one is tried at once.

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The first failure, the second, …; then a day each: five tries on the first day, one on each after it. */
const PAUSES_MS = [5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 6 * HOUR_MS, DAY_MS]
/** Where a CA asks us to stop and does not say until when. */
const STOP_MS = HOUR_MS
/** A pause is longer by so much at most, so that not all come at once. */
const JITTER = 0.1
/** What failed so long ago and was not tried since is forgotten. */
const FORGET_MS = 14 * DAY_MS
/** Nothing is to wait longer, whatever a CA says: what does was written while a clock was ahead. */
const WAIT_MS_MAX = 8 * DAY_MS

export interface Failure {
  /** In a row. */
  readonly count: number
  readonly atMs: number
  /** Not tried before. */
  readonly untilMs: number
  /** What was said of it; left out for what only waits. */
  readonly why?: FailureText
}

export interface FailureText {
  /** As AcmeProblem has it. */
  readonly type: string
  readonly text: string
  readonly hint: string | null
}

/** By what failed: see keysOf. */
export type Failures = Readonly<Record<string, Failure>>

/** A certificate with its words, a name whichever certificate it is on, a CA that wants to be left alone. */
export const failureKeys = {
  certificate: (name: string, fingerprint: string): string => `certificate ${name} ${fingerprint}`,
  name: (name: string): string => `name ${name}`,
  ca: (directory: string): string => `ca ${directory}`,
}

/** One more failure of these. */
export function failed(
  failures: Failures,
  keys: readonly string[],
  { nowMs, chance }: { readonly nowMs: number; readonly chance: () => number },
): Failures {
  const next: Record<string, Failure> = {}
  for (const [key, failure] of Object.entries(failures))
    if (failure.untilMs + FORGET_MS > nowMs) next[key] = failure
  for (const key of keys) {
    const count = (next[key]?.count ?? 0) + 1
    const pauseMs = PAUSES_MS[Math.min(count, PAUSES_MS.length) - 1] ?? DAY_MS
    const againMs = nowMs + Math.round(pauseMs * (1 + JITTER * chance()))
    next[key] = { count, atMs: nowMs, untilMs: againMs }
  }
  return next
}

/** The same, with one that waits until then at least, and with what was said of it. */
export function waiting(
  failures: Failures,
  key: string,
  { nowMs, untilMs, why }: { readonly nowMs: number; readonly untilMs: number; readonly why?: FailureText },
): Failures {
  const { count = 1, atMs = nowMs, untilMs: before = 0 } = failures[key] ?? {}
  return { ...failures, [key]: { count, atMs, untilMs: Math.max(before, untilMs), ...(why && { why }) } }
}

/** These are well again. */
export function cleared(failures: Failures, keys: readonly string[]): Failures {
  return Object.fromEntries(Object.entries(failures).filter(([key]) => !keys.includes(key)))
}

/** When the last of these may be tried; 0: now. */
export const waitsUntil = (failures: Failures, keys: readonly string[], nowMs: number): number =>
  Math.max(0, ...keys.map((key) => untilOf(failures[key], nowMs)))

/** A clock that was set back must not make what failed before wait for years. */
function untilOf(failure: Failure | undefined, nowMs: number): number {
  const { untilMs = 0 } = failure ?? {}
  return untilMs - nowMs > WAIT_MS_MAX ? 0 : untilMs
}

/** What was kept, as far as it makes sense. */
export const sound = (kept: Failures): Failures =>
  Object.fromEntries(Object.entries(kept).filter(([, one]) => isSound(one)))

function isSound(one: unknown): boolean {
  const { count, atMs, untilMs, why = null } = (one ?? {}) as Partial<Record<keyof Failure, unknown>>
  return [count, atMs, untilMs].every((value) => Number.isFinite(value)) && typeof why === 'object'
}

/** A CA asked us to stop: until when. */
export const stopUntil = (retryAtMs: number | null, nowMs: number): number => retryAtMs ?? nowMs + STOP_MS
