// The overview as it is told: its words are made in this room, and read by dashboard, API and command line.

/** How the gateway is as a whole. idle: there is nothing to serve. */
export type VerdictState = 'up' | 'degraded' | 'down' | 'idle'

/** down: something is not served. warn: it will not be, or not as well as it could. note: good to know. */
export type Severity = 'down' | 'warn' | 'note'

export type AboutKind =
  | 'backend'
  | 'server'
  | 'certificate'
  | 'config'
  | 'listener'
  | 'worker'
  | 'turn'
  | 'store'

/** What a problem is about. */
export interface About {
  readonly kind: AboutKind
  /** Of a config: its file; of a worker or the relay: the process. */
  readonly name: string
  /** Of a server. */
  readonly backend?: string
  /** Of a config file, where its first problem stands. */
  readonly line?: number
  readonly column?: number
}

/** What can be done about it at once, for a button beside it. */
export interface ProblemAction {
  /**
   * check: run the checks of these servers now. open: show what it is about. open_line: open the file there.
   * restore: write what is served over the file. confirm, roll_back: of a change that waits. retry: obtain
   * the certificate now. requests: those that failed. ready: take these servers into use again.
   */
  readonly kind:
    | 'check'
    | 'open'
    | 'open_line'
    | 'restore'
    | 'confirm'
    | 'roll_back'
    | 'retry'
    | 'requests'
    | 'ready'
  /** What stands on the button. */
  readonly label: string
  /** Least role that may. */
  readonly role: 'viewer' | 'operator' | 'editor' | 'admin'
  readonly backend?: string
  readonly servers?: readonly string[]
  readonly certificate?: string
  readonly revision?: number
  readonly file?: string
  readonly line?: number
  readonly column?: number
}

export interface OverviewProblem {
  /** The same as long as it goes on: it can be muted by it. */
  readonly id: string
  /** In one word; others may come with later versions. */
  readonly state: string
  readonly severity: Severity
  /** RFC 3339; null: that is not known. */
  readonly since: string | null
  /** What: one sentence without a full stop. */
  readonly title: string
  /** Why: sentences, each with its full stop. */
  readonly cause: string
  /** What to do: sentences; null: nothing. */
  readonly remedy: string | null
  readonly about: About
  readonly actions: readonly ProblemAction[]
}

export interface Verdict {
  readonly state: VerdictState
  /** Without a full stop. */
  readonly sentence: string
  /** Sentences; empty: there is no more to say. */
  readonly detail: string
}

/** Of the config that is served, and what of it is not well. */
export interface Counts {
  readonly listeners: number
  readonly listeners_down: number
  readonly rules: number
  readonly backends: number
  readonly backends_down: number
  readonly backends_degraded: number
  readonly servers: number
  readonly servers_up: number
  readonly certificates: number
  /** That will end soon, have ended, or cannot be obtained. */
  readonly certificates_expiring: number
  readonly problems: number
}

export interface Overview {
  /** Of when it is. */
  readonly time: string
  readonly verdict: Verdict
  /** The worst first. */
  readonly problems: readonly OverviewProblem[]
  /** Problems that are not told, as there are too many. */
  readonly left_out: number
  readonly counts: Counts
}
