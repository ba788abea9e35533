// What is known of a running gateway at one moment, from which its problems are told.
import type { Config } from '../../config/schema.ts'
import type { BackendLimitFacts } from '../../telemetry/backend-limits.ts'
import type { OverloadFacts } from '../../telemetry/overload-facts.ts'
import type { HealthDocument } from '../../telemetry/documents.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import type { AcmeFacts } from '../acme/followed.ts'
import type { Rate, Rates } from '../history/error-rates.ts'

/** Since when something is as it is. Ms since 1970. */
export interface Span {
  /** Null: since before anybody looked. */
  readonly sinceMs: number | null
  /** When it was last of use; null: not since the start. */
  readonly lastUpMs: number | null
}

/** The config file on disk, against what is served. */
export type DiskState = 'in_sync' | 'differs' | 'unreadable'

export interface DiskFacts {
  readonly state: DiskState
  /** Why it cannot be read; null: it can be. */
  readonly why: string | null
  /** When it was changed last; null: that is not known. */
  readonly changedMs: number | null
  readonly isReadOnly: boolean
}

/** A certificate that is served, and how long it is good. */
export interface CertificateLife {
  readonly certificate: string
  readonly names: readonly string[]
  readonly beginsMs: number
  readonly endsMs: number
  /** It is replaced by itself before it ends: nobody has to be told. */
  readonly renewsItself: boolean
  readonly isStandIn: boolean
}

/** An event that was told lately. */
export interface ToldEvent {
  readonly event: string
  readonly atMs: number
  readonly fields: Readonly<Record<string, unknown>>
}

export interface Seen {
  readonly nowMs: number
  readonly startedMs: number
  readonly file: string
  /** 0 before the first. */
  readonly revision: number
  /** Null: none is served yet. */
  readonly config: Config | null
  readonly health: HealthDocument
  readonly disk: DiskFacts | null
  readonly acme: readonly AcmeFacts[]
  readonly certificates: readonly CertificateLife[]
  /** Since when a backend, or one of its servers, is as it is now. */
  readonly spanOf: (backend: string, server?: string) => Span
  /** When what has a server out tries it again by itself, ms since 1970; null: not, or nobody knows. */
  readonly backMs?: (backend: string, server: string, by: 'breaker' | 'passive') => number | null
  readonly rates: ReadonlyMap<string, Rates>
  /** Servers with 5xx of late, as "backend/server", and how the last requests to one were answered. */
  readonly errors?: {
    readonly suspects: ReadonlySet<string>
    readonly last: (backend: string, server: string) => Rate | null
  }
  /** Requests in the last minute of a backend; null: that is not known. */
  readonly perMinute: (backend: string) => number | null
  /** Servers that nobody checks, and that have had no request: see untriedKey. */
  readonly untried: ReadonlySet<string>
  /** Backends with a limit of what they carry, and how much of it is in use. */
  readonly limits: readonly BackendLimitFacts[]
  /** Left out: no worker refuses anything for having too much to do. */
  readonly overload?: OverloadFacts
  /** Events of the last minutes, the oldest first. */
  readonly events: readonly ToldEvent[]
}

export const untriedKey = ({ backend, server }: Pick<ServerHealth, 'backend' | 'server'>): string =>
  `${backend}\n${server}`

/** Servers by their backend, in the order of the config. */
export const serversByBackend = ({
  health,
}: Pick<Seen, 'health'>): ReadonlyMap<string, readonly ServerHealth[]> =>
  Map.groupBy(health.backends, ({ backend }) => backend)
