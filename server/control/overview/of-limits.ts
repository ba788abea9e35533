// Limits that were reached in the last minutes: somebody was refused, or had to wait.
import { formatDuration } from '../../lib/durations.ts'
import { formatSize } from '../../lib/sizes.ts'
import type { About, OverviewProblem } from './document.ts'
import type { Seen, ToldEvent } from './seen.ts'
import { ageOf, asSentence, counted, numberOf, percentOf, timeOf } from './words.ts'

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
    const path = `overload.${String(cause)}`
    const now = seen.overload?.share
    // What each worker told as it began is less than what it came to.
    const most = Math.max(now ?? 0, ...told.all.map(({ fields }) => Number(fields['share'])), Number(share))
    const [verb, is] = shadow === true ? ['would have been', 'would be'] : ['were', 'are']
    const what =
      now === undefined
        ? `was reached ${agoOf(told, seen.nowMs)}, and is no more: ${percentOf(most, 1)} or more of new requests ${verb} refused`
        : `is reached: ${percentOf(now, 1)} of new requests ${is} refused`
    return {
      title: 'Workers have more to do than they can',
      cause: `${path} (${limitWords(path, limit)}) ${what}.`,
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

/** Null: what is configured now has no such limit any more. */
function reached(told: Told, seen: Seen): Found | null {
  const { limit, value } = told.last
  const path = String(limit)
  const of = ownerOf(path, seen)
  if (of === 'gone') return null
  const did = DONE.map((word) => [word, sumOf(told, word)] as const).filter(([, count]) => count > 0)
  const said = did.map(([word, count]) => `${numberOf(count)} ${count === 1 ? 'was' : 'were'} ${word}`)
  const what = said.length === 0 ? 'it was reached' : said.join(', ')
  return {
    title: `${path} (${limitWords(path, value)}) is reached`,
    cause: [asSentence(`${what} ${whenOf(told, seen.nowMs)}`), ...fullWords(of, path, seen)].join(' '),
    remedy:
      of?.kind === 'backend' && path.startsWith(`backends.${of.name}.queue.`)
        ? 'Give it more servers, or let them take more at once if they can; a longer queue only lets more requests wait, and a longer timeout lets them wait longer.'
        : 'Raise it if these are your users, and this machine has room for them; else it does what it is for.',
    about: of === null || of.kind === 'rule' ? configOf(seen) : { kind: of.kind, name: of.name },
  }
}

type Owner = { readonly kind: 'listener' | 'backend' | 'rule'; readonly name: string }

/** Whose limit it is; null: that of the gateway as a whole. A name may have dots in it. */
function ownerOf(path: string, { config }: Seen): Owner | null | 'gone' {
  const [, part, rest] = /^(listeners|backends|rules)\.(.*)$/.exec(path) ?? []
  if (config === null || part === undefined || rest === undefined) return null
  const kinds = { listeners: 'listener', backends: 'backend', rules: 'rule' } as const
  const kind = kinds[part as keyof typeof kinds]
  const all: readonly (readonly [string, object])[] =
    kind === 'rule'
      ? config.rules.map((one) => [one.name, one])
      : Object.entries(kind === 'listener' ? config.listeners : config.backends)
  const own = all.find(([name, options]) => hasOption(options, rest, name))
  return own === undefined ? 'gone' : { kind, name: own[0] }
}

/** Whether `path` is that of a thing of this name, and leads to something that its options have. */
function hasOption(options: object, path: string, name: string): boolean {
  if (!path.startsWith(`${name}.`)) return false
  const [first = ''] = path.slice(name.length + 1).split('.')
  // Some are of its middleware, or have defaults that no config shows.
  return (
    first !== 'max_connections' || (options as { readonly max_connections?: number })[first] !== undefined
  )
}

/** What is full where requests wait in the queue of a backend. */
function fullWords(of: Owner | null, path: string, { config, limits }: Seen): readonly string[] {
  if (of?.kind !== 'backend' || !path.startsWith(`backends.${of.name}.queue.`)) return []
  const known = limits.find(({ backend }) => backend === of.name)
  const { adaptive, waiting = 0, in_flight = 0 } = known ?? {}
  const most = config?.backends[of.name]?.max_connections
  const wait = waiting === 0 ? '' : ` ${counted(waiting, 'waits', 'wait')} now.`
  const isFull = most !== undefined && in_flight >= most
  if (adaptive?.mode === 'enforce' && !isFull)
    return [
      `Its adaptive_limit lets ${numberOf(adaptive.limit)} wait for answers at once, as their latency came to.${wait}`,
    ]
  return [
    most === undefined
      ? `Its servers have as much as max_connections of each allows.${wait}`
      : `What it carries is limited by its max_connections (${numberOf(most)}), or by those of its servers.${wait}`,
  ]
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

/** "in the last 2 min, the last ones 40 s ago", "4 s ago". */
function whenOf(told: Told, nowMs: number): string {
  const lastMs = told.all.at(-1)?.atMs ?? nowMs
  const last = `${ageOf(Math.max(1000, nowMs - lastMs))} ago`
  if (told.all.length === 1) return last
  return nowMs - lastMs < STILL_MS ? agoOf(told, nowMs) : `${agoOf(told, nowMs)}, the last ones ${last}`
}

/** Within it those that come after are told as well: see LimitNews. */
const STILL_MS = 15_000

/** "in the last 40 s", by the first of them. */
const agoOf = ({ first }: Told, nowMs: number): string =>
  `in the last ${ageOf(Math.max(1000, nowMs - first.atMs))}`

const sumOf = ({ all }: Told, field: string): number =>
  all.reduce((sum, { fields }) => sum + (typeof fields[field] === 'number' ? fields[field] : 0), 0)

function hintOf(told: Told): string | null {
  const { hint } = told.last
  return typeof hint === 'string' ? asSentence(hint) : null
}

/** As it would be written: "500ms", "8MiB", "1,000". */
function limitWords(path: string, value: unknown): string {
  if (typeof value !== 'number') return String(value)
  if (TIMES.test(path)) return formatDuration(value)
  return SIZES.test(path) ? formatSize(value) : numberOf(value)
}

const TIMES = /\.timeout$|\.timeouts\.[a-z_]+$|^overload\.loop_lag$/
const SIZES =
  /^limits\.(?:rate_limits|concurrency)$|^overload\.memory$|\.body_limit$|^listeners\..*\.limits\.(?:head|target|body|hello)$/

const numbered = (value: unknown): string => (typeof value === 'number' ? numberOf(value) : String(value))
