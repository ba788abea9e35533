// How one server is, for people.
import type { PassiveFacts } from '../../control/health/passive-health.ts'
import type { CheckFacts } from '../../control/health/check-facts.ts'
import type { ServerDocument } from '../../control/order-desk.ts'
import type { OrderFacts } from '../../telemetry/server-health.ts'
import type { CircuitFacts } from '../../telemetry/circuit-facts.ts'
import { clockOf } from '../clock.ts'
import { table } from '../table.ts'

/** A result of a check, or a change of state. */
export interface Entry {
  readonly time: string
  readonly result: 'pass' | 'fail' | null
  readonly state: string
  readonly change: boolean
  readonly reason: string | null
  readonly ms: number | null
  /** Of an older gateway: not told. */
  readonly check?: string | null
}

export interface Checked {
  readonly result: 'pass' | 'fail'
  readonly reason: string | null
  readonly ms: number
  readonly status: number | null
  readonly answer: string | null
  readonly answer_bytes: number
  readonly check?: string
  /** Each of several; of an older gateway: not told. */
  readonly checks?: readonly Checked[]
}

/** Several lines. */
export function serverText(document: ServerDocument): string {
  const { backend, server, url, admin, operational, orders = [] } = document
  const of = (kind: OrderFacts['kind']): string => {
    const order = orders.find((one) => one.kind === kind)
    return order === undefined ? '' : ` ${orderText(order)}`
  }
  // An order says by itself by whom and why.
  const isSaid = orders.some(({ kind, value }) => kind === 'health' && value === 'down')
  const why = isSaid ? null : (document.operational_reason ?? null)
  const reason = why === null ? '' : `: ${why}`
  const lines = [
    ['state', `${admin}${of('admin')}`],
    ...(admin === 'ready' ? [] : [['left', leftText(document)]]),
    ...(admin === 'ready' ? [['in flight', String(document.active_connections)]] : []),
    ['health', `${operational}${reason}${of('health')}${document.panic === true ? PANIC : ''}`],
    ...(document.checks ?? []).map((one, index) => [index === 0 ? 'checks' : '', checkLine(one)]),
    ...(document.circuit ? [['circuit', circuitText(document.circuit)]] : []),
    ...(document.passive === undefined ? [] : [['passive', passiveLine(document.passive)]]),
    ['weight', `${weightText(document)}${of('weight')}`],
  ]
  const head = server === url ? `${server}, backend ${backend}` : `${server}, backend ${backend}: ${url}`
  return `${head}\n${lines.map(([name = '', text]) => `  ${(name === '' ? '' : `${name}:`).padEnd(11)}${text}\n`).join('')}`
}

const PANIC = '; it gets requests all the same, as fewer are up than panic_threshold asks'

/** "2 (config: 5), 45 % of it now: slow start", "1, dynamic: 0.43", "3 (dynamic weights leave it alone)". */
function weightText(document: ServerDocument): string {
  const { weight, configured_weight, slow_start, dynamic_weight, orders = [] } = document
  const isLeft = dynamic_weight !== undefined && orders.some(({ kind }) => kind === 'weight')
  const about = [
    ...(configured_weight === undefined ? [] : [`config: ${configured_weight}`]),
    ...(isLeft ? ['dynamic weights leave it alone'] : []),
  ].join('; ')
  const part = slow_start === undefined ? '' : `, ${Math.round(slow_start * 100)} % of it now: slow start`
  return `${weight}${about === '' ? '' : ` (${about})`}${isLeft ? '' : dynamicText(document)}${part}`
}

function dynamicText({ dynamic_weight: dynamic, dynamic_weight_shadow: isShadow }: ServerDocument): string {
  if (dynamic === undefined) return ''
  return isShadow === true ? `, it would be ${dynamic} by dynamic weights (shadow)` : `, dynamic: ${dynamic}`
}

/** "http :8081/ready: down: status 503, wanted 200-399; last at 12:34:56". */
function checkLine({ check, state, reason, last }: CheckFacts): string {
  const why = reason === null ? '' : `: ${reason}`
  return `${check}: ${state}${why}${last === null ? '' : `; last ${last.result} at ${clockOf(last.time)}`}`
}

/** "open since 12:34:56: 57 of 100 failed; half-open at 12:35:26". */
function circuitText(circuit: CircuitFacts): string {
  const { state, mode, since, reason, half_open_at, window, ordered } = circuit
  const shadow = mode === 'shadow' ? ' (shadow: all pass)' : ''
  const held = ordered === null ? null : `held ${ordered.state} ${orderText(ordered)}`
  const order = held === null ? '' : `, ${held}`
  if (state === 'closed') {
    const slow = window.slow === 0 ? '' : `, ${window.slow} slow`
    return `closed${shadow}: ${window.failed} of ${window.requests} failed${slow}${order}`
  }
  const from = since === null ? '' : ` since ${clockOf(since)}`
  const why = reason === null ? '' : reason.replace(/^[^:]*/, '')
  // By whom and why is in that.
  if (state === 'open' && held !== null) return `${held}${shadow}`
  if (state === 'open') {
    const next = half_open_at === null ? '' : `; half-open at ${clockOf(half_open_at)}`
    return `open${shadow}${from}${why}${next}`
  }
  const { let_through, half_open_requests, went_well, half_open_successes } = circuit
  const tries = `${let_through} of ${half_open_requests} let through, ${went_well} of ${half_open_successes} went well`
  return `half-open${shadow}${from}${why}; ${tries}${order}`
}

/** "out until 12:34:56: 5 failures …", "in; 2 of 120 attempts failed in 30s (last connect_refused)". */
function passiveLine({ state, mode, reason, until, attempts, failures, window, last }: PassiveFacts): string {
  const shadow = mode === 'shadow' ? ' (shadow: it gets work all the same)' : ''
  if (state === 'out')
    return `out until ${clockOf(until ?? '')}${shadow}: ${reason?.replace(/^passive: /, '')}`
  const by = failures === 0 || last === null ? '' : ` (last ${last})`
  return `in${shadow}; ${failures} of ${attempts} attempts failed in ${window}${by}`
}

function leftText({ url, active_connections: left, drained }: ServerDocument): string {
  if (left === 0) return drained ? 'nothing: it has drained' : 'nothing now'
  const one = url.startsWith('udp:') ? 'flow' : /^(?:tcp|tls):/.test(url) ? 'connection' : 'exchange'
  return `${left} ${one}${left === 1 ? '' : 's'}`
}

/** "since 12:34:56 by ana, until 13:00:00: disk swap". */
function orderText({ since, by, until, reason }: Omit<OrderFacts, 'kind' | 'value'>): string {
  const ends = until === null ? '' : `, until ${clockOf(until)}`
  return `since ${clockOf(since)} by ${by}${ends}${reason === null ? '' : `: ${reason}`}`
}

export function historyText(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'nothing was found of it yet: it has no health check, or had no result\n'
  const rows = entries.map(({ time, result, state, change, reason, ms, check = null }) => [
    clockOf(time),
    result === null ? '-' : `${result}${check === null ? '' : ` ${check}`}`,
    change ? `now ${state}` : state,
    ms === null ? '-' : ms.toFixed(1),
    reason ?? '',
  ])
  return table(['TIME', 'CHECK', 'STATE', 'MS', 'REASON'], rows)
}

/** Of a change of the config. */
export const persistedText = (answer: unknown): string =>
  `written to the config file: revision ${(answer as { readonly revision: number }).revision} is served\n`

/** What came of a check, or of each of several, and the beginning of the answer. */
export function checkText({ checks = [], ...first }: Checked): string {
  if (checks.length < 2) return answerText(first)
  return checks.map((one) => `${one.check ?? 'check'} ${answerText(one)}`).join('')
}

function answerText({ result, reason, ms, status, answer, answer_bytes }: Checked): string {
  const found = result === 'pass' ? 'passed' : `failed: ${reason}`
  const http = status === null ? '' : `, status ${status}`
  const first = answer === null || answer === '' ? '' : `\n${printable(answer)}\n`
  const size = answer_bytes === 0 ? '' : `, ${answer_bytes} bytes`
  return `${found} (${ms} ms${http}${size})\n${first}`
}

/** What a terminal would act on is not for it. */
const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '.').trimEnd()
