// Limits that were reached in the last minutes: somebody was refused, or had to wait.
import type { About, OverviewProblem } from './document.ts'
import type { Seen, ToldEvent } from './seen.ts'
import { ageOf, asSentence, counted, numberOf, timeOf } from './words.ts'

/** What was longer ago says nothing about now. */
export const LATELY_MS = 300_000

export function* limitProblems(seen: Seen): Generator<OverviewProblem> {
  const told = seen.events.filter(({ event, atMs }) => LIMITS.has(event) && seen.nowMs - atMs <= LATELY_MS)
  for (const [key, all] of Map.groupBy(told, keyOf)) {
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined) continue
    const found = WORDS[first.event]?.({ all, first, last: last.fields }, seen) ?? null
    if (found !== null)
      yield {
        id: `limits:${key}`,
        ...{ state: 'limits', severity: 'warn', since: timeOf(first.atMs) },
        ...found,
        actions: [{ kind: 'open', label: 'Open activity', role: 'viewer' }],
      }
  }
}

type Found = Pick<OverviewProblem, 'title' | 'cause' | 'remedy' | 'about'> &
  Partial<Pick<OverviewProblem, 'severity'>>
/** Events of the same limit. */
interface Told {
  readonly all: readonly ToldEvent[]
  readonly first: ToldEvent
  readonly last: ToldEvent['fields']
}
type Words = (told: Told, seen: Seen) => Found | null

/** What each says; one that workers accept nobody is told of them while it is so. */
const WORDS: Readonly<Record<string, Words>> = {
  limit_reached: reached,
  on_demand_limit: (told, { nowMs }) => {
    const { certificate, limit, value } = told.last
    return {
      title: `${String(limit)} of certificate ${String(certificate)} is reached`,
      cause: `${asSentence(`no more than ${String(value)} are allowed`)} It was reached ${agoOf(told, nowMs)}.`,
      remedy: hintOf(told),
      about: { kind: 'certificate', name: String(certificate) },
    }
  },
  buffers_full: (told, seen) => ({
    title: 'limits.buffers is reached',
    cause: `Slow clients and servers held all of it ${agoOf(told, seen.nowMs)}: others had to wait.`,
    remedy: hintOf(told),
    about: configOf(seen),
  }),
  overloaded: (told, seen) => {
    const { cause, limit, share, shadow } = told.last
    const verb = shadow === true ? 'would have been' : 'were'
    return {
      title: 'Workers have more to do than they can',
      cause: `overload.${String(cause)} (${numbered(limit)}) was reached ${agoOf(told, seen.nowMs)}: up to ${Math.round(Number(share) * 100)} % of new requests ${verb} refused.`,
      remedy:
        'Give the gateway more cores or memory, or less to do; rules of a higher priority are refused last.',
      about: { kind: 'worker', name: 'workers' },
    }
  },
  descriptor_limit: (told, seen) => {
    const { limit, wanted, accepting } = told.last
    if (accepting === false)
      return (seen.health.workers?.full ?? []).length > 0
        ? null
        : {
            title: 'The limit of open files was reached',
            cause: `With ${numbered(limit)} descriptors there was room for no more clients ${agoOf(told, seen.nowMs)}: they had to wait.`,
            remedy: FILES,
            about: { kind: 'worker', name: 'workers' },
          }
    return {
      severity: 'note',
      title: 'The limit of open files is lower than listeners want',
      cause: `They may have clients for ${numbered(wanted)} descriptors, and a worker has ${numbered(limit)}.`,
      remedy: FILES,
      about: { kind: 'worker', name: 'workers' },
    }
  },
  proxy_header_refused: (told) => {
    const { listener, reason, proxy } = told.last
    return {
      title: `Listener ${String(listener)} refuses connections of proxy ${String(proxy)}`,
      cause: `${counted(sumOf(told, 'refused'), 'connection')} came with a PROXY header that is ${String(reason)}.`,
      remedy: hintOf(told),
      about: { kind: 'listener', name: String(listener) },
    }
  },
}

const LIMITS: ReadonlySet<string> = new Set(Object.keys(WORDS))
const FILES =
  'Raise the limit of open files (LimitNOFILE of the unit, or ulimit -n), or lower limits.connections of listeners.'

function reached(told: Told, seen: Seen): Found {
  const { limit, value } = told.last
  const did = DONE.map((word) => [word, sumOf(told, word)] as const).filter(([, count]) => count > 0)
  const said = did.map(([word, count]) => `${numberOf(count)} ${count === 1 ? 'was' : 'were'} ${word}`)
  const path = String(limit)
  const listener = /^listeners\.([A-Za-z0-9_.-]+)\.limits\./.exec(path)?.[1]
  return {
    title: `${path} (${numbered(value)}) is reached`,
    cause: `${asSentence(`${said.length === 0 ? 'it was reached' : said.join(', ')} ${agoOf(told, seen.nowMs)}`)}`,
    remedy:
      'Raise it if these are your users, and this machine has room for them; else it does what it is for.',
    about: listener === undefined ? configOf(seen) : { kind: 'listener', name: listener },
  }
}

const DONE = ['refused', 'evicted', 'uncounted', 'uncompressed', 'reset', 'closed'] as const

const configOf = ({ file }: Seen): About => ({ kind: 'config', name: file })

/** Events of the same limit are one problem. */
function keyOf({ event, fields }: ToldEvent): string {
  const { limit, certificate, listener, reason } = fields
  const own =
    event === 'proxy_header_refused'
      ? [listener, reason]
      : event === 'limit_reached' || event === 'on_demand_limit'
        ? [certificate, limit]
        : []
  return [event, ...own.filter((one) => one !== undefined).map(String)].join(':')
}

/** "in the last 40 s", by the first of them. */
const agoOf = ({ first }: Told, nowMs: number): string =>
  `in the last ${ageOf(Math.max(1000, nowMs - first.atMs))}`

const sumOf = ({ all }: Told, field: string): number =>
  all.reduce((sum, { fields }) => sum + (typeof fields[field] === 'number' ? fields[field] : 0), 0)

function hintOf(told: Told): string | null {
  const { hint } = told.last
  return typeof hint === 'string' ? asSentence(hint) : null
}

const numbered = (value: unknown): string => (typeof value === 'number' ? numberOf(value) : String(value))
