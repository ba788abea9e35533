// What status, health and metrics share: reading their arguments, finding the gateway, asking it.
import { parseBind, writeBind } from '../lib/bind.ts'
import type { HealthDocument, MetricsDocument } from '../telemetry/documents.ts'
import { healthOf, successRate } from '../telemetry/documents.ts'
import { type Args, readArgs } from './args.ts'
import { readAdminBind } from './admin-bind.ts'
import { findConfigFile } from './config-file.ts'
import type { Io } from './io.ts'

const DEFAULT_URL = 'http://127.0.0.1:9090'
const TIMEOUT_MS = 5000

export interface Question {
  readonly url: string
  /** Only servers of this backend. */
  readonly backend: string | null
  readonly isJson: boolean
}

/** Reads the arguments; a number is the exit code when there is nothing to ask. */
export function readQuestion(
  command: string,
  help: string,
  args: readonly string[],
  io: Io,
): Question | number {
  const read = readArgs(args, {
    options: { admin: { takes: 'value' }, config: { short: 'c', takes: 'value' }, json: { takes: 'flag' } },
    words: { min: 0, max: 1 },
  })
  if ('problem' in read) {
    io.stderr(`sluice ${command}: ${read.problem}\n\n${help}`)
    return 2
  }
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const url = adminUrl(read, io)
  if (typeof url !== 'string') {
    io.stderr(`sluice ${command}: ${url.problem}\n`)
    return url.exitCode
  }
  return { url, backend: read.words[0] ?? null, isJson: read.flag('json') }
}

interface NoUrl {
  readonly problem: string
  readonly exitCode: number
}

function adminUrl(read: Args, io: Io): string | NoUrl {
  const named = read.value('admin')
  if (named !== null)
    return baseOf(named) ?? { problem: `"${named}" is no URL such as ${DEFAULT_URL}`, exitCode: 2 }
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found) return { ...found, exitCode: 1 }
  const { file } = found
  if (file === null) return DEFAULT_URL
  const bind = readAdminBind(file, io.env)
  return typeof bind === 'string' ? (urlOfBind(bind) ?? portUnknown(file)) : { ...bind, exitCode: 1 }
}

const portUnknown = (file: string): NoUrl => ({
  problem: `admin.bind in ${file} takes any free port; name the one it got with --admin URL`,
  exitCode: 1,
})

/** `http://host:port` of what was given, which may lack the scheme. */
function baseOf(text: string): string | null {
  const url = text.includes('://') ? text : `http://${text}`
  if (!URL.canParse(url)) return null
  const { protocol, origin } = new URL(url)
  return protocol === 'http:' || protocol === 'https:' ? origin : null
}

/** Where to ask a listener that is bound so: one that is bound to all addresses is on this machine too. */
export function urlOfBind(bind: string): string | null {
  const { host, port } = parseBind(bind)
  if (port === 0) return null
  const asked = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${writeBind(asked, port)}`
}

/** Not by way of HTTP_PROXY, which leads away from this machine. The types of Bun do not know it. */
const DIRECT = { proxy: false } as object

/** A document of the gateway; null, and a line on stderr, when it could not be had. */
export async function ask<T>(url: string, path: '/_health' | '/_metrics', io: Io): Promise<T | null> {
  try {
    const answer = await fetch(url + path, {
      headers: { Accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...DIRECT,
    })
    const text = await answer.text()
    const isDocument = answer.status === 200 || (path === '/_health' && answer.status === 503)
    const document: unknown = isDocument ? parse(text) : null
    if (isOf(document)) return document as T
    io.stderr(`sluice: ${url}${path} answered ${answer.status}${detailOf(text)}\n`)
  } catch (error) {
    io.stderr(
      `sluice: no gateway reached at ${url}: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  }
  return null
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isOf = (document: unknown): boolean =>
  typeof document === 'object' &&
  document !== null &&
  'backends' in document &&
  Array.isArray(document.backends)

function detailOf(text: string): string {
  const problem = parse(text)
  const detail =
    typeof problem === 'object' && problem !== null && 'detail' in problem ? problem.detail : null
  return typeof detail === 'string' ? `: ${detail}` : ''
}

/** The document with the servers of one backend only, and what is true of the whole gateway; null when none is of it. */
export function healthOfBackend(document: HealthDocument, backend: string | null): HealthDocument | null {
  if (backend === null) return document
  const servers = document.backends.filter((server) => server.backend === backend)
  if (servers.length === 0) return null
  const health = healthOf(servers)
  // As of the whole: not when nobody would answer, and no more once it drains.
  const isServing = document.workers?.serving !== 0 && document.draining !== true
  return { ...document, ...health, healthy: health.healthy && isServing }
}

/** The document with the servers of one backend only, its totals those of them; null when none is of it. */
export function metricsOfBackend(document: MetricsDocument, backend: string | null): MetricsDocument | null {
  if (backend === null) return document
  const backends = document.backends.filter((server) => server.backend === backend)
  if (backends.length === 0) return null
  const requests = backends.reduce((sum, { total_requests }) => sum + total_requests, 0)
  const failures = backends.reduce((sum, { failed_requests }) => sum + failed_requests, 0)
  return {
    total_requests: requests,
    total_failures: failures,
    success_rate: successRate(requests, failures),
    backends,
  }
}

/** Says that there is no such backend; the exit code. */
export function nothingMatched(backend: string | null, io: Io): number {
  io.stderr(`sluice: there is no backend "${backend}"\n`)
  return 1
}

/** What the three commands take, for their help. */
export const OPTIONS_HELP = `      --admin URL    where the gateway's admin listener is; default: admin.bind of the config file, else ${DEFAULT_URL}
  -c, --config FILE  the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --json         print the gateway's JSON unchanged (with BACKEND: cut down to its servers)
`
