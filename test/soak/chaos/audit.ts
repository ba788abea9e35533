// What must hold of a chaos once it is over: between what clients and servers wrote down, the access log, the
// metrics (sums.ts) and the events of the gateway.
import type { Samples } from '../gauge.ts'
import { type Entry, isIdempotent, shown } from './books.ts'
import { ATTEMPTS, QUEUE_FAULTS, REFUSALS } from './scene.ts'
import { STEADY } from './servers.ts'
import type { Stage } from './storm.ts'
import { sums } from './sums.ts'
import { wasOut } from './was-out.ts'

export interface LogLine {
  readonly time: string
  readonly request_id: string
  readonly total_ms: number
  readonly path: string | null
  readonly method: string | null
  readonly rule: string | null
  readonly backend: string | null
  readonly server: string | null
  readonly status: number | null
  readonly bytes_in: number
  readonly bytes_out: number
  readonly attempts: number
  readonly fault: string | null
  readonly detail?: string
  readonly shadow?: string
  readonly sticky?: string
  readonly tries?: readonly {
    readonly server: string
    readonly fault: string | null
    readonly phase: string | null
    readonly status?: number
    readonly reason?: string
  }[]
}

export interface Ended extends Stage {
  readonly log: readonly LogLine[]
  /** Of those processes that `samples` are of. */
  readonly counted: readonly LogLine[]
  readonly samples: Samples
  readonly isUpgraded: boolean
}

/** Bodies that are larger, as they are framed, are not kept for another attempt. */
const KEPT_BYTES = 64 * 1024

/** Looks at all of it; what is wrong is in the books. Tells how many died with their workers. */
export function audit(ended: Ended): { readonly lost: number } {
  const lines = linesById(ended)
  let lost = 0
  for (const entry of ended.books.entries.values()) {
    const line = lines.get(entry.id)
    oncePerPost(ended, entry)
    if (isLostWithWorker(ended, entry, line)) lost++
    else answered(ended, entry, line)
    if (line === undefined) continue
    if (line.fault !== null && REFUSALS.has(line.fault)) refusedUnsent(ended, entry, line)
    else if (isIdempotent(entry.method)) notInVain(ended, entry, line)
    else triedWhereUnsent(ended, entry, line)
  }
  sums(ended, lost)
  return { lost }
}

/** The last segment of its path. */
export const idOf = ({ path }: LogLine): string => path?.split('/').at(-1) ?? ''

function linesById({ log, books }: Ended): Map<string, LogLine> {
  const lines = new Map<string, LogLine>()
  for (const line of log) {
    const id = idOf(line)
    if (lines.has(id)) books.wrong('two lines in the log', JSON.stringify(line))
    lines.set(id, line)
  }
  return lines
}

/** What may do harm twice comes to servers once, whatever became of it. */
function oncePerPost({ books }: Ended, entry: Entry): void {
  if (!isIdempotent(entry.method) && entry.comings.length > 1)
    books.wrong('a POST that was sent twice', shown(entry))
}

/** It broke off, and the log knows nothing of it or an answer that nobody got: as a worker was killed. */
function isLostWithWorker({ books }: Ended, entry: Entry, line: LogLine | undefined): boolean {
  // One that is sent by itself is so some instructions before it is written down.
  const isBroken = entry.fate !== 'whole' || line === undefined
  if (!isBroken || !books.mayBeKilled(entry)) return false
  return line === undefined ? entry.comings.length > 0 || entry.isUnanswered : line.fault === null
}

/** What the log says is what its client saw. */
function answered({ books }: Ended, entry: Entry, line: LogLine | undefined): void {
  const { fate } = entry
  if (entry.isUnanswered) books.wrong('not answered', shown(entry))
  // It may have met a connection that was closed as it stood idle, and may not have been sent to the end.
  if (line === undefined) {
    if (fate === 'whole' || fate === 'cut' || entry.comings.length > 0)
      books.wrong('not in the log', shown(entry))
    return
  }
  if (fate === 'left' || fate === 'none') return
  const isSame = line.status === entry.status && line.method === entry.method
  // Our own answers have a fault and are whole.
  const isCut = line.fault !== null && line.status === 200
  if (!isSame || (fate === 'cut') !== isCut) books.wrong('the log says otherwise', told(entry, line))
}

const told = (entry: Entry, line: LogLine): string => `${shown(entry)}: ${JSON.stringify(line)}`

/** Limits and overload refuse before any server hears of it, and only where there are such. */
function refusedUnsent({ books, scene }: Ended, entry: Entry, line: LogLine): void {
  const isThere = {
    rule_full: scene.ruleLimit && entry.lane === 'low',
    concurrency_limited: scene.keyLimit === 'enforce' && entry.lane === 'keys',
    overloaded: scene.overload === 'enforce',
  }[line.fault as 'rule_full']
  if (!isThere || entry.comings.length > 0 || line.attempts > 0)
    books.wrong('refused without need, or too late', told(entry, line))
}

/** A request that may be repeated fails only where it was repeated as often as it may be. */
function notInVain({ books, gateway, scene }: Ended, entry: Entry, line: LogLine): void {
  const { fate, backend } = entry
  // It found no server with room; an answer that was kept is given in place of that.
  const isCrowded = [...QUEUE_FAULTS].some((fault) => line.fault === fault || line.detail?.includes(fault))
  if (isCrowded && backend === 'tight' && scene.hasShortQueue) return
  if (fate === 'left' || (fate === 'whole' && entry.status < 500)) return
  const hasBegun = line.status === 200
  const isNotKept = entry.framedBytes > KEPT_BYTES
  // An answer that does not wait for the request is passed on.
  const isEarly = entry.comings.some(({ act }) => act.startsWith('early'))
  const isExcused = isUsedUp(entry, line) || hasBegun || isNotKept || isEarly
  if (!isExcused && !wasIll(line) && !wasOut(gateway, STEADY, line))
    books.wrong('failed too early', told(entry, line))
}

/** The one that is always good was asked, too, and the machine was too slow for it. */
const wasIll = ({ tries = [] }: LogLine): boolean =>
  tries.some(({ server, fault }) => server === STEADY && (fault?.endsWith('_timeout') ?? false))

const isUsedUp = ({ backend }: Entry, { attempts, detail }: LogLine): boolean =>
  attempts >= ATTEMPTS[backend] || (detail?.includes('retry budget') ?? false)

/** What had reached nobody is tried again, whatever its method. */
function triedWhereUnsent({ books }: Ended, entry: Entry, line: LogLine): void {
  const { fate, comings } = entry
  if (fate !== 'whole' || entry.status < 500 || comings.length > 0) return
  if (line.fault?.startsWith('connect_') !== true) return
  if (!isUsedUp(entry, line)) books.wrong('an unsent POST failed too early', told(entry, line))
}
