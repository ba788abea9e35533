// Which of the requests that were served are asked for.

/** Filters that are words as they were asked for; the API and the command line take the same. */
export const FILTER_WORDS = [
  ...(['listener', 'rule', 'backend', 'server', 'status'] as const),
  ...(['client', 'user', 'method', 'host', 'path', 'fault'] as const),
] as const

/** What is left out takes any. */
export interface RequestFilter {
  readonly listener?: string
  readonly rule?: string
  readonly backend?: string
  readonly server?: string
  /** "503", or "5xx" for its class. */
  readonly status?: string
  readonly client?: string
  readonly user?: string
  readonly method?: string
  readonly host?: string
  /** How the path begins. */
  readonly path?: string
  readonly min_ms?: number
  /** A code; "*" for any. */
  readonly fault?: string
  /** More than one attempt. */
  readonly retried?: true
}

/** What of a request a filter looks at. */
export interface Filterable {
  readonly listener: string
  readonly rule: string | null
  readonly backend: string | null
  readonly server: string | null
  readonly status: number
  readonly method: string
  readonly host: string
  readonly target: string
  readonly totalMs: number
  readonly fault: string | null
  readonly client: string | null
  readonly user: string | null
  readonly attempts: number
}

export function passes(filter: RequestFilter, one: Filterable): boolean {
  const { listener, rule, backend, server, status, client, user } = filter
  const { method, host, path, min_ms: minMs, fault, retried } = filter
  return (
    (listener === undefined || one.listener === listener) &&
    (rule === undefined || one.rule === rule) &&
    (backend === undefined || one.backend === backend) &&
    (server === undefined || one.server === server) &&
    (status === undefined || isStatus(status, one.status)) &&
    (client === undefined || one.client === client) &&
    (user === undefined || one.user === user) &&
    (retried === undefined || one.attempts > 1) &&
    (method === undefined || one.method === method) &&
    (host === undefined || one.host === host.toLowerCase()) &&
    (minMs === undefined || one.totalMs >= minMs) &&
    (fault === undefined || (fault === '*' ? one.fault !== null : one.fault === fault)) &&
    (path === undefined || one.target.startsWith(path))
  )
}

const isStatus = (wanted: string, status: number): boolean =>
  wanted.endsWith('xx') ? wanted.startsWith(String(Math.floor(status / 100))) : wanted === String(status)
