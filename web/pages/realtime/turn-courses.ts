// What turn listeners did between two answers: rates, and their course while somebody looks.
import type { Turn } from '../../data/api-types.ts'

export type TurnListener = Turn['listeners'][number]

/** Of a listener at one moment; null: the answer before is missing. */
export interface Moment {
  readonly atMs: number
  readonly open: number
  /** Bytes a second. */
  readonly toPeers: number | null
  readonly toClients: number | null
  readonly packets: number | null
  /** A minute; challenges are none. */
  readonly refused: number | null
}

export interface Course {
  readonly last: TurnListener
  readonly moments: readonly Moment[]
}

/** By the listener's name. */
export type Courses = ReadonlyMap<string, Course>

/** Of answers every two seconds five minutes. */
const KEPT = 150
/** Older than this, and the rate would be one of long ago. */
const GAP_MS = 30_000

export const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0)

/** 401 is what every client is asked with first: it says nothing of who is refused. */
export const refusedOf = ({ refused }: TurnListener): number =>
  sum(Object.fromEntries(Object.entries(refused).filter(([code]) => code !== '401' && code !== '438')))

/** The next answer behind those before. */
export function followed(before: Courses, { time, listeners }: Turn): Courses {
  const atMs = Date.parse(time)
  return new Map(
    listeners.map((now) => {
      const known = before.get(now.name)
      const last = known?.moments.at(-1)
      if (known !== undefined && last?.atMs === atMs) return [now.name, known]
      const isNear = last !== undefined && atMs > last.atMs && atMs - last.atMs < GAP_MS
      const moment = momentOf(
        now,
        atMs,
        isNear && known !== undefined ? { was: known.last, atMs: last.atMs } : null,
      )
      return [now.name, { last: now, moments: [...(known?.moments ?? []), moment].slice(-KEPT) }]
    }),
  )
}

function momentOf(
  now: TurnListener,
  atMs: number,
  before: { readonly was: TurnListener; readonly atMs: number } | null,
): Moment {
  const s = before === null ? 0 : (atMs - before.atMs) / 1000
  // Counters begin anew with the gateway: what would be less than nothing is not known.
  const rate = (of: (listener: TurnListener) => number): number | null => {
    const more = before === null ? -1 : of(now) - of(before.was)
    return more < 0 ? null : more / s
  }
  const refused = rate(refusedOf)
  return {
    ...{ atMs, open: sum(now.allocations.open) },
    toPeers: rate(({ bytes }) => bytes['to_peer'] ?? 0),
    toClients: rate(({ bytes }) => bytes['to_client'] ?? 0),
    packets: rate(({ packets }) => sum(packets)),
    refused: refused === null ? null : refused * 60,
  }
}

/** The mean of the last ten seconds: a number that can be read. */
export function lately(moments: readonly Moment[], of: (moment: Moment) => number | null): number | null {
  const from = (moments.at(-1)?.atMs ?? 0) - 10_000
  const values = moments.flatMap((moment) => (moment.atMs > from ? [of(moment) ?? []].flat() : []))
  return values.length === 0 ? null : values.reduce((all, one) => all + one, 0) / values.length
}
