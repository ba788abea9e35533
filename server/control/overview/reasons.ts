// Why servers are not of use, gathered into sentences: what checks and requests found stands in the reason of
// each, and those that say the same are said once.
import type { Config } from '../../config/schema.ts'
import { FAULTS, type FaultCode } from '../../tables/faults.ts'
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import { checkTypeOf, parseServerUrl } from '../../lib/server-url.ts'
import { calledOf } from '../health/check-words.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import { isHeldOpen } from './backend-state.ts'
import { ageOf, listOf, someOf } from './words.ts'

/** Those of a backend. */
export type Checks = Config['backends'][string]['health_check']

/** What stands against a server. */
export type Ailment = 'refuses' | 'silent' | 'answers_wrong' | 'breaker' | 'passive' | 'other'

interface Found {
  readonly ailment: Ailment
  /** Servers with the same are said together. */
  readonly key: string
  /** Behind its name: "refuses connections". */
  readonly one: string
  readonly many: string
}

/** More kinds of failure than these are not told. */
const KINDS_MAX = 3

/** "Both servers refuse connections on port 8443." `all`: servers of the backend. */
export function causeOf(servers: readonly ServerHealth[], checks: Checks, all: number): string {
  const found = servers.map((server) => ({ server, ...foundOf(server, checks) }))
  const kinds = Map.groupBy(found, ({ key }) => key)
  const sentences = [...kinds.values()].slice(0, KINDS_MAX).map((own) => {
    const [{ one, many } = { one: '', many: '' }] = own
    const who = someOf(
      own.map(({ server: { server } }) => server),
      all,
    )
    return `${who} ${own.length === 1 ? one : many}${onPort(
      own.map(({ server }) => server),
      one,
    )}.`
  })
  const left = kinds.size - sentences.length
  return [
    ...sentences,
    ...(left > 0 ? [`Others fail in ${left === 1 ? 'another way' : `${left} other ways`}.`] : []),
  ].join(' ')
}

/** What most of them suffer from. */
export function ailmentOf(servers: readonly ServerHealth[], checks: Checks): Ailment {
  const kinds = [...Map.groupBy(servers, (server) => foundOf(server, checks).ailment)]
  return kinds.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'other'
}

function foundOf({ reason, url, orders = [] }: ServerHealth, checks: Checks): Found {
  const text = reason ?? 'nobody knows why'
  const forced = orders.find(({ kind, value }) => kind === 'health' && value === 'down')
  if (forced !== undefined)
    return {
      ...{ ailment: 'other', key: `forced ${forced.by} ${forced.reason}` },
      one: `is taken for down, as ${forced.by} ordered${forced.reason === null ? '' : ` (${forced.reason})`}`,
      many: `are taken for down, as ${forced.by} ordered${forced.reason === null ? '' : ` (${forced.reason})`}`,
    }
  const circuit = /^circuit (open|half-open): (.*)$/.exec(text)
  if (circuit !== null) return ofBreaker(circuit[1] === 'open', circuit[2] ?? '')
  const passive = /^passive: (.*)$/.exec(text)?.[1]
  if (passive !== undefined)
    return {
      ...{ ailment: 'passive', key: text },
      one: `was taken out by passive health: ${passive}`,
      many: `were taken out by passive health: ${passive}`,
    }
  const code = /^[a-z_]+(?=,|$)/.exec(text)?.[0] ?? ''
  return Object.hasOwn(FAULTS, code)
    ? ofRequests(code as FaultCode, text)
    : ofChecks(
        text,
        (checks ?? []).map((check) => ({ ...check, type: checkTypeOf(check, [{ url }]) })),
      )
}

/** "57 of 100 failed": of each server by itself, so several are not told with the figures of one. */
const ofBreaker = (isOpen: boolean, figures: string): Found => ({
  ...{ ailment: 'breaker', key: `breaker ${isOpen}` },
  one: isOpen
    ? `is left alone by its breaker (${figures})`
    : `is tried again by a few requests, as its breaker is half-open (${figures})`,
  many: isOpen
    ? 'are left alone by their breakers'
    : 'are tried again by a few requests, as their breakers are half-open',
})

/** "connect_refused, 12 in a row, the last 3 s ago". */
function ofRequests(code: FaultCode, text: string): Found {
  const row = /, ([0-9]+) in a row/.exec(text)?.[1]
  const times = row === undefined ? 'its last request' : `its last ${row} requests`
  if (code === 'connect_refused')
    return { ailment: 'refuses', key: code, one: 'refuses connections', many: 'refuse connections' }
  const ailment = /timeout|stalled/.test(code) ? 'silent' : 'other'
  const why = FAULTS[code].text.replace(/\.$/, '')
  return {
    ...{ ailment, key: code },
    one: `failed ${times} (${code}: ${why})`,
    many: `failed their last requests (${code}: ${why})`,
  }
}

function ofChecks(whole: string, checks: readonly HealthCheckConfig[]): Found {
  // Of several, the reason names the one that failed.
  const [, text = whole, called] = /^(.*), in check (.*)$/s.exec(whole) ?? []
  const check = called === undefined ? checks[0] : checks.find((one) => calledOf(one) === called)
  if (/^(?:connect refused|connection refused)/.test(text)) {
    const port = check?.port === undefined ? '' : ` on port ${check.port}`
    const [one, many] = [`refuses connections${port}`, `refuse connections${port}`]
    return { ailment: 'refuses', key: `refused${port}`, one, many }
  }
  const status = /^status ([0-9]{3}), wanted (.*)$/.exec(text)
  const asked = check === undefined ? '' : askedIn(check, called)
  if (status !== null) {
    const with_ = `${asked} with ${status[1]}, where ${status[2]} is wanted`
    return {
      ...{ ailment: 'answers_wrong', key: whole },
      one: `answers its check${with_}`,
      many: `answer their check${with_}`,
    }
  }
  const ailment = /timed out|^no answer|not taken/.test(text) ? 'silent' : 'other'
  return {
    ...{ ailment, key: whole },
    one: `fails its check${asked}: ${text}`,
    many: `fail their check${asked}: ${text}`,
  }
}

function askedIn({ type, method, path, port }: HealthCheckConfig, called: string | undefined): string {
  if (type === 'tcp' || type === 'udp') return called === undefined ? '' : ` ${called}`
  return ` ${method} ${port === undefined ? '' : `:${port}`}${path}`
}

/** Where all that refuse have the same port, it is worth saying. */
function onPort(servers: readonly ServerHealth[], words: string): string {
  if (words !== 'refuses connections') return ''
  const ports = new Set(servers.map(({ url }) => portOf(url)))
  const [port] = ports
  return ports.size === 1 && port !== null ? ` on port ${port}` : ''
}

function portOf(url: string): number | null {
  const { port } = parseServerUrl(url)
  return port > 0 ? port : null
}

/** "api-3 drains for mira (kernel update)", "api-4 and api-5 are in maintenance by jonas (disk swap)". */
export function outWords(servers: readonly ServerHealth[], nowMs: number): string {
  const wordsOf = (server: ServerHealth, isOne: boolean): string =>
    isHeldOpen(server) ? heldWords(server, nowMs, isOne) : orderWords(server, isOne)
  const groups = [...Map.groupBy(servers, (server) => wordsOf(server, true)).values()]
  const said = groups.slice(0, KINDS_MAX).map((own) => {
    const [first] = own
    const words = first === undefined ? '' : wordsOf(first, own.length === 1)
    return `${listOf(own.map(({ server }) => server))} ${words}`
  })
  const left = groups.slice(KINDS_MAX).reduce((sum, own) => sum + own.length, 0)
  const more = left === 0 ? [] : [`${left} more ${left === 1 ? 'is' : 'are'} taken out of use`]
  return `${listOf([...said, ...more], KINDS_MAX + 1)}.`
}

/** "is held open by anna for another 25 min (disk swap)": of its breaker. */
function heldWords({ orders = [] }: ServerHealth, nowMs: number, isOne: boolean): string {
  const order = orders.find(({ kind }) => kind === 'circuit')
  const is = isOne ? 'is' : 'are'
  if (order === undefined) return `${is} held open`
  const left = order.until === null ? '' : ` for another ${ageOf(Date.parse(order.until) - nowMs)}`
  return `${is} held open by ${order.by}${left}${order.reason === null ? '' : ` (${order.reason})`}`
}

function orderWords({ admin, orders = [] }: ServerHealth, isOne: boolean): string {
  const order = orders.find(({ kind }) => kind === 'admin')
  const [drain, rest] = isOne ? ['drains', 'is in maintenance'] : ['drain', 'are in maintenance']
  const why = order?.reason ? ` (${order.reason})` : ''
  const by = order === undefined ? '' : ` ${admin === 'drain' ? 'for' : 'by'} ${order.by}${why}`
  return `${admin === 'drain' ? drain : rest}${by}`
}
