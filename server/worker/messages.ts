// What the supervisor and its workers say to each other. Bulk (a plan) travels as one JSON string inside the
// message: as an object it blocks for tens of ms.
import type { CacheChanged } from '../cache/questions.ts'
import type { ChildAnswer, SaidByChild, ToldToChild } from '../lib/child-words.ts'
import type { FileTexts } from '../backends/tls.ts'
import type { ServerConfig } from '../backends/server.options.ts'
import type { GeoFiles } from '../geo/where.ts'
import type { BackendSlots } from '../scoreboard/slot.ts'
import type { ChallengeTokens } from '../http/challenges.ts'
import type { CertificateText } from '../tls/certificate.ts'
import type { KeysNews, KeyTexts } from '../tokens/token-keys.ts'
import type { DemandNews } from '../tls/on-demand.ts'
import type { Choice } from '../sockets/choose.ts'
import type { SocketsKind } from '../sockets/socket.ts'
import type { MetricsDelta } from '../telemetry/registry.ts'
import type { CertificateNews } from './told-certificates.ts'
import type { RuleNews } from './told-rules.ts'

/** Descriptors sent with this tag, not with a plan's number: that of the scoreboard's region. */
export const BOARD_TAG = 0

/** What metrics call the worker of a slot. */
export const processName = (slot: number): string => `worker-${slot}`

/** Changes one thing of the plan that is served, without another plan. */
export type Amendment =
  | {
      readonly type: 'certificate'
      /** As plans call it. */
      readonly name: string
      /** Null: one that came on demand is forgotten. */
      readonly text: CertificateText | null
    }
  | {
      readonly type: 'name-refused'
      /** No certificate comes on demand for it: as learnedName() calls it. */
      readonly learned: string
    }
  | {
      readonly type: 'challenge'
      /** Who asks for this name by `acme-tls/1` gets that; null: it is over. */
      readonly serverName: string
      readonly text: CertificateText | null
    }
  | ServerList
  | {
      readonly type: 'http-challenges'
      /** All that are under way. */
      readonly tokens: ChallengeTokens
    }
  | CacheChanged
  | FilesChanged
  | GeoChanged
  | KeysChanged
  | ServerOrdered

/** Countries and networks of clients are read there from now on. */
export interface GeoChanged {
  readonly type: 'geo'
  readonly files: GeoFiles
}

/** Tokens are checked by these from now on; told as well where somebody waits for others than there are. */
export interface KeysChanged {
  readonly type: 'keys'
  readonly texts: KeyTexts
}

/** Files that TLS with servers is made of say this from now on, by their paths. */
export interface FilesChanged {
  readonly type: 'files'
  readonly texts: FileTexts
}

/**
 * A person has ordered something of a server. Who gets work stands on the scoreboard; this is for what is
 * there already.
 */
export interface ServerOrdered {
  readonly type: 'ordered'
  readonly backend: string
  readonly server: string
  /** No connection to it is kept for later. */
  readonly isResting: boolean
  /** What is under way there is ended. */
  readonly endsConnections: boolean
}

/** A backend has these servers from now on; its rules stay as they are. */
export interface ServerList {
  readonly type: 'servers'
  /** Counts on from plans: what is served from now on is named by it, as slots are reused by that. */
  readonly number: number
  readonly backend: string
  readonly list: readonly ServerConfig[]
  readonly slots: BackendSlots
  /** Records on the scoreboard, as in a plan. */
  readonly records: number
}

/** What a worker is told while another gateway takes over, or while its own takes over from another. */
export type HandingOver =
  /** Another gateway has all of its sockets that listen, or soon will; or none has any more. */
  | { readonly type: 'handing'; readonly isHanding: boolean }
  /** It takes who comes at these addresses. */
  | { readonly type: 'hold-back'; readonly keys: readonly string[] }
  /** It does not, after all. */
  | { readonly type: 'go-on' }

export type ToWorker =
  | ToldToChild
  | Amendment
  /**
   * Before the first plan: the scoreboard, and the worker's ledger, whose descriptors were sent just before
   * with BOARD_TAG; `row` is this worker's.
   */
  | {
      readonly type: 'board'
      readonly slot: number
      readonly row: number
      readonly hasLedger: boolean
      /** A plan is served already: what is told of it once has been told. */
      readonly isLate: boolean
      /** The sockets that it is to have. */
      readonly sockets: SocketsKind
    }
  /**
   * `rules`: those of the config, in pieces, as they are nearly all of a large plan: each is read in a turn
   * of its own.
   */
  | {
      readonly type: 'plan'
      readonly number: number
      readonly plan: string
      readonly rules: RuleNews
      /** The plan's text has none. */
      readonly certificates: CertificateNews
    }
  /** An empty reason: the server is up. */
  | { readonly type: 'reason'; readonly backend: string; readonly server: string; readonly reason: string }
  | { readonly type: 'reopen-logs' }
  /** `isHandedOver`: another gateway serves in this one's place, so health does not fail. */
  | { readonly type: 'announce-drain'; readonly isHandedOver?: boolean }
  | HandingOver
  /** Answered once all that was told before is taken. */
  | { readonly type: 'question'; readonly id: number; readonly question: unknown }

/** What a worker asks the supervisor for. */
export type WorkerWish = DemandNews | KeysNews

export type ToSupervisor =
  | SaidByChild
  | WorkerWish
  | CacheChanged
  | ChildAnswer
  /** Once a second; `oldest` is the oldest plan that an exchange may still be on. */
  | { readonly type: 'metrics'; readonly delta: MetricsDelta; readonly oldest: number }
  /** Which sockets it has, before it is ready for its first plan. */
  | ({ readonly type: 'sockets' } & Choice)
