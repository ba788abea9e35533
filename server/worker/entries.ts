// Which way a listener's clients come in: the gate of each of its addresses, and the steps behind it. What a
// protocol needs is a row of its own here, and nothing that stands between two of them.
import { AnsweredEntry } from '../accept/answered-entry.ts'
import type { Arrivals } from '../accept/arriving.ts'
import { ChallengeEntry } from '../accept/challenge-entry.ts'
import { ClientEntry } from '../accept/client-entry.ts'
import { Count } from '../accept/count.ts'
import type { Entry } from '../accept/entry.ts'
import { FirstByteEntry, HTTP_1_1 } from '../accept/first-byte-entry.ts'
import { Gate } from '../accept/gate.ts'
import { EndedThere, HelloEntry, PassedOn } from '../accept/hello-entry.ts'
import { ASK_WITH_TLS } from '../accept/in-the-clear.ts'
import { ProxyEntry } from '../accept/proxy-entry.ts'
import { ProxyTlsEntry } from '../accept/proxy-tls-entry.ts'
import { TlsEntry } from '../accept/tls-entry.ts'
import type { Engine } from '../http/engine.ts'
import { HttpEntry } from '../http1/http-entry.ts'
import { type TcpBind, tcpBindsOf } from '../lib/bind.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { ConnectionMeter } from '../telemetry/connection-meter.ts'
import type { HandshakeMeter } from '../telemetry/handshake-meter.ts'
import type { LimitNews } from '../telemetry/limit-news.ts'
import type {
  EndsTls,
  Listener,
  StreamListener,
  TlsListener,
  TlsWay,
  TurnListener,
} from '../snapshot/snapshot.ts'
import { Admission } from '../tcp/admission.ts'
import type { TcpConnections } from '../tcp/connections.ts'
import { TcpEntry } from '../tcp/tcp-entry.ts'
import { alpnList } from '../tls/accept-tls.ts'
import type { Challenges } from '../tls/challenges.ts'
import { PLAIN_SETTINGS } from '../tls/tls-settings.ts'
import { StreamEntry } from '../turn/stream-entry.ts'
import type { StreamClients } from '../turn/stream-clients.ts'

/** RFC 7301 §6; clients that offer nothing are as welcome. */
const HTTP_ALPN = alpnList([HTTP_1_1])
/** RFC 8737 §6.2 */
const CHALLENGE_ALPN = alpnList(['acme-tls/1'])
/** RFC 7443 §3; clients that offer nothing are as welcome. */
const STUN = ['stun.turn', 'stun.nat-discovery']
const STUN_ALPN = alpnList(STUN)
/** Where both are spoken: some clients of TURN offer all of them (coturn's), and none of HTTP does. */
const STUN_OR_HTTP_ALPN = alpnList([...STUN, HTTP_1_1])

/** Whatever clients offer is as good: what they speak is their server's business. */
const NO_ALPN = alpnList([])

export interface EntriesParts {
  readonly engine: Pick<Engine, 'wheel'> & ConstructorParameters<typeof HttpEntry>[1]
  readonly clients: StreamClients
  readonly connections: TcpConnections
  readonly arrivals: Arrivals
  readonly challenges: Challenges
  readonly handshakes: Pick<HandshakeMeter, 'ended' | 'clientCertificate'>
  readonly board: Pick<Scoreboard, 'connections'>
  readonly meter: Pick<ConnectionMeter, 'openOf'>
  readonly news: Pick<LimitNews, 'reached' | 'headerRefused'>
}

export class Entries {
  readonly #parts: EntriesParts
  /** By address: connections stay with it while config changes. */
  readonly #http = new Map<string, HttpEntry>()
  /** By each address of its listener, whatever that is called. */
  readonly #counts = new Map<string, Count>()

  constructor(parts: EntriesParts) {
    this.#parts = parts
  }

  /** Others with the same parts, which serve nobody. */
  scratch(): Entries {
    return new Entries(this.#parts)
  }

  /** The gate of an address, as a snapshot has it. */
  gateOf(bind: TcpBind, listener: StreamListener): Gate {
    return this.#gate(bind, listener, this.#behindProxy(bind, listener))
  }

  /** Of a listener that ends the TLS of what came in at another one. */
  #gateBehind(listener: EndsTls): Gate {
    const place = { key: keyBehind(listener), isTls: true }
    return this.#gate(place, listener, this.#codecOf(place, listener))
  }

  /** Of a turn listener whose clients' TLS has ended at another one. */
  #gateDecrypted(listener: TurnListener): Gate {
    const place = { key: keyBehind(listener), isTls: false }
    return this.#gate(place, listener, new StreamEntry(this.#parts.clients, listener))
  }

  #gate(place: Place, listener: StreamListener, next: Entry): Gate {
    const { news } = this.#parts
    return new Gate({
      listener: listener.name,
      connections: listener.options.limits.connections,
      count: this.#countOf(place, listener),
      limitReached: (limit, value) => news.reached(limit, value),
      next,
      isTls: place.isTls,
    })
  }

  /** The PROXY protocol, where the listener has it; then what the listener speaks. */
  #behindProxy(bind: TcpBind, listener: StreamListener): Entry {
    const next = this.#codecOf(bind, listener)
    const { name, proxies } = listener
    const { proxy_protocol } = listener.options
    if (proxies === null || proxy_protocol === undefined) return next
    const { arrivals, news } = this.#parts
    const parts = {
      arrivals,
      listener: name,
      trusted: proxies,
      timeoutMs: proxy_protocol.timeout,
      limitReached: (limit: string, value: number) => news.reached(limit, value),
      refused: (at: string, reason: string, proxy: string) => news.headerRefused(at, reason, proxy),
      next,
    }
    // Behind the header nobody may have read.
    return bind.isTls || listener.kind === 'tls' ? new ProxyTlsEntry(parts) : new ProxyEntry(parts)
  }

  #codecOf(place: Place, listener: StreamListener): Entry {
    if (listener.kind === 'http') {
      const next = this.#httpEntry(place, listener)
      return place.isTls ? this.#httpsEntry(listener, next) : next
    }
    this.#retireHttp(place.key)
    if (listener.kind === 'tls') return this.#helloEntry(listener)
    if (listener.kind === 'tcp') {
      const { connections } = this.#parts
      const next = new TcpEntry(connections, listener, new Admission(connections, listener))
      const clients = listener.tls?.clients ?? null
      const judged = clients === null ? next : new ClientEntry({ listener, clients, connections, next })
      return place.isTls ? this.#tlsEntry(listener, NO_ALPN, judged) : next
    }
    const next = new StreamEntry(this.#parts.clients, listener)
    return place.isTls ? this.#tlsEntry(listener, STUN_ALPN, next) : next
  }

  #httpEntry({ key }: Place, listener: Listener): Entry {
    const { engine } = this.#parts
    const known = this.#http.get(key)
    if (known !== undefined) {
      known.serve(listener)
      return known
    }
    const made = new HttpEntry(listener, engine, engine.wheel)
    this.#http.set(key, made)
    return made
  }

  #tlsEntry(
    { name, tls }: Pick<Listener, 'name' | 'tls'>,
    alpn: Uint8Array,
    next: Entry,
    inTheClear?: Uint8Array,
  ): Entry {
    if (tls === null) throw new Error(`listeners.${name}: no certificate for its TLS`)
    const { arrivals, handshakes: meter } = this.#parts
    return new TlsEntry({
      listener: name,
      meter,
      arrivals,
      tls,
      alpn,
      next,
      ...(inTheClear && { inTheClear }),
    })
  }

  #helloEntry(listener: TlsListener): Entry {
    const { arrivals, connections, news } = this.#parts
    const nextOf = (way: TlsWay): Entry =>
      way.is === 'backend'
        ? new PassedOn(new TcpEntry(connections, way.way, null))
        : new EndedThere(this.#gateBehind(way.listener))
    return new HelloEntry({
      arrivals,
      listener,
      admission: new Admission(connections, listener),
      connections,
      limitReached: (limit, value) => news.reached(limit, value),
      next: new Map(listener.ways.map((way) => [way, nextOf(way)])),
      answered: new AnsweredEntry(arrivals),
    })
  }

  /** Before TLS it is looked whether an issuer of certificates comes for an answer of its own. */
  #httpsEntry(listener: Listener, http: Entry): Entry {
    const { arrivals, challenges, handshakes: meter } = this.#parts
    const next = this.#decryptedEntry(listener, http)
    const handshakeMs = listener.tls?.handshakeMs ?? 0
    const tls = { certificates: challenges, settings: PLAIN_SETTINGS, clients: null, handshakeMs }
    const answer = new TlsEntry({
      listener: listener.name,
      meter,
      arrivals,
      tls,
      alpn: CHALLENGE_ALPN,
      next: new AnsweredEntry(arrivals),
    })
    const { name } = listener
    return new ChallengeEntry({
      listener: name,
      meter,
      arrivals,
      withinMs: handshakeMs,
      challenges,
      answer,
      next,
    })
  }

  /** Of TLS with whom HTTP is spoken, and TURN where the listener says so. */
  #decryptedEntry(listener: Listener, http: Entry): Entry {
    if (listener.turn === null) return this.#tlsEntry(listener, HTTP_ALPN, http, ASK_WITH_TLS)
    const { arrivals } = this.#parts
    const next = new FirstByteEntry({
      arrivals,
      withinMs: listener.options.timeouts.head,
      http,
      turn: this.#gateDecrypted(listener.turn),
      silent: new AnsweredEntry(arrivals),
    })
    return this.#tlsEntry(listener, STUN_OR_HTTP_ALPN, next, ASK_WITH_TLS)
  }

  /** HTTP is spoken on this address no more. */
  #retireHttp(key: string): void {
    this.#http.get(key)?.retire()
    this.#http.delete(key)
  }

  #countOf({ key }: Place, listener: StreamListener): Count {
    const { board, meter } = this.#parts
    const open = meter.openOf(listener.name)
    const own = this.#counts.get(key)
    own?.meterBy(open)
    if (own !== undefined) return own
    const keys = countKeys(listener)
    const known = keys.flatMap((key) => this.#counts.get(key) ?? [])[0]
    known?.meterBy(open)
    const count = known ?? new Count(board, open)
    for (const key of keys) this.#counts.set(key, count)
    return count
  }

  /** Forgets what is of other addresses and other listeners than these; what is served there may finish. */
  keep(keys: ReadonlySet<string>, listeners: readonly StreamListener[]): void {
    const behind = new Set(listeners.flatMap(keysBehind))
    for (const key of this.#http.keys()) if (!keys.has(key) && !behind.has(key)) this.#retireHttp(key)
    const counted = new Set(listeners.flatMap(countKeys))
    for (const [key, { open }] of this.#counts) if (open === 0 && !counted.has(key)) this.#counts.delete(key)
  }
}

/** What is spoken where: at an address, or behind another listener. */
type Place = Pick<TcpBind, 'key' | 'isTls'>

/** In the place of an address's key, of which none has a space. */
const keyBehind = ({ name }: Pick<StreamListener, 'name'>): string => `behind ${name}`

const keysBehind = (listener: StreamListener): string[] =>
  listener.kind !== 'tls'
    ? []
    : listener.ways.flatMap((way) => (way.is === 'listener' ? [keyBehind(way.listener)] : []))

/** One that stays with any of its addresses keeps its count; one that has none has its name. */
const countKeys = (listener: StreamListener): string[] => {
  const keys = tcpBindsOf(listener.name, listener.options).map(({ key }) => key)
  return keys.length > 0 ? keys : [keyBehind(listener)]
}
