// A plan: the words that a worker compiles into a snapshot, and where what they name stands.
import type { FileTexts } from '../backends/tls.ts'
import type { Config } from '../config/schema.ts'
import type { GeoFiles } from '../geo/where.ts'
import type { PluginPaths } from '../plugins/load.ts'
import type { BackendSlots } from '../scoreboard/slot.ts'
import type { ChallengeTokens } from '../http/challenges.ts'
import type { KeyTexts } from '../tokens/token-keys.ts'
import type { CertificateText } from '../tls/certificate.ts'

/** One of a listener's addresses that workers serve. */
export interface PlanSocket {
  /** As tcpBindsOf and flowBindsOf (lib/bind.ts) call it. */
  readonly key: string
  /** The real one, where the config has 0. */
  readonly port: number
  /** Others accept from it as well: it is left open as it is. */
  readonly isShared?: boolean | undefined
}

/** All that a worker needs to compile and serve. */
export interface Plan {
  /** Tells one plan from another; each that is tried has its own, also one that is refused. */
  readonly number: number
  readonly config: Config
  readonly slots: Readonly<Record<string, BackendSlots>>
  /** Records on the scoreboard; more than mapped: map anew. */
  readonly records: number
  /** Addresses whose socket arrives with this plan, in the order of the descriptors sent just before. */
  readonly sockets: readonly PlanSocket[]
  /** Why servers are not up, by backend and server; the current truth when the plan was made. */
  readonly reasons: Readonly<Record<string, Readonly<Record<string, string>>>>
  /**
   * Path of the Unix socket on which the TURN relay takes the clients that workers accepted; null: there is
   * no turn listener.
   */
  readonly door: string | null
  /**
   * By name (tls/certificates.ts), all that the config has: their files may change, or be gone, when a worker
   * is replaced.
   */
  readonly certificates: Readonly<Record<string, CertificateText>>
  /** What CAs are answered that look whether a name leads here. */
  readonly httpChallenges?: ChallengeTokens
  /** What stands in the files that TLS with servers is made of, by their paths; left out: there are none. */
  readonly files?: FileTexts | undefined
  /** Copies of geo databases, which stay as they are; left out: there are none. */
  readonly geo?: GeoFiles | undefined
  /** The keys that tokens are checked by, as far as they are known; left out: none are asked for. */
  readonly keys?: KeyTexts | undefined
  /** Bundles of plugins by name, files that stay as they are; left out: there are none. */
  readonly plugins?: PluginPaths | undefined
  /** A secret: what signs cookies of backends that name none. Left out: there are no such backends. */
  readonly stickySecret?: string | undefined
  /** What seals cookies of sign-ins by oidc where config has no secret. Left out: nobody needs it. */
  readonly sessionSecret?: string | undefined
  /** By the name that is asked for by `acme-tls/1`: what answers challenges that are under way (RFC 8737). */
  readonly challenges: Readonly<Record<string, CertificateText>>
}
