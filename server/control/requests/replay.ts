// A request that was served, sent once more to servers of its backend, and the answers compared. As its
// client sent it: what middleware changes on the way is not repeated.
import { createHash } from 'node:crypto'
import type { BackendConfig } from '../../backends/backend.options.ts'
import { newServer } from '../../backends/server.ts'
import { clientTlsOf, type FileTexts } from '../../backends/tls.ts'
import type { Config } from '../../config/schema.ts'
import { KNOWN, knownField, underscoreField } from '../../head/known-fields.ts'
import { otherCookies } from '../../head/sign-in-cookies.ts'
import type { AskAnswer, AskFailure, AskField } from '../../http1/ask.ts'
import { HttpClient } from '../../http1/client.ts'
import { outboundWorld } from '../../http1/dial-server.ts'
import { Suspects } from '../../lib/address-race.ts'
import { tick } from '../../lib/clock.ts'
import { ownProxyHeader } from '../../lib/proxy-header-out.ts'
import type { Resolver } from '../../lib/resolver.ts'
import { flush } from '../../lib/stage.ts'
import { Wheel } from '../../lib/wheel.ts'
import { HIDDEN } from '../../telemetry/shown-target.ts'
import { hidden, isSecretHere, type ToldRequest } from '../../telemetry/told-request.ts'
import { type FoundRequest, foundOf } from './gather.ts'

/** An answer to a request that was sent once more. */
export interface ReplayAnswer {
  readonly server: string
  /** Null: there was none. */
  readonly status: number | null
  /** What is secret in them is hidden. */
  readonly headers: readonly AskField[]
  readonly bytes: number
  /** Of the body, as far as it was read. */
  readonly sha256: string | null
  /** There is more of the body than was read. */
  readonly cut: boolean
  readonly ms: number
  /** Why there was no answer; null: there was. */
  readonly failure: string | null
}

export interface Compared {
  readonly answers: readonly ReplayAnswer[]
  readonly same: {
    readonly status: boolean
    readonly headers: boolean
    readonly size: boolean
    readonly body: boolean
  }
  /** Names of fields that differ, those left out that differ with each answer. */
  readonly headers_that_differ: readonly string[]
}

const TOTAL_MS = 30_000
const BODY_BYTES_MAX = 8 * 1024 * 1024
/** So many are under way at most. */
const AT_ONCE_MAX = 4
/** Methods that change nothing (RFC 9110 §9.2.1): no body of a request is kept. */
const REPEATED = ['GET', 'HEAD', 'OPTIONS']
/** Other with each answer. */
const PASSING = new Set([
  'date',
  'age',
  'connection',
  'keep-alive',
  'x-request-id',
  'server-timing',
  'set-cookie',
])
/** Of the connection that it came by; and what a body would need. */
const NOT_SENT =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|content-length|upgrade|expect|http2-settings)$/i

/** Why a request is not sent once more; null: it may be. */
export function whyNotReplayed(one: ToldRequest, sendsSecrets: boolean | null): string | null {
  if (!REPEATED.includes(one.method))
    return `${one.method} may change something: only ${REPEATED.join(', ')} are sent once more`
  if (one.bytes_in > 0) return 'it had a body, which is not kept'
  if (one.headers_cut || one.headers.length === 0) return 'its head is not kept whole'
  const names = one.headers.filter(([name, value]) => isSecretHere(name, value)).map(([name]) => name)
  if (sendsSecrets !== null || names.length === 0) return null
  return `it has credentials (${[...new Set(names)].join(', ')}): say whether they are sent, or left out`
}

/**
 * Those that a server may get of it. What a client says of proxies before us and of its certificate is not
 * believed where it came in: a server that believes the gateway must not hear it from here, either.
 */
function fieldsSent(one: ToldRequest, listeners: Config['listeners'], isDashboard: boolean): AskField[] {
  const listener = Object.hasOwn(listeners, one.listener) ? listeners[one.listener] : undefined
  const keepsUnderscores =
    listener !== undefined && 'underscore_fields' in listener ? listener.underscore_fields === 'keep' : false
  // RFC 9110 §7.6.1: what Connection names went no further than this gateway.
  const connection = one.headers.filter(([name]) => /^connection$/i.test(name)).map(([, value]) => value)
  const hops = new Set(connection.flatMap((value) => value.toLowerCase().split(/[\s,]+/)))
  const sent = one.headers.filter(([name]) => {
    const id = idOf(name)
    const isUnseen = ((one.unseen >> id) & 1) === 1 || id === KNOWN.disguised
    const isOdd = id === KNOWN.underscore && !keepsUnderscores
    return !NOT_SENT.test(name) && !hops.has(name.toLowerCase()) && !isUnseen && !isOdd
  })
  return isDashboard ? sent : sent.flatMap(withoutSignIns)
}

/** A sign-in to the dashboard is for nobody behind it, however often a request is sent. */
function withoutSignIns([name, value]: AskField): AskField[] {
  if (idOf(name) !== KNOWN.cookie) return [[name, value]]
  const others = otherCookies(value)
  return others === '' ? [] : [[name, others]]
}

function idOf(name: string): number {
  const bytes = Buffer.from(name, 'latin1')
  return (name.includes('_') ? underscoreField : knownField)(bytes, 0, bytes.length)
}

/** What is to be sent once more, and where to. */
export interface AskedReplay {
  readonly id: string
  readonly server: string
  /** Of the same backend; null: the server that had it. */
  readonly against: string | null
  /** Null: that is not said. */
  readonly sendsSecrets: boolean | null
}

export type Replayed =
  | { readonly is: 'compared'; readonly request: FoundRequest; readonly compared: Compared }
  | { readonly is: 'gone' }
  | { readonly is: 'busy' }
  | { readonly is: 'refused'; readonly why: string }

type Target = Parameters<HttpClient['ask']>[0] & { readonly name: string }

/** Sends requests once more. */
export class Replayer {
  readonly #resolver: (words: Config['resolver']) => Resolver
  #client: HttpClient | null = null
  #open = 0

  constructor(resolver: (words: Config['resolver']) => Resolver) {
    this.#resolver = resolver
  }

  /** To the server that is named and to the one that had it, at once. `one`: with all that is in its head. */
  async replay(asked: AskedReplay, one: ToldRequest, config: Config, files: FileTexts): Promise<Replayed> {
    const { id, server, against, sendsSecrets } = asked
    if (this.#open >= AT_ONCE_MAX) return { is: 'busy' }
    const options = one.backend === null ? undefined : config.backends[one.backend]
    const other = against ?? one.server
    const servers = [...new Set([...(other === null ? [] : [other]), server])]
    const why = whyNotReplayed(one, sendsSecrets) ?? whyNotThere(one.backend, options, servers)
    if (why !== null || options === undefined) return { is: 'refused', why: why ?? '' }
    const fields = fieldsSent(one, config.listeners, options.dashboard).filter(
      ([field, value]) => sendsSecrets === true || !isSecretHere(field, value),
    )
    this.#client ??= newClient(this.#resolver(config.resolver))
    this.#open++
    try {
      const targets = targetsOf(one.backend ?? '', options, files, servers)
      const answers = targets.map((target) => this.#ask(one, fields, target, options.answers))
      const request = foundOf(hidden(one), Number(id.split('-')[0]))
      return { is: 'compared', request, compared: compared(await Promise.all(answers)) }
    } finally {
      this.#open--
    }
  }

  #ask(
    { method, path }: ToldRequest,
    fields: readonly AskField[],
    target: Target,
    tolerance: BackendConfig['answers'],
  ): Promise<ReplayAnswer> {
    const { promise, resolve } = Promise.withResolvers<ReplayAnswer>()
    const from = performance.now()
    const limits = { total: TOTAL_MS, body: BODY_BYTES_MAX, cuts: true, tolerance }
    this.#client?.ask(target, { method, target: path, fields, body: null }, limits, (end) =>
      resolve({
        server: target.name,
        ...toldEnd(end),
        ms: Math.round((performance.now() - from) * 100) / 100,
      }),
    )
    return promise
  }
}

function newClient(resolver: Resolver): HttpClient {
  const wheel = new Wheel(tick, flush)
  wheel.start()
  return new HttpClient(outboundWorld({ resolver, wheel, suspects: new Suspects() }))
}

function whyNotThere(
  backend: string | null,
  options: BackendConfig | undefined,
  servers: readonly string[],
): string | null {
  if (options === undefined) return 'no backend had it that is there now'
  const names = options.servers.map(({ name, url }) => name ?? url)
  const missing = servers.find((name) => !names.includes(name))
  if (missing === undefined) return null
  return `backend ${backend} has no server "${missing}"; it has: ${names.slice(0, 10).join(', ')}`
}

function targetsOf(
  backend: string,
  options: BackendConfig,
  files: FileTexts,
  servers: readonly string[],
): Target[] {
  const tls = clientTlsOf(options, files, null)
  const { proxy_protocol: version } = options
  return servers.map((server) => {
    const index = options.servers.findIndex(({ name, url }) => (name ?? url) === server)
    const slot = { index: 0, generation: 0 }
    const target = newServer({ backend, options, index, slot, tls, previous: null })
    return { ...target, header: version === undefined ? null : ownProxyHeader(version) }
  })
}

function toldEnd(end: AskAnswer | AskFailure): Omit<ReplayAnswer, 'server' | 'ms'> {
  if (end.is === 'failure')
    return {
      status: null,
      headers: [],
      bytes: 0,
      sha256: null,
      cut: false,
      failure: `${end.code}: ${end.words}`,
    }
  return {
    status: end.status,
    headers: end.fields.map(([name, value]) => [name, isSecretHere(name, value) ? HIDDEN : value] as const),
    bytes: end.body.length,
    sha256: createHash('sha256').update(end.body).digest('hex'),
    cut: end.isCut,
    failure: null,
  }
}

function compared(answers: readonly ReplayAnswer[]): Compared {
  const [first] = answers
  const isSame = (of: (answer: ReplayAnswer) => unknown): boolean =>
    first !== undefined && answers.every((one) => Bun.deepEquals(of(one), of(first)))
  const names = new Set(answers.flatMap(({ headers }) => headers.map(([name]) => name)))
  const valuesOf = (name: string) => (answer: ReplayAnswer) =>
    answer.headers.filter(([own]) => own === name).map(([, value]) => value)
  const differing = [...names].filter((name) => !PASSING.has(name) && !isSame(valuesOf(name))).toSorted()
  return {
    answers,
    same: {
      status: isSame(({ status }) => status),
      headers: differing.length === 0,
      size: isSame(({ bytes, cut }) => [bytes, cut]),
      body: isSame(({ sha256 }) => sha256),
    },
    headers_that_differ: differing,
  }
}
