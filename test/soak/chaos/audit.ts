// What must hold of a chaos once it is over: between what clients and servers wrote down, the access log, the
// metrics and the events of the gateway.
import type { Gateway } from '../../support/gateway.ts'
import type { Samples } from '../gauge.ts'
import { type BackendName, type Books, type Entry, isIdempotent, shown } from './books.ts'
import { type ChaosServer, STEADY } from './servers.ts'

export interface LogLine {
  readonly time: string
  readonly total_ms: number
  readonly path: string | null
  readonly method: string | null
  readonly backend: string | null
  readonly server: string | null
  readonly status: number | null
  readonly bytes_in: number
  readonly bytes_out: number
  readonly attempts: number
  readonly fault: string | null
  readonly detail?: string
  readonly sticky?: string
  readonly tries?: readonly {
    readonly server: string
    readonly fault: string | null
    readonly phase: string | null
    readonly status?: number
    readonly reason?: string
  }[]
}

export interface Ended {
  readonly books: Books
  readonly servers: readonly ChaosServer[]
  readonly gateway: Gateway
  readonly log: readonly LogLine[]
  readonly samples: Samples
  readonly attempts: Readonly<Record<BackendName, number>>
}

/** Bodies that are larger, as they are framed, are not kept for another attempt. */
const KEPT_BYTES = 64 * 1024
/** An exchange remembers so many attempts. */
const TRIES_MAX = 16

/** Looks at all of it; what is wrong is in the books. */
export function audit(ended: Ended): void {
  const lines = linesById(ended)
  for (const entry of ended.books.entries.values()) {
    const line = lines.get(entry.id)
    oncePerPost(ended.books, entry)
    if (line === undefined) logMissing(ended.books, entry)
    else {
      sameInLog(ended.books, entry, line)
      if (isIdempotent(entry.method)) notInVain(ended, entry, line)
      else triedWhereUnsent(ended, entry, line)
    }
  }
  sums(ended)
  asServersSaw(ended)
}

function linesById({ log, books }: Ended): Map<string, LogLine> {
  const lines = new Map<string, LogLine>()
  for (const line of log) {
    const id = line.path?.split('/').at(-1) ?? ''
    if (lines.has(id)) books.wrong('two lines in the log', JSON.stringify(line))
    lines.set(id, line)
  }
  return lines
}

/** What may do harm twice comes to servers once, whatever became of it. */
function oncePerPost(books: Books, entry: Entry): void {
  if (!isIdempotent(entry.method) && entry.comings.length > 1)
    books.wrong('a POST that was sent twice', shown(entry))
}

/** It may have met a connection that was closed as it stood idle, and may not have been sent to the end. */
function logMissing(books: Books, entry: Entry): void {
  if (entry.fate === 'whole' || entry.fate === 'cut' || entry.comings.length > 0)
    books.wrong('not in the log', shown(entry))
}

function sameInLog(books: Books, entry: Entry, line: LogLine): void {
  const { fate } = entry
  if (fate === 'left' || fate === 'none') return
  const isSame = line.status === entry.status && line.method === entry.method
  // Our own answers have a fault and are whole.
  const isCut = line.fault !== null && line.status === 200
  if (!isSame || (fate === 'cut') !== isCut) books.wrong('the log says otherwise', told(entry, line))
}

const told = (entry: Entry, line: LogLine): string => `${shown(entry)}: ${JSON.stringify(line)}`

/** A request that may be repeated fails only where it was repeated as often as it may be. */
function notInVain({ attempts, books, gateway }: Ended, entry: Entry, line: LogLine): void {
  const { fate } = entry
  if (fate === 'left' || (fate === 'whole' && entry.status < 500)) return
  const isUsedUp =
    line.attempts >= attempts[entry.backend] || (line.detail?.includes('retry budget') ?? false)
  const hasBegun = line.status === 200
  const isNotKept = entry.framedBytes > KEPT_BYTES
  // An answer that does not wait for the request is passed on.
  const isEarly = entry.comings.some(({ act }) => act.startsWith('early'))
  if (!isUsedUp && !hasBegun && !isNotKept && !isEarly && !wasOut(gateway, line))
    books.wrong('failed too early', told(entry, line))
}

/** Events from which on a server is out, and those from which on it is not. */
export const OUT: ReadonlySet<string> = new Set(['circuit_opened', 'passive_out', 'server_down'])
const IN = new Set(['circuit_half_open', 'passive_back', 'server_up'])
/** So late events may be. */
const TOLD_WITHIN_MS = 500

/** Whether the one that is always good was out: a machine that stood still for a while makes it look ill. */
function wasOut({ events }: Gateway, { time, total_ms: tookMs, backend }: LogLine): boolean {
  const endMs = Date.parse(time) + TOLD_WITHIN_MS
  const beginMs = Date.parse(time) - tookMs - TOLD_WITHIN_MS
  const own = events.filter((one) => one['server'] === STEADY && one['backend'] === backend)
  return own.some((event, n) => {
    if (!OUT.has(event.event) || timeOf(event) > endMs) return false
    const back = own.slice(n).find((one) => IN.has(one.event))
    return back === undefined || timeOf(back) >= beginMs
  })
}

const timeOf = (event: Readonly<Record<string, unknown>>): number => Date.parse(String(event['time']))

/** What had reached nobody is tried again, whatever its method. */
function triedWhereUnsent({ attempts, books }: Ended, entry: Entry, line: LogLine): void {
  const { fate, comings } = entry
  if (fate !== 'whole' || entry.status < 500 || comings.length > 0) return
  if (line.fault?.startsWith('connect_') !== true) return
  const isUsedUp =
    line.attempts >= attempts[entry.backend] || (line.detail?.includes('retry budget') ?? false)
  if (!isUsedUp) books.wrong('an unsent POST failed too early', told(entry, line))
}

// ── sums ──

function countBy<T>(list: readonly T[], key: (one: T) => string | null): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of list) {
    const name = key(one)
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** Each metric, and the same from the log. */
function sums({ books, log, samples }: Ended): void {
  const same = (name: string, labels: readonly string[], wanted: ReadonlyMap<string, number>): void => {
    const got = samples.by(name, labels)
    for (const key of new Set([...got.keys(), ...wanted.keys()]))
      if ((got.get(key) ?? 0) !== (wanted.get(key) ?? 0))
        books.wrong('metrics and log', `${name} ${key}: ${got.get(key)} and ${wanted.get(key)}`)
  }
  const sum = (of: (line: LogLine) => number): number => log.reduce((all, line) => all + of(line), 0)
  if (log.some((line) => (line.tries?.length ?? 0) >= TRIES_MAX)) books.wrong('the test', 'too many tries')
  same(
    'requests_total',
    ['backend', 'server', 'method', 'status'],
    countBy(log, ({ backend, server, method, status }) =>
      [backend ?? '-', server ?? '-', method ?? 'other', status ?? '-'].join(' '),
    ),
  )
  same(
    'faults_total',
    ['code'],
    countBy(log, ({ fault }) => fault),
  )
  same('request_duration_seconds_count', [], new Map([['', log.length]]))
  same(
    'bytes_total',
    ['direction'],
    new Map([
      ['in', sum(({ bytes_in }) => bytes_in)],
      ['out', sum(({ bytes_out }) => bytes_out)],
    ]),
  )
  same('attempts_total', [], new Map([['', sum(({ attempts }) => attempts)]]))
  triesAdd(log, samples, books)
  const passed = log.filter(({ backend, server }) => backend === 'tight' && server !== null)
  const left = passed.filter(isLeft).length
  const stuck = samples.sum('sticky_total')
  if (stuck > passed.length || stuck < passed.length - left)
    books.wrong('metrics and log', `${stuck} by their session of ${passed.length}, of which ${left} left`)
}

const isLeft = ({ fault }: LogLine): boolean => fault?.startsWith('client_') === true

/** The last attempt of who left is counted, but nothing became of it. */
function triesAdd(log: readonly LogLine[], samples: Samples, books: Books): void {
  const named = log.flatMap((line) =>
    (line.tries ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [`${line.backend} ${reason}`])),
  )
  const lacking = log
    .filter(isLeft)
    .reduce((sum, { attempts, tries }) => sum + attempts - (tries?.length ?? 0), 0)
  const inLog = countBy(named, (name) => name)
  const made = new Map(samples.by('retries_total', ['backend', 'reason']))
  for (const [place, count] of samples.by('hedges_total', ['backend', 'outcome'])) {
    const [backend, outcome] = place.split(' ')
    const name = `${backend} hedge`
    if (outcome !== 'refused') made.set(name, (made.get(name) ?? 0) + count)
  }
  let more = 0
  for (const name of new Set([...made.keys(), ...inLog.keys()])) {
    const difference = (made.get(name) ?? 0) - (inLog.get(name) ?? 0)
    more += difference
    if (difference < 0) books.wrong('metrics and log', `${name}: ${made.get(name)} and ${inLog.get(name)}`)
  }
  if (more > lacking)
    books.wrong('metrics and log', `${more} attempts are in no line, of ${lacking} that may be`)
}

// ── breakers and passive health ──

const count = (event: Readonly<Record<string, unknown>>, name: string): number => Number(event[name] ?? 0)

/** What opened a breaker had happened: servers fail as often as they are said to. */
function asServersSaw({ books, servers, gateway, log }: Ended): void {
  for (const server of servers) {
    const { name, acted } = server
    const of = (one: { readonly server: string | null }): boolean => one.server === name
    const tries = log.flatMap((line) => line.tries ?? []).filter(of)
    const said503 = (acted.get('says503') ?? 0) + (acted.get('early503') ?? 0)
    const told503 =
      tries.filter(({ status }) => status === 503).length +
      log.filter((line) => of(line) && line.status === 503 && line.fault === null && line.tries === undefined)
        .length
    if (told503 > said503)
      books.wrong('breakers and servers', `${name} said 503 ${said503} times, not ${told503}`)
    const faults = tries.filter(({ fault }) => fault !== null)
    const cut = log.filter((line) => of(line) && line.fault !== null && line.status === 200).length
    const failed = told503 + faults.length + cut
    const opened = gateway.events.filter(
      (event) => event.event === 'circuit_opened' && event['server'] === name,
    )
    const most = Math.max(0, ...opened.map((event) => count(event, 'failed')))
    if (most > failed || (opened.length > 0 && failed === 0))
      books.wrong('breakers and servers', `${name} failed ${failed} times; ${JSON.stringify(opened.at(-1))}`)
    if (!server.isEverDown && faults.some(({ fault }) => fault === 'connect_refused'))
      books.wrong('breakers and servers', `${name} never refused a connection`)
  }
}
