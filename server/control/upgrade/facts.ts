// What is asked of an upgrade, and told of it.
import type { ProcessMark } from '../processes/state-file.ts'

/** What the gateway that takes over is to be, and how patient this one is with it. */
export interface UpgradeWish {
  /** Null: the program that runs, as its file is now. */
  readonly program: string | null
  readonly stepMs?: number | undefined
  readonly probationMs?: number | undefined
  readonly by: string
}

/** How the latest one went. */
export interface UpgradeFacts {
  readonly state: 'none' | 'running' | 'failed' | 'done'
  readonly program?: string
  /** Process id and version of the other gateway, once it is known. */
  readonly pid?: number | null
  readonly version?: string | null
  /** When it began. */
  readonly since?: string
  /** Why it failed: this gateway is as it was. */
  readonly why?: string
  /** This gateway took over from that process. */
  readonly from?: number
}

/** One that was begun. */
export interface Upgrading {
  /** The gateway that hands over. */
  readonly process: ProcessMark
  readonly within_ms: number
}

/** Whom the admin API asks. */
export interface UpgradeDesk {
  /** Begins; or says why not now. */
  begin(wish: UpgradeWish): Upgrading | string
  readonly facts: UpgradeFacts
}
