// sluice health: which servers are up.
import type { HealthDocument } from '../telemetry/documents.ts'
import { OPTIONS_HELP, ask, healthOfBackend, nothingMatched, readQuestion } from './ask.ts'
import type { Io } from './io.ts'
import { table } from './table.ts'

const HELP = `Tells which servers are up, and why the others are not.

Usage: sluice health [BACKEND] [--admin URL] [-c FILE] [--json]

${OPTIONS_HELP}
Exit code: 0 every backend has a server that is up; 1 one has none, no gateway was reached, or there is no such backend; 2 wrong usage.
`

/** Prints the health of the servers. */
export async function health(args: readonly string[], io: Io): Promise<number> {
  const question = readQuestion('health', HELP, args, io)
  if (typeof question === 'number') return question
  const all = await ask<HealthDocument>(question.url, '/_health', io)
  if (all === null) return 1
  const document = healthOfBackend(all, question.backend)
  if (document === null) return nothingMatched(question.backend, io)
  io.stdout(question.isJson ? `${JSON.stringify(document)}\n` : healthText(document))
  return document.healthy ? 0 : 1
}

function healthText(document: HealthDocument): string {
  const rows = document.backends.map(({ backend, server, state, weight, active_connections, reason }) => [
    backend,
    server,
    state,
    weight,
    active_connections,
    reason ?? '',
  ])
  const servers = table(['BACKEND', 'SERVER', 'STATE', 'WEIGHT', 'IN FLIGHT', 'REASON'], rows)
  return `${healthLine(document)}\n${rows.length === 0 ? '' : `\n${servers}`}`
}

/** One line that sums up. */
export function healthLine({ healthy, healthy_count, total_count }: HealthDocument): string {
  return `${healthy ? 'healthy' : 'unhealthy'}: ${healthy_count} of ${total_count} servers up`
}
