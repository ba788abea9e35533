// The admin listener: /metrics, /_health and /_metrics, for this machine and trusted ranges.
import { parseBind, writeBind } from '../lib/bind.ts'
import { portHolder } from '../lib/port-holder.ts'
import type { Ranges } from '../lib/ranges.ts'
import type { HealthDocument, MetricsDocument } from '../telemetry/documents.ts'
import { PROMETHEUS_TYPE } from '../telemetry/prometheus.ts'
import { wantsText } from './accept.ts'
import { isOurHost, maySee } from './guard.ts'
import { problemAnswer } from './problem.ts'

export interface AdminOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly bind: string
  /** Who may read beside this machine; asked for each request, as a reload may change it. */
  readonly trusted: () => Ranges
  readonly health: () => HealthDocument
  readonly metrics: () => MetricsDocument
  /** All metrics in the text format of Prometheus. */
  readonly prometheus: () => string
}

/** An admin listener that is open. */
export interface Admin {
  /** `host:port` as it really is. */
  readonly address: string
  readonly port: number
  stop(): void
}

export interface AdminProblem {
  /** Of the system, such as EADDRINUSE; null when it gave none. */
  readonly code: string | null
  readonly problem: string
}

/**
 * Slower readers are cut off. Bun's timeouts run on ticks of four seconds: below eight they hit requests that
 * go on.
 */
const IDLE_S = 10
/** These requests have no body. */
const BODY_BYTES_MAX = 1024

/** Opens the admin listener; a problem when it cannot listen. */
export function startAdmin(options: AdminOptions): Admin | AdminProblem {
  const { host, port } = parseBind(options.bind)
  try {
    const server = Bun.serve({
      hostname: host,
      port,
      idleTimeout: IDLE_S,
      maxRequestBodySize: BODY_BYTES_MAX,
      development: false,
      // Said aloud: without it `development: false` makes Bun 1.4.5 share a port that another program listens
      // on.
      reusePort: false,
      fetch: (request, serving): Response =>
        guarded(request, serving.requestIP(request)?.address ?? '', host, options),
      error: () => problemAnswer(500, 'The gateway could not make this answer.'),
    })
    const openPort = server.port ?? port
    return { address: writeBind(host, openPort), port: openPort, stop: () => void server.stop(true) }
  } catch (error) {
    return problemOf(options.bind, error)
  }
}

function problemOf(bind: string, error: unknown): AdminProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : null
  const holder = code === 'EADDRINUSE' ? portHolder(parseBind(bind).port) : null
  const why = code === 'EADDRINUSE' ? `${holder?.name ?? 'another program'} has this port` : String(error)
  return { code, problem: `cannot listen on ${bind}: ${why}` }
}

function guarded(request: Request, address: string, boundHost: string, options: AdminOptions): Response {
  // 1. The socket itself must be allowed to see.
  if (!maySee(address, options.trusted()))
    return problemAnswer(403, 'Only this machine and admin.trusted may read this.')
  // 2. It must mean us.
  if (!isOurHost(request.headers.get('host'), boundHost)) {
    return problemAnswer(421, 'Ask by IP address, localhost or the name of this machine.')
  }
  // 3. Nothing is changed here.
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problemAnswer(405, 'Only GET and HEAD are served here.', { Allow: 'GET, HEAD' })
  }
  return answer(request, options)
}

function answer(request: Request, options: AdminOptions): Response {
  const { pathname, searchParams } = new URL(request.url)
  switch (pathname) {
    case '/_health': {
      const document = options.health()
      return jsonAnswer(document, document.healthy ? 200 : 503)
    }
    case '/_metrics':
      return wantsText(request.headers.get('accept'), searchParams.get('format'))
        ? textAnswer(options.prometheus(), PROMETHEUS_TYPE)
        : jsonAnswer(options.metrics(), 200)
    case '/metrics':
      return textAnswer(options.prometheus(), PROMETHEUS_TYPE)
    case '/':
      return textAnswer(CONTENTS, 'text/plain; charset=utf-8')
    default:
      return problemAnswer(404, `There is nothing at ${pathname}.`)
  }
}

const CONTENTS = `Sluice

/_health    which servers are up (JSON; 503 when a backend has none)
/_metrics   what was served so far (JSON; text with ?format=prometheus)
/metrics    all metrics, for Prometheus
`

const FIELDS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

function jsonAnswer(document: HealthDocument | MetricsDocument, status: number): Response {
  const headers = { 'Content-Type': 'application/json', Vary: 'Accept', ...FIELDS }
  return new Response(`${JSON.stringify(document)}\n`, { status, headers })
}

function textAnswer(text: string, type: string): Response {
  return new Response(text, { headers: { 'Content-Type': type, Vary: 'Accept', ...FIELDS } })
}
