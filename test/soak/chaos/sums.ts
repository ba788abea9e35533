// Each metric, and the same from the access log and from what servers wrote down. What a killed worker had in
// its hands may be counted, and is in no line: by so much they may differ.
import type { Ended, LogLine } from './audit.ts'
import { type Coming, BACKENDS } from './books.ts'

/** An exchange remembers so many attempts. */
const TRIES_MAX = 16
/** Acts after which a connection that was kept looks as if it had ended before the request. */
const UNANSWERED = new Set(['breaksOffUnanswered', 'earlyBreak', 'stalls'])
/** More than any request has of both. */
const BYTES_MAX = 10 * 300_000

/** `lost`: so many requests died with their workers. */
export function sums(ended: Ended, lost: number): void {
  const { books, counted: log, samples } = ended
  // One that was killed between counting and writing; what it had in its hands, several attempts of each.
  const [ofRequests, ofAttempts] = [books.kills.length, 10 * lost]
  const same = (
    name: string,
    labels: readonly string[],
    wanted: ReadonlyMap<string, number>,
    slack: number,
  ): void => {
    const got = samples.by(name, labels)
    let off = 0
    const which: string[] = []
    for (const key of new Set([...got.keys(), ...wanted.keys()])) {
      const difference = (got.get(key) ?? 0) - (wanted.get(key) ?? 0)
      off += Math.abs(difference)
      if (difference !== 0) which.push(`${key}: ${got.get(key)} and ${wanted.get(key)}`)
    }
    if (off > slack) books.wrong('metrics and log', `${name}, ${slack} may differ: ${which.join(', ')}`)
  }
  const sum = (of: (line: LogLine) => number): number => log.reduce((all, line) => all + of(line), 0)
  if (log.some((line) => (line.tries?.length ?? 0) >= TRIES_MAX)) books.wrong('the test', 'too many tries')
  const requests = countBy(log, ({ backend, server, method, status }) =>
    [backend ?? '-', server ?? '-', method ?? 'other', status ?? '-'].join(' '),
  )
  same('requests_total', ['backend', 'server', 'method', 'status'], requests, ofRequests)
  const faults = countBy(log, ({ fault }) => fault)
  same('faults_total', ['code'], faults, ofRequests)
  same('request_duration_seconds_count', [], new Map([['', log.length]]), ofRequests)
  const bytes = [sum(({ bytes_in }) => bytes_in), sum(({ bytes_out }) => bytes_out)] as const
  same(
    'bytes_total',
    ['direction'],
    new Map([
      ['in', bytes[0]],
      ['out', bytes[1]],
    ]),
    lost * BYTES_MAX,
  )
  same('attempts_total', [], new Map([['', sum(({ attempts }) => attempts)]]), ofAttempts)
  refusals(ended, (name, labels, wanted) => same(name, labels, wanted, lost + ofRequests))
  waits(ended, ofAttempts)
  triesAdd(ended, ofAttempts)
  sessions(ended, lost)
  asServersSaw(ended, ofAttempts)
  asServersWereAsked(ended, ofAttempts)
}

function countBy<T>(list: readonly T[], key: (one: T) => string | null): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of list) {
    const name = key(one)
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

/** By limits and by overload, and what they would have refused in shadow mode. */
function refusals(
  { counted: log, samples, scene, books }: Ended,
  same: (name: string, labels: readonly string[], wanted: ReadonlyMap<string, number>) => void,
): void {
  const decided = (of: string, refused: string) => (line: LogLine) =>
    line.fault === refused ? 'refused' : (line.shadow?.split(',').includes(of) ?? false) ? 'shadow' : null
  same('overload_shed_total', ['decision'], countBy(log, decided('overload', 'overloaded')))
  if (scene.keyLimit === null) return
  const inLog = countBy(log, decided('concurrency', 'concurrency_limited'))
  const passed = samples.by('concurrency_requests_total', ['decision'])
  for (const decision of ['refused', 'shadow'])
    if (books.kills.length === 0 && (passed.get(decision) ?? 0) !== (inLog.get(decision) ?? 0))
      books.wrong('metrics and log', `${decision} by key: ${passed.get(decision)}, ${inLog.get(decision)}`)
}

/** A wait for a server that came to nothing ends a request, or its last answer is given after all. */
function waits({ counted: log, samples, books }: Ended, slack: number): void {
  for (const [outcome, fault] of [
    ['timeout', 'queue_timeout'],
    ['full', 'queue_full'],
  ] as const) {
    const count = samples.sum('queue_waits_total', { outcome })
    const [ended, given] = [log.filter((line) => line.fault === fault), log.filter(saysSo(fault))]
    if (count < ended.length - slack || count > ended.length + given.length + slack)
      books.wrong(
        'metrics and log',
        `${count} ${fault}: ${ended.length} of requests, ${given.length} of retries`,
      )
  }
}

const saysSo =
  (fault: string) =>
  ({ fault: own, detail }: LogLine): boolean =>
    own !== fault && (detail?.includes(fault) ?? false)

/** The last attempt of who left is counted, but nothing became of it. */
function triesAdd({ counted: log, samples, books }: Ended, slack: number): void {
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
  const which: string[] = []
  for (const name of new Set([...made.keys(), ...inLog.keys()])) {
    const difference = (made.get(name) ?? 0) - (inLog.get(name) ?? 0)
    more += difference
    if (difference !== 0) which.push(`${name}: ${made.get(name)} and ${inLog.get(name)}`)
    if (difference < -slack)
      books.wrong('metrics and log', `${name}: ${made.get(name)} and ${inLog.get(name)}`)
  }
  if (more > lacking + slack)
    books.wrong(
      'metrics and log',
      `${more} attempts are in no line, of ${lacking} that may be: ${which.join(', ')}`,
    )
}

const isLeft = ({ fault }: LogLine): boolean => fault?.startsWith('client_') === true

/** Each request of a backend with sessions that a server was chosen for is one of some kind. */
function sessions({ counted: log, samples, books, scene }: Ended, lost: number): void {
  for (const backend of BACKENDS) {
    if (scene[backend].sticky !== 'cookie') continue
    const passed = log.filter((line) => line.backend === backend && line.server !== null)
    const left = passed.filter(isLeft).length
    const stuck = samples.sum('sticky_total', { backend })
    if (stuck > passed.length + lost || stuck < passed.length - left - lost)
      books.wrong(
        'metrics and log',
        `${stuck} by their session of ${passed.length} at ${backend}, of which ${left} left`,
      )
  }
}

// ── servers ──

const numberOf = (event: Readonly<Record<string, unknown>>, name: string): number => Number(event[name] ?? 0)

/** What opened a breaker had happened: servers fail as often as they are said to. */
function asServersSaw({ books, servers, gateway, log, scene }: Ended, slack: number): void {
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
    const most = Math.max(0, ...opened.map((event) => numberOf(event, 'failed')))
    if (most > failed + slack || (opened.length > 0 && failed === 0 && slack === 0))
      books.wrong('breakers and servers', `${name} failed ${failed} times; ${JSON.stringify(opened.at(-1))}`)
    const isDown = server.isEverDown || scene.hasTlsServers
    if (!isDown && faults.some(({ fault }) => fault === 'connect_refused'))
      books.wrong('breakers and servers', `${name} never refused a connection`)
  }
}

/** Each answer is of a request that came, and each that came is an attempt. */
function asServersWereAsked({ books, servers, samples, isUpgraded }: Ended, slack: number): void {
  if (isUpgraded) return
  const came = new Map<string, number>()
  const surely = new Map<string, number>()
  const more = (map: Map<string, number>, key: string): unknown => map.set(key, (map.get(key) ?? 0) + 1)
  for (const { backend, comings } of books.entries.values())
    for (const coming of comings) {
      more(came, `${backend} ${coming.server}`)
      if (!looksStale(coming)) more(surely, `${backend} ${coming.server}`)
    }
  for (const { name, isEverDown } of servers)
    for (const backend of BACKENDS) {
      const place = `${backend} ${name}`
      const of = (outcome: string): number =>
        samples.sum('attempts_total', { backend, server: name, outcome })
      const [answered, sent] = [of('answered'), of('answered') + of('lost') + of('given_up')]
      const [most, least] = [came.get(place) ?? 0, surely.get(place) ?? 0]
      // Whose connections were broken while it answered, it may have been asked again, which is no attempt.
      if (answered > most + slack || (sent < least - slack && !isEverDown))
        books.wrong(
          'attempts and servers',
          `${place}: ${answered} answered, ${sent} sent; ${most} came, ${least} for sure`,
        )
    }
}

const looksStale = ({ isOnKept, isOnEnded, isDone, act }: Coming): boolean =>
  isOnEnded || (isOnKept && (!isDone || UNANSWERED.has(act)))
