// What the log says beside the code of a fault: which rule was broken at which byte, or which limit was
// reached and where it is set.
import { queueLimit } from '../backends/queue-limit.ts'
import { whyNone, whyNoneForStrangers } from '../backends/why-none.ts'
import { framingText } from '../head/why-answer.ts'
import { whyMalformed } from '../head/why-malformed.ts'
import { whyAmbiguous } from '../rules/why-ambiguous.ts'
import { type FaultCode, isClientFault } from '../tables/faults.ts'
import { clientsOf } from '../tls/listener-tls.ts'
import { judgeClient } from './client-certificate.ts'
import type { ExchangeState } from './exchange-state.ts'

/** The most of what a client sent that is repeated. */
const SHOWN_MAX = 64

/** Says more about a refusal; null: its code says all. A limit that is behind it is counted and told. */
export function whyRefused(code: FaultCode, x: ExchangeState): string | null {
  const limit = limitBehind(code, x)
  if (limit === null) return isClientFault(code) ? clientText(x) : (WHY[code]?.(x) ?? null)
  x.engine.limitReached(limit.path, limit.value)
  return `${limit.path}: ${limit.value} ${limit.unit}`
}

/** What of it strangers hear: not how we are set up. */
export const whyForStrangers = (code: FaultCode, { forward }: ExchangeState): string =>
  (code === 'no_server' || code === 'circuit_open') && forward !== null
    ? whyNoneForStrangers(forward.backend)
    : ''

const WHY: { readonly [code in FaultCode]?: (x: ExchangeState) => string } = {
  head_malformed: lineText,
  no_server: noneText,
  circuit_open: noneText,
  target_invalid: lineText,
  match_ambiguous: ({ request }) => whyAmbiguous(request, fieldsThatDiffer(request)),
  host_invalid: hostText,
  framing_ambiguous: bodyText,
  coding_unsupported: bodyText,
  misdirected: misdirectedText,
}

function noneText({ forward }: ExchangeState): string {
  return forward === null ? '' : whyNone(forward.backend)
}

/** Whose certificate it is, and what stands against it. */
function clientText({ listener, request, stream }: ExchangeState): string | null {
  const clients = clientsOf(listener)
  const verdict = clients && judgeClient(stream.connection, request.host, clients).verdict
  return verdict?.detail ?? null
}

function misdirectedText({ stream }: ExchangeState): string {
  const { tls } = stream.connection.from
  return `the connection was made for ${tls?.serverName ?? 'no name'}`
}

/** A limit that a request or its client has reached: where it is set, and what it is. */
interface Limit {
  readonly path: string
  readonly value: number
  readonly unit: string
}

/** The limit behind a refusal; null: none is. */
function limitBehind(code: FaultCode, x: ExchangeState): Limit | null {
  switch (code) {
    case 'target_too_long':
      return listenerLimit(x, 'target', 'bytes')
    case 'head_too_large':
      return x.request.fields.count >= x.listener.options.limits.fields
        ? listenerLimit(x, 'fields', 'fields')
        : listenerLimit(x, 'head', 'bytes')
    case 'body_too_large':
      return x.bodyLimit === x.listener.options.limits.body
        ? listenerLimit(x, 'body', 'bytes')
        : { path: `rules.${x.rule?.name ?? '-'}.body_limit`, value: x.bodyLimit, unit: 'bytes' }
    case 'queue_full':
    case 'queue_timeout':
      return x.to?.is === 'backend' ? queueLimit(x.to.backend, code) : null
    default:
      return null
  }
}

function listenerLimit(
  { listener }: ExchangeState,
  limit: 'target' | 'fields' | 'head' | 'body',
  unit: string,
): Limit {
  return { path: `listeners.${listener.name}.limits.${limit}`, value: listener.options.limits[limit], unit }
}

function lineText({ request: { fields, headStart } }: ExchangeState): string {
  return whyMalformed(fields.bytes, headStart, fields.bytes.length)
}

function hostText({ request: { fields, version } }: ExchangeState): string {
  const hosts = valuesOf(fields, 'host')
  if (hosts.length === 0) return version === 10 ? 'a host is needed here' : 'there is no Host field'
  return hosts.length > 1 ? `Host came ${hosts.length} times` : `Host is ${hosts.map(shown).join()}`
}

function bodyText({ request: { fields, version } }: ExchangeState): string {
  return `${framingText(fields)}${version === 10 ? ' in HTTP/1.0' : ''}`
}

/** Lower-case names of those that came twice with different values, up to four. */
export function fieldsThatDiffer(request: ExchangeState['request']): string[] {
  const { fields } = request
  const names = new Set(Array.from({ length: fields.count }, (_, f) => fields.name(f).toLowerCase()))
  return [...names].filter((name) => request.isAmbiguous(name)).slice(0, 4)
}

function valuesOf(fields: ExchangeState['request']['fields'], lower: string): string[] {
  const values: string[] = []
  for (let f = 0; f < fields.count; f++)
    if (fields.name(f).toLowerCase() === lower) values.push(fields.value(f))
  return values
}

const shown = (text: string): string => JSON.stringify(text.slice(0, SHOWN_MAX))
