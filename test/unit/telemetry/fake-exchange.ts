// An exchange as telemetry sees it.
import type { Exchange } from '../../../server/http/exchange.ts'
import { METHODS } from '../../../server/tables/methods.ts'
import type { Fault } from '../../../server/tables/faults.ts'
import type { LoggedTls } from '../../../server/telemetry/tls-words.ts'

export interface FakeFields {
  readonly id?: string
  readonly method?: string
  readonly host?: string
  readonly target?: string
  readonly agent?: string | null
  readonly version?: 10 | 11
  readonly rule?: FakeRule | null
  readonly server?: FakeServer | null
  readonly snapshot?: object
  readonly listener?: { readonly name: string }
  readonly status?: number
  readonly attempts?: number
  readonly fault?: Fault | null
  readonly detail?: string | null
  readonly shadow?: string | null
  readonly identity?: Exchange['identity']
  readonly sticky?: Exchange['sticky']
  readonly cache?: Exchange['cache']
  readonly tries?: Exchange['tries']
  readonly bytesIn?: number
  readonly bytesOut?: number
  readonly queueMs?: number
  readonly connectMs?: number
  readonly firstByteMs?: number
  readonly endedMs?: number
  readonly client?: string | null
  readonly tls?: LoggedTls | null
}

export type FakeRule = { readonly name: string; readonly to: object }
export type FakeServer = { readonly name: string; readonly backend: string }

export const fakeRule = (name: string, backend: string): FakeRule => ({
  name,
  to: { is: 'backend', backend: { name: backend, options: { algorithm: 'round_robin' } } },
})

const API = fakeRule('api', 'api')
const SERVER: FakeServer = { name: 'http://10.0.0.1:8080', backend: 'api' }
const SNAPSHOT = {}
const LISTENER = { name: 'web' }

export function fakeExchange(fields: FakeFields = {}): Exchange {
  const method = fields.method ?? 'GET'
  const known = METHODS.findIndex((name) => name === method)
  const agent = fields.agent === undefined ? 'test/1.0' : fields.agent
  const request = {
    method,
    methodId: known < 0 ? METHODS.length - 1 : known,
    host: fields.host ?? 'example.org',
    target: fields.target ?? '/a?b=1',
    version: fields.version ?? 11,
    userAgent: agent,
  }
  const x = {
    id: fields.id ?? 'id-1',
    listener: fields.listener ?? LISTENER,
    snapshot: fields.snapshot ?? SNAPSHOT,
    request,
    client: {
      address: fields.client === undefined ? '192.0.2.7' : fields.client,
      whose: null,
      tls: fields.tls ?? null,
      socketAddress: '192.0.2.7',
      port: 40000,
      trusted: false,
      scheme: 'http',
    },
    rule: fields.rule === undefined ? API : fields.rule,
    to: fields.rule === undefined ? API.to : (fields.rule?.to ?? null),
    detail: fields.detail ?? null,
    shadow: fields.shadow ?? null,
    identity: fields.identity ?? null,
    sticky: fields.sticky ?? null,
    cache: fields.cache ?? null,
    tries: fields.tries ?? null,
    server: fields.server === undefined ? SERVER : fields.server,
    attempts: fields.attempts ?? 1,
    fault: fields.fault ?? null,
    aborted: false,
    status: fields.status ?? 200,
    bytesIn: fields.bytesIn ?? 0,
    bytesOut: fields.bytesOut ?? 512,
    startedMs: 1000,
    queueMs: fields.queueMs ?? 0,
    connectMs: fields.connectMs ?? 0.4,
    firstByteMs: fields.firstByteMs ?? 1003.1,
    endedMs: fields.endedMs ?? 1003.3,
    bodyLimit: 0,
    answer: null,
  }
  return x as unknown as Exchange
}
