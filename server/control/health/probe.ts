// One check of a server: the name is resolved, a connection made, an answer read, all within the check's
// time.
import type { HealthCheckConfig } from '../../backends/health-check.options.ts'
import type { Tolerance } from '../../head/canonical.ts'
import type { AskFailure, AskField, AskRequest } from '../../http1/ask.ts'
import { HttpClient } from '../../http1/client.ts'
import { outboundWorld } from '../../http1/dial-server.ts'
import { Suspects } from '../../lib/address-race.ts'
import { guarded } from '../../lib/bug.ts'
import { tick } from '../../lib/clock.ts'
import { event } from '../../lib/event.ts'
import type { Resolver } from '../../lib/resolver.ts'
import { ownProxyHeader, type ProxyVersion } from '../../lib/proxy-header-out.ts'
import type { ServerAddress } from '../../lib/server-url.ts'
import { flush } from '../../lib/stage.ts'
import { Wheel } from '../../lib/wheel.ts'
import { dialTcp } from '../../tcp/dial-tcp.ts'
import type { ServerTls } from '../../tls/server-tls.ts'
import { DataExchange, type DataWorld } from './exchange-data.ts'
import { DatagramExchange, type DatagramWorld } from './exchange-datagram.ts'
import { WantedAnswer } from './wanted-answer.ts'

/** A check, and how its answers are read: as those to requests are. */
export interface ServerCheck extends HealthCheckConfig {
  readonly answers?: Tolerance
  /** Its connections begin with a header in this version, which says that they are our own. */
  readonly proxy_protocol?: ProxyVersion | undefined
}

export interface ProbeTarget extends ServerAddress {
  readonly check: ServerCheck
  /** How TLS is spoken with it; left out or null: it is not. */
  readonly tls?: ServerTls | null
  /** Somebody wants to see the answer, also where the check does not look at its body. */
  readonly isShown?: boolean
}

/** What a check saw of an answer. */
export interface ProbeSeen {
  /** Of HTTP. */
  readonly status: number | null
  readonly bytes: Uint8Array
}

/** Says how a check ended: null for a pass, else why it failed; and what it saw, if there was an answer. */
export type ProbeDone = (reason: string | null, seen?: ProbeSeen) => void

/** Why a check was none: no descriptor was left to make it with. It says nothing about the server. */
export const UNTRIED = 'no descriptor left to check it with'

const AGENT: AskField = ['User-Agent', 'sluice-health']

/**
 * Starts a check. `done` is called once, never before this returns; calling the answer gives the check up
 * without it.
 */
export type Probe = (target: ProbeTarget, done: ProbeDone) => () => void

/** Checks through a client of their own, made with the first of them. */
export function newProbe(resolver: Pick<Resolver, 'lookup'>, suspects = new Suspects()): Probe {
  let clients: Clients | null = null
  return (target, done) => probe(target, (clients ??= newClients(resolver, suspects)), done)
}

interface Clients {
  readonly client: HttpClient
  readonly data: DataWorld
}

function newClients(resolver: Pick<Resolver, 'lookup'>, suspects: Suspects): Clients {
  const wheel = new Wheel(tick, flush)
  wheel.start()
  const client = new HttpClient(outboundWorld({ resolver, wheel, suspects }))
  return { client, data: { resolver, wheel, suspects, dial: dialTcp(wheel) } }
}

/** Never before this returns. */
function exchangeDatagram(target: ProbeTarget, world: DatagramWorld, done: ProbeDone): () => void {
  const exchange = new DatagramExchange(target, world, (reason, bytes) =>
    done(reason, { status: null, bytes }),
  )
  setImmediate(() => guarded(() => exchange.begin()))
  return () => exchange.cancel()
}

/** Whether a check of type tcp reads an answer. */
const readsData = ({ expect: { data, data_regex } }: ServerCheck): boolean =>
  data !== undefined || data_regex !== undefined

function probe(whole: ProbeTarget, { client, data }: Clients, done: ProbeDone): () => void {
  const { check, tls = null, isShown = false, ...address } = whole
  if (check.type === 'udp') return exchangeDatagram(whole, data, done)
  if (check.type === 'tcp' && readsData(check)) return exchangeData(whole, data, done)
  const { proxy_protocol: version } = check
  const header = version === undefined ? null : ownProxyHeader(version)
  const target = { ...address, tls, header, alias: check.host ?? null }
  const { timeout: total, type, expect, answers: tolerance = 'exact', follow_redirects: redirects } = check
  if (type === 'tcp')
    return client.reach(target, total, (failure) => done(failure === null ? null : reasonOf(failure)))
  const wanted = new WantedAnswer(expect)
  const wantsBody = (status: number): boolean => isShown || wanted.wantsBody(status)
  const limits = {
    total,
    body: expect.body_limit,
    cuts: true,
    wantsBody,
    tolerance,
    redirects,
    staysThere: true,
  }
  return client.ask(target, requestOf(check), limits, (end) =>
    end.is === 'failure'
      ? done(reasonOf(end))
      : done(wanted.whyNot(end), { status: end.status, bytes: end.body }),
  )
}

function exchangeData(target: ProbeTarget, world: DataWorld, done: ProbeDone): () => void {
  const exchange = new DataExchange(target, world, (end, bytes) =>
    done(end.is === 'passed' ? null : end.code === 'descriptor_limit' ? UNTRIED : end.words, {
      status: null,
      bytes,
    }),
  )
  queueMicrotask(() => event(() => guarded(() => exchange.begin())))
  return () => event(() => exchange.cancel())
}

const requestOf = ({ method, path, headers = {}, host }: ServerCheck): AskRequest => ({
  method,
  target: path,
  fields: [AGENT, ...(host === undefined ? [] : [['Host', host] as const]), ...Object.entries(headers)],
  body: null,
})

const reasonOf = ({ code, words }: AskFailure): string => (code === 'descriptor_limit' ? UNTRIED : words)
