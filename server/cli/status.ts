// sluice status: health and traffic of each server at one glance.
import type { HealthDocument, MetricsDocument, ServerMetrics } from '../telemetry/documents.ts'
import {
  COLUMNS_HELP,
  OPTIONS_HELP,
  ask,
  askOverview,
  exitUnanswered,
  EXIT_HELP,
  healthOfScope,
  metricsOfScope,
  readQuestion,
  scopeOf,
} from './ask.ts'
import { healthLines } from './health.ts'
import type { Io } from './io.ts'
import { metricsLine } from './metrics.ts'
import { serverReason, stateWord } from './server-reason.ts'
import { overviewText } from './overview-text.ts'
import { percentOf } from '../control/overview/words.ts'
import { table } from './table.ts'

const HELP = `Tells how a running gateway is in one sentence, what is wrong with it and what to do, which servers are up and what they served.

Usage: sluice status [NAME] [-c FILE | --admin URL] [--json]

${OPTIONS_HELP}${COLUMNS_HELP}
Of a listener OPEN and TOTAL are connections of clients (udp: flows, turn: allocations); FAULTS of http are requests with a 5xx or no whole answer,
of tcp connections that failed, of udp flows that no server took, of turn requests that were refused.
STAYED of sessions are requests that came to the server that has theirs, MOVED those whose server was out of use, ELSEWHERE those that another one
served this once, as theirs was full or failed; the rest had no good cookie.
--json prints two documents, a line each: that of "sluice health", then that of "sluice metrics". What is wrong, as JSON: "sluice api /_overview".
Exit code: 0 every backend has a server that is up; 1 one has none, no gateway was reached, or there is no such name; ${EXIT_HELP}.
`

/** Prints health and totals together. */
export async function status(args: readonly string[], io: Io): Promise<number> {
  const question = readQuestion('status', HELP, args, io)
  if (typeof question === 'number') return question
  const allHealth = await ask<HealthDocument>(question.gateway, '/_health', io)
  if (allHealth === null) return exitUnanswered(question.gateway)
  const allMetrics = await ask<MetricsDocument>(question.gateway, '/_metrics', io)
  if (allMetrics === null) return exitUnanswered(question.gateway)
  const scope = await scopeOf(question, allHealth, io)
  if (typeof scope === 'number') return scope
  const [health, metrics] = [healthOfScope(allHealth, scope), metricsOfScope(allMetrics, scope)]
  if (question.isJson) {
    io.stdout(`${JSON.stringify(health)}\n${JSON.stringify(metrics)}\n`)
    return health.healthy ? 0 : 1
  }
  const overview = await askOverview(question.gateway, io)
  const told = overview === null ? '' : overviewText(overview, scope)
  io.stdout(`${told}${statusText(health, metrics)}`)
  return health.healthy ? 0 : 1
}

/** Both documents for people. */
export function statusText(health: HealthDocument, metrics: MetricsDocument): string {
  const served = new Map(metrics.backends.map((server) => [`${server.backend}\n${server.server}`, server]))
  const rows = health.backends.map((one) => {
    const of = served.get(`${one.backend}\n${one.server}`)
    return [
      one.backend,
      one.server,
      stateWord(one),
      one.weight,
      one.active_connections,
      of?.total_requests ?? 0,
      of?.failed_requests ?? 0,
      of?.attempts ?? 0,
      of?.failed_attempts ?? 0,
      of?.refused_attempts ?? 0,
      serverReason(one, allFailed(of)),
    ]
  })
  const head = [
    'BACKEND',
    'SERVER',
    'STATE',
    'WEIGHT',
    'IN FLIGHT',
    'REQUESTS',
    'FAILED',
    'ATTEMPTS',
    'LOST',
    'REFUSED',
    'REASON',
  ]
  // Where there are no servers but a relay, nothing is ever asked for.
  const isRelayAlone = health.turn !== undefined && health.total_count === 0 && metrics.total_requests === 0
  const traffic = isRelayAlone ? '' : `${metricsLine(metrics)}\n`
  const servers = rows.length === 0 ? '' : `\n${table(head, rows)}`
  return `${healthLines(health)}\n${traffic}${overloadText(metrics)}${servers}${limitsText(metrics)}${stickyText(metrics)}${listenersText(health, metrics)}${certificatesText(health)}`
}

/** Nothing while all is taken. */
function overloadText({ overload }: MetricsDocument): string {
  if (overload === undefined) return ''
  const { share, workers, mode } = overload
  const verb = mode === 'shadow' ? 'would refuse' : workers === 1 ? 'refuses' : 'refuse'
  const who = workers === 1 ? '1 worker' : `${workers} workers`
  return `overload: ${who} ${verb} up to ${Math.round(share * 100)} % of new requests\n`
}

function limitsText({ limits = [] }: MetricsDocument): string {
  if (limits.length === 0) return ''
  const rows = limits.map(({ backend, in_flight, limit, adaptive, waiting }) => [
    backend,
    in_flight,
    limit ?? '',
    adaptive === undefined
      ? ''
      : `${adaptive.in_flight} of ${adaptive.limit}${adaptive.mode === 'shadow' ? ' (shadow)' : ''}`,
    waiting ?? '',
  ])
  return `\n${table(['BACKEND', 'IN FLIGHT', 'LIMIT', 'ADAPTIVE', 'WAITING'], rows)}`
}

/** By what sessions stay, and how many requests were served by another server than theirs. */
function stickyText({ sticky = [] }: MetricsDocument): string {
  if (sticky.length === 0) return ''
  const rows = sticky.map(({ backend, by, name, requests }) => {
    const all = Object.values(requests ?? {}).reduce((sum, one) => sum + one, 0)
    const share = (result: string): string => percentOf(requests?.[result] ?? 0, all)
    const counts =
      requests === undefined ? ['', '', '', ''] : [all, share('hit'), share('moved'), share('elsewhere')]
    return [backend, name === null ? by : `${by} ${name}`, ...counts]
  })
  return `\n${table(['BACKEND', 'SESSIONS BY', 'REQUESTS', 'STAYED', 'MOVED', 'ELSEWHERE'], rows)}`
}

/** Nothing of an older gateway, which does not tell. */
function listenersText({ listeners = [] }: HealthDocument, metrics: MetricsDocument): string {
  if (listeners.length === 0) return ''
  const counted = new Map((metrics.listeners ?? []).map((one) => [one.listener, one]))
  const rows = listeners.map(({ listener, protocol, addresses }) => {
    const of = counted.get(listener)
    return [
      listener,
      protocol,
      addresses.length === 0 ? 'by another listener' : addresses.join(' '),
      of === undefined ? '' : `${of.open} ${of.open === 1 ? of.counts.slice(0, -1) : of.counts}`,
      of?.total ?? '',
      of?.faults ?? '',
    ]
  })
  return `\n${table(['LISTENER', 'PROTOCOL', 'ADDRESS', 'OPEN', 'TOTAL', 'FAULTS'], rows)}`
}

/** Those that end first come first. */
function certificatesText({ certificates = [] }: HealthDocument): string {
  if (certificates.length === 0) return ''
  const rows = certificates.map(({ certificate, names, until, days_left, source, stand_in }) => [
    certificate,
    until.slice(0, 10),
    days_left < 0 ? 'expired' : days_left,
    stand_in ? `${source}: none yet, a stand-in` : source,
    names.length > NAMES_MAX
      ? `${names.slice(0, NAMES_MAX).join(' ')} and ${names.length - NAMES_MAX} more`
      : names.join(' '),
  ])
  return `\n${table(['CERTIFICATE', 'UNTIL', 'DAYS', 'SOURCE', 'NAMES'], rows)}`
}

const NAMES_MAX = 4

/** A server that answers each request with a failure of its own is up, and serves nobody. */
function allFailed(of: ServerMetrics | undefined): string {
  if (of === undefined || of.total_requests === 0 || of.failed_requests < of.total_requests) return ''
  return of.total_requests === 1
    ? 'its one request failed'
    : `all ${of.total_requests} requests failed: see the access log`
}
