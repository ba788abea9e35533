// What status, health and metrics share: reading their arguments, finding the gateway, asking it.
import type { HealthDocument, MetricsDocument } from '../telemetry/documents.ts'
import { healthOfSome, metricsOfSome } from '../telemetry/some-backends.ts'
import { readArgs } from './args.ts'
import { askGateway, DEFAULT_URL, findGateway, type Gateway, gatewayAt, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

export interface Question {
  readonly gateway: Gateway
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
  if ('problem' in read) return usageLine(command, read.problem, io)
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const admin = read.value('admin')
  const gateway = admin === null ? findGateway(command, read.value('config'), io) : gatewayAt(command, admin)
  if (gateway === null) return usageLine(command, `"${admin}" is no URL such as ${DEFAULT_URL}`, io)
  return { gateway, backend: read.words[0] ?? null, isJson: read.flag('json') }
}

/** A document of the gateway; null, and a line on stderr, when it could not be had. */
export async function ask<T>(gateway: Gateway, path: '/_health' | '/_metrics', io: Io): Promise<T | null> {
  const answer = await askGateway(gateway, { method: 'GET', path }, io)
  if (answer === null) return null
  const isDocument = answer.status === 200 || (path === '/_health' && answer.status === 503)
  if (isDocument && isOf(answer.body)) return answer.body as T
  unexpected(answer, gateway.command, io)
  return null
}

const isOf = (document: unknown): boolean =>
  typeof document === 'object' &&
  document !== null &&
  'backends' in document &&
  Array.isArray(document.backends)

/** The document with the servers of one backend only; null when none is of it. */
export const healthOfBackend = (document: HealthDocument, backend: string | null): HealthDocument | null =>
  backend === null ? document : healthOfSome(document, (name) => name === backend)

/** The document with the servers of one backend only, its totals those of them; null when none is of it. */
export const metricsOfBackend = (document: MetricsDocument, backend: string | null): MetricsDocument | null =>
  backend === null ? document : metricsOfSome(document, (name) => name === backend)

/** Says that there is no such backend; the exit code. */
export function nothingMatched(backend: string | null, io: Io): number {
  io.stderr(`sluice: there is no backend "${backend}"\n`)
  return 1
}

/** What stands in their columns. */
export const COLUMNS_HELP = `
REQUESTS are those that a server answered, or was the last to fail; FAILED ones had a 5xx or no whole answer. ATTEMPTS are all that it was
asked, also where another server answered then; LOST ones got no answer, and of those
REFUSED ones never reached it. "unchecked" servers have no health check.
`

/** What the three commands take, for their help. */
export const OPTIONS_HELP = `  -c, --config FILE  the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --admin URL    ask this admin listener, also that of another machine, and no other
      --json         print the gateway's JSON unchanged (with BACKEND: cut down to its servers)

The gateway that runs with this config file is found whatever became of the file since: by the socket in its data folder, which the
user that it runs as may ask, and root; else by its admin listener.
`
