// The machine that compile() makes of checked words. Immutable: a change of config is another snapshot.
import type { Backend } from '../backends/backend.ts'
import type { Config } from '../config/schema.ts'
import type { Databases } from '../geo/where.ts'
import type { HttpListenerConfig } from '../http/listener.options.ts'
import type { AnswerFields } from '../http/secure-fields.ts'
import type { Timing } from '../http/timing.ts'
import type { Ranges } from '../lib/ranges.ts'
import type { MadeStep, Middleware } from '../middleware/middleware.ts'
import type { OidcProvider } from '../middleware/oidc-provider.ts'
import type { Plugins } from '../plugins/load.ts'
import type { Nearest } from '../rules/nearest.ts'
import type { RuleCaptures } from '../rules/captures.ts'
import type { Maintenance } from '../rules/maintenance.ts'
import type { Match, Redirect } from '../rules/match.ts'
import type { Mirroring } from '../rules/mirroring.ts'
import type { Respond } from '../rules/respond.ts'
import type { Rewrite } from '../rules/rewrite.ts'
import type { Split } from '../rules/split.ts'
import type { TlsMatch } from '../rules/tls-match.ts'
import type { JwtProvider } from '../tokens/jwt-provider.ts'
import type { KeyTexts } from '../tokens/token-keys.ts'
import type { TcpListenerConfig } from '../tcp/tcp.options.ts'
import type { ChallengeTexts } from '../tls/challenges.ts'
import type { Certificates } from '../tls/certificates.ts'
import type { ListenerTls } from '../tls/listener-tls.ts'
import type { TlsListenerConfig } from '../tls/tls-listener.options.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import type { UdpListener } from '../udp/listener.ts'
import type { Reads } from './file-reads.ts'

export interface Snapshot {
  readonly number: number
  readonly config: Config
  /** Those that workers accept for, whatever is spoken there. */
  readonly listeners: ReadonlyMap<string, AnyListener>
  /** Identity providers, by name. */
  readonly oidc: ReadonlyMap<string, OidcProvider>
  readonly backends: ReadonlyMap<string, Backend>
  /** As they stand in the config; null: it is none of HTTP. */
  readonly rules: readonly (Rule | null)[]
  readonly certificates: Certificates
  /** Whose tokens are believed, by name, and by which keys. */
  readonly issuers: ReadonlyMap<string, JwtProvider>
  readonly keys: KeyTexts
  /** Code of users, as it was loaded for this one. */
  readonly plugins: Plugins
  /** By which it knows where clients are. */
  readonly geo: Databases
  /** What answers challenges that are under way. */
  readonly challenges: ChallengeTexts
  /** The steps of rules that have some, by the rule's name, for the snapshot after this one. */
  readonly made: ReadonlyMap<string, readonly MadeStep[]>
}

/** What status_endpoints gives a path. */
export type OwnDocument = 'health' | 'metrics'

/** Told apart by `kind`. */
export type AnyListener = StreamListener | UdpListener

/** Those whose clients connect. */
export type StreamListener = Listener | TcpListener | TlsListener | TurnListener

/** Where HTTP is spoken. */
export interface Listener {
  readonly kind: 'http'
  readonly name: string
  readonly options: HttpListenerConfig
  /** Null: it is spoken in the clear. */
  readonly tls: ListenerTls | null
  /** Where those of its clients go on who speak TURN; null: nobody does. */
  readonly turn: TurnListener | null
  /** Where all its clients are sent to; null: nowhere. */
  readonly toHttps: Redirect | null
  /** Of every answer; null: none. */
  readonly answerFields: AnswerFields | null
  readonly trusted: Ranges
  /** Who speaks the PROXY protocol before a connection; null: nobody. */
  readonly proxies: Ranges | null
  /** Our own documents by their path; null: it has none. */
  readonly documents: ReadonlyMap<string, OwnDocument> | null
  /** Ranges that may read them, beside loopback (admin.trusted). */
  readonly admin: Ranges
  /**
   * The listener's own rules, ready to match; the last resort of a rule-less listener with `backend` is a
   * rule too.
   */
  readonly match: Match<Rule>
  /** Whose tokens rules of it ask for before they match. */
  readonly issuers: readonly JwtProvider[]
  /** How `match` finds the place of a rule in the list; null: it has the one of a rule-less listener. */
  readonly index: RuleIndex | null
}

/** It knows only what rules match, by their places: the next snapshot may have the same. */
export type RuleIndex = Match<number>

/** How connections are joined to those of a backend's servers. */
export interface TcpWay {
  /** Of the listener. */
  readonly name: string
  readonly options: Pick<TcpListenerConfig, 'limits'> & {
    readonly timeouts: Pick<TcpListenerConfig['timeouts'], 'idle' | 'half_close'>
  }
  readonly backend: Backend
}

/** Where all connections are. */
export interface TcpListener extends TcpWay {
  readonly kind: 'tcp'
  readonly options: TcpListenerConfig
  /** Null: TLS, if it is spoken, is passed on. */
  readonly tls: ListenerTls | null
  /** Who speaks the PROXY protocol before a connection; null: nobody. */
  readonly proxies: Ranges | null
  /** Who is let in, all where it is empty; and who is not. */
  readonly allowed: Ranges
  readonly denied: Ranges
}

/** Where connections are passed on by what their TLS asks for. */
export interface TlsListener {
  readonly kind: 'tls'
  readonly name: string
  readonly options: TlsListenerConfig
  /** Who speaks the PROXY protocol before a connection; null: nobody. */
  readonly proxies: Ranges | null
  /** Who is let in, all where it is empty; and who is not. */
  readonly allowed: Ranges
  readonly denied: Ranges
  readonly ways: readonly TlsWay[]
  readonly match: TlsMatch<TlsWay>
}

/** Where a rule of such a listener leads. */
export type TlsWay =
  | { readonly is: 'backend'; readonly way: TcpWay }
  | { readonly is: 'listener'; readonly listener: EndsTls }

/** A listener that ends TLS. */
export type EndsTls = Exclude<StreamListener, TlsListener>

/**
 * Where clients of the TURN relay come in over TCP and TLS, at its own addresses or by an https listener:
 * they are brought to its door.
 */
export interface TurnListener {
  readonly kind: 'turn'
  readonly name: string
  readonly options: TurnListenerConfig
  /** Who speaks the PROXY protocol before a connection; null: nobody. */
  readonly proxies: Ranges | null
  /** Path of the relay's Unix socket. */
  readonly door: string
  /** Null: it has no address for TLS. */
  readonly tls: ListenerTls | null
}

export interface Rule {
  readonly name: string
  /** Place in the snapshot's list of rules: metrics key their series by it. */
  readonly index: number
  readonly steps: readonly Middleware<unknown>[]
  /** Places in `steps` of those that have the step, split once so that nothing is looked up per request. */
  readonly requestSteps: readonly number[]
  readonly responseSteps: readonly number[]
  readonly bodySteps: readonly number[]
  /** Of those that change bodies of requests. */
  readonly uploadSteps: readonly number[]
  readonly endSteps: readonly number[]
  readonly hasNotes: boolean
  /** A step asks for the body before a server is asked. */
  readonly seesBody: boolean
  /** Of its requests: higher ones are served first, and shed last. */
  readonly priority: number
  /** What parameters of its path stand for in a path as it came: for texts with variables. */
  readonly captures: RuleCaptures
  /** What its destination has of files. */
  readonly reads: Reads
  /** What servers see in place of what came; null: that. */
  readonly rewrite: Rewrite | null
  readonly to: Destination
  /** What its clients are told in place of that; null: nothing. */
  readonly maintenance: Maintenance | null
  /** Where copies of its requests go; null: nowhere. */
  readonly mirror: Mirroring | null
}

/** Where an exchange goes. */
export type Way =
  | ToBackend
  | { readonly is: 'respond'; readonly respond: Respond }
  | { readonly is: 'redirect'; readonly redirect: Redirect }

export interface ToBackend {
  readonly is: 'backend'
  readonly backend: Backend
  readonly timing: Timing
}

/** Where a rule leads: which way it is may be another one for each exchange. */
export type Destination = Way | ToParts | ToRegions

export interface ToRegions {
  readonly is: 'nearest'
  readonly nearest: Nearest
  /** By the places of its regions. */
  readonly ways: readonly ToBackend[]
}

export interface ToParts {
  readonly is: 'split'
  readonly split: Split
  /** By the places of its parts. */
  readonly ways: readonly ToBackend[]
}
