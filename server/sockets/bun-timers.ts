// When Bun's timers are due. No API tells, and while a loop of ours sleeps nobody else looks. So what sets
// timers is wrapped while there is such a loop: when they are due is noted, and all the rest is Bun's as
// before. One that is cleared stays noted: Bun gets a turn in vain.
import { Moments } from './moments.ts'

/** Timers further away than that are met in steps, so that many of them are few moments. */
const FINE_MS = 4000
const STEP_MS = 64

/** A timer as Bun has it, beyond its public types. */
interface BunTimer {
  readonly _destroyed: boolean
  readonly _idleTimeout: number
}

interface Interval {
  readonly timer: BunTimer
  readonly everyMs: number
  dueMs: number
}

const moments = new Moments()
const intervals: Interval[] = []
let isImmediateWanted = false

/** When Bun has to do something by itself, on the clock of performance.now(); Infinity: never. */
export function bunDueMs(): number {
  return isImmediateWanted ? 0 : moments.earliest
}

/** Says that Bun's loop has had a turn, which began at `begunMs`. */
export function bunHadTurn(begunMs: number): void {
  while (moments.earliest <= begunMs) moments.drop()
  if (intervals.length === 0) return
  const nowMs = performance.now()
  for (let i = intervals.length - 1; i >= 0; i--) {
    const interval = intervals[i]!
    if (interval.timer._destroyed) intervals.splice(i, 1)
    else if (interval.dueMs <= begunMs) interval.dueMs = noted(nowMs, interval.everyMs)
  }
}

/** One turn of Bun's loop, which does not wait. What is asked for within it is for the next. */
export function turnOfBun(): Promise<void> {
  isImmediateWanted = false
  return new Promise<void>((resume) => void immediately(resume))
}

/** Returns when it is due. */
function noted(nowMs: number, inMs: number): number {
  // Like setTimeout: what is no number, or none that it takes, is at once.
  const dueMs = nowMs + (inMs >= 1 && inMs < 2 ** 31 ? inMs : 1)
  moments.add(inMs > FINE_MS ? Math.ceil(dueMs / STEP_MS) * STEP_MS : Math.ceil(dueMs))
  return dueMs
}

// ── the wraps ──

const immediately = globalThis.setImmediate

type Setter = (...args: unknown[]) => unknown

/** What is wrapped, and what to do after it. */
const wraps: readonly [owner: () => object, name: string, after: (made: unknown, args: unknown[]) => void][] =
  [
    [() => globalThis, 'setTimeout', (_, [, ms]) => noted(performance.now(), Number(ms))],
    [() => globalThis, 'setInterval', (timer) => noteInterval(timer as BunTimer)],
    [() => globalThis, 'setImmediate', () => (isImmediateWanted = true)],
    [() => AbortSignal, 'timeout', (_, [ms]) => noted(performance.now(), Number(ms))],
    [
      () => Bun,
      'sleep',
      (_, [ms]) => noted(performance.now(), ms instanceof Date ? +ms - Date.now() : Number(ms)),
    ],
    [timerMethods, 'refresh', (timer) => noted(performance.now(), (timer as BunTimer)._idleTimeout)],
  ]

function noteInterval(timer: BunTimer): void {
  const everyMs = timer._idleTimeout
  intervals.push({ timer, everyMs, dueMs: noted(performance.now(), everyMs) })
}

/** The prototype of timers, which has no name. */
function timerMethods(): object {
  const timer = setTimeout(() => {}, 0)
  clearTimeout(timer)
  return Object.getPrototypeOf(timer) as object
}

let users = 0
let undo: (() => void)[] = []

/**
 * Notes timers from now on; what is set already is unknown. Whoever calls it calls `forgetBunTimers` once.
 */
export function noteBunTimers(): void {
  if (users++ === 0) undo = wraps.map(([owner, name, after]) => wrap(owner(), name, after))
}

export function forgetBunTimers(): void {
  if (--users > 0) return
  for (const one of undo) one()
  undo = []
  moments.clear()
  intervals.length = 0
  isImmediateWanted = false
}

function wrap(owner: object, name: string, after: (made: unknown, args: unknown[]) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)!
  const original = before.value as Setter
  function wrapped(this: unknown, ...args: unknown[]): unknown {
    const made = original.apply(this, args)
    after(made, args)
    return made
  }
  // Its name, its length, and what util.promisify looks for.
  Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original))
  Object.defineProperty(owner, name, { ...before, value: wrapped })
  return () => Object.defineProperty(owner, name, before)
}
