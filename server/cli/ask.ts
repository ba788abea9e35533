// What status, health and metrics share: reading their arguments, finding the gateway, asking it.
import { nearest } from '../config/nearest.ts'
import { type HealthDocument, healthOf, type MetricsDocument, metricsOf } from '../telemetry/documents.ts'
import type { Overview } from '../control/overview/document.ts'
import { healthOfSome, metricsOfSome } from '../telemetry/some-backends.ts'
import { readArgs } from './args.ts'
import { askGateway, type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_OPTIONS, GATEWAY_HELP, gatewayOf } from './remote.ts'
import { usageLine } from './usage.ts'

export interface Question {
  readonly gateway: Gateway
  /** Only servers of this backend, or of this listener's backends. */
  readonly name: string | null
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
    options: { ...GATEWAY_OPTIONS, json: { takes: 'flag' } },
    words: { min: 0, max: 1 },
  })
  if ('problem' in read) return usageLine(command, read.problem, io)
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const gateway = gatewayOf(command, read, io)
  if (typeof gateway === 'number') return gateway
  return { gateway, name: read.words[0] ?? null, isJson: read.flag('json') }
}

/** A document of the gateway; null, and a line on stderr, when it could not be had. */
export async function ask<T>(gateway: Gateway, path: '/_health' | '/_metrics', io: Io): Promise<T | null> {
  const answer = await askGateway(gateway, { method: 'GET', path }, io)
  if (answer === null) return null
  const isDocument = answer.status === 200 || (path === '/_health' && answer.status === 503)
  if (isDocument && isOf(answer.body)) {
    if (path === '/_health' || gateway.command === 'metrics') noteOther(gateway, answer.place, io)
    return answer.body as T
  }
  unexpected(answer, gateway.command, io)
  return null
}

/** What the gateway says of itself; null: it does not, as it is an older one. */
export async function askOverview(gateway: Gateway, io: Io): Promise<Overview | null> {
  const answer = await askGateway(gateway, { method: 'GET', path: '/_overview' }, io)
  return answer?.status === 200 ? (answer.body as Overview) : null
}

/** Two configs may name one admin address, or none of them any: only a control socket says whose it is. */
function noteOther(gateway: Gateway, place: string, io: Io): void {
  const { command, ways, closed, whenNone, whenUnsure, isRemote } = gateway
  // One that this user may not ask is there all the same.
  if (isRemote || closed !== null || ways.some((way) => 'unix' in way)) return
  const why = whenUnsure ?? whenNone
  io.stderr(`sluice ${command}: ${why}; this is of the gateway at ${place}, which may be another\n`)
}

/** Nobody answered: that is told already. */
export const exitUnanswered = ({ orphans = [] }: Gateway): number =>
  orphans.length > 0 ? EXIT_ORPHANS : EXIT_FAILED

const EXIT_FAILED = 1
const EXIT_ORPHANS = 3

/** For the help of the three commands. */
export const EXIT_HELP = '2 wrong usage; 3 the supervisor was killed, and its workers serve on'

const isOf = (document: unknown): boolean =>
  typeof document === 'object' &&
  document !== null &&
  'backends' in document &&
  Array.isArray(document.backends)

/** What a name stands for; null: everything. */
export type Scope = {
  readonly backends: ReadonlySet<string>
  /** Null: it is a backend. */
  readonly listener: string | null
} | null

/** A backend of that name comes before a listener; a number, and a line on stderr, when there is neither. */
export async function scopeOf(
  { gateway, name }: Question,
  { backends }: Pick<HealthDocument | MetricsDocument, 'backends'>,
  io: Io,
): Promise<Scope | number> {
  if (name === null) return null
  if (backends.some(({ backend }) => backend === name)) return { backends: new Set([name]), listener: null }
  const path = `/api/v1/lbs/${encodeURIComponent(name)}`
  const answer = await askGateway(gateway, { method: 'GET', path }, io)
  if (answer === null) return exitUnanswered(gateway)
  if (answer.status === 200) {
    const found = answer.body as { readonly kind: string; readonly backends: readonly string[] }
    return { backends: new Set(found.backends), listener: found.kind === 'listener' ? name : null }
  }
  const none = `there is no backend "${name}"`
  if (answer.status !== 404)
    return unexpected(
      answer,
      gateway.command,
      io,
      `${none}, and whether there is a listener of that name was not told: `,
    )
  io.stderr(`sluice ${gateway.command}: ${none}, nor a listener of that name; ${instead(name, backends)}\n`)
  return 1
}

const NAMES_MAX = 10

/** What there is in its place. */
function instead(
  name: string,
  servers: Pick<HealthDocument | MetricsDocument, 'backends'>['backends'],
): string {
  const own = servers.find(({ server }) => server === name)
  if (own !== undefined) return `it is a server of ${own.backend}: "sluice server ${name}" tells of it`
  const names = [...new Set(servers.map(({ backend }) => backend))]
  const near = nearest(name, names)
  if (near !== null) return `did you mean "${near}"?`
  const more = names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : ''
  return `backends are ${names.slice(0, NAMES_MAX).join(', ')}${more}`
}

/** The document with the servers of some backends only. */
export function healthOfScope(document: HealthDocument, scope: Scope): HealthDocument {
  if (scope === null) return document
  const { listeners = [], ...cut } = healthOfSome(document, (name) => scope.backends.has(name)) ?? {
    ...document,
    ...healthOf([]),
    healthy: document.workers?.serving !== 0 && document.draining !== true,
  }
  const own = listeners.filter(({ listener }) => scope.listener === null || listener === scope.listener)
  return document.listeners === undefined ? cut : { ...cut, listeners: own }
}

/** The document with the servers of some backends only, its totals those of them. */
export function metricsOfScope(document: MetricsDocument, scope: Scope): MetricsDocument {
  if (scope === null) return document
  const cut = metricsOfSome(document, (name) => scope.backends.has(name)) ?? metricsOf([], 0, 0)
  const { listeners } = document
  const own = listeners?.filter(({ listener }) => scope.listener === null || listener === scope.listener)
  return own === undefined ? cut : { ...cut, listeners: own }
}

/** What stands in their columns. */
export const COLUMNS_HELP = `
REQUESTS are those that a server answered, or was the last to fail; FAILED ones had a 5xx or no whole answer. ATTEMPTS are all that it was
asked, also where another server answered then; LOST ones got no answer, and of those
REFUSED ones never reached it. "unchecked" servers have no health check.
`

/** What the three commands take, for their help. */
export const OPTIONS_HELP = `  NAME           a backend, or a listener: the backends of its rules
      --json     print the gateway's JSON unchanged (with NAME: cut down to its servers)
  -h, --help     this text
${GATEWAY_HELP}
The gateway that runs with this config file is found whatever became of the file since: by the socket in its data folder, which the
user that it runs as may ask, and root; else by its admin listener.
`
