// sluice metrics: what was served so far.
import type { MetricsDocument } from '../telemetry/documents.ts'
import {
  COLUMNS_HELP,
  OPTIONS_HELP,
  ask,
  exitUnanswered,
  EXIT_HELP,
  metricsOfScope,
  readQuestion,
  scopeOf,
} from './ask.ts'
import type { Io } from './io.ts'
import { table } from './table.ts'

const HELP = `Tells how much was served so far, and how much of it failed.

Usage: sluice metrics [NAME] [-c FILE | --admin URL] [--json]

${OPTIONS_HELP}${COLUMNS_HELP}
All metrics, for Prometheus, are at /metrics of the admin listener.
Exit code: 0 done; 1 no gateway was reached, or there is no such name; ${EXIT_HELP}.
`

/** Prints the totals and those of each server. */
export async function metrics(args: readonly string[], io: Io): Promise<number> {
  const question = readQuestion('metrics', HELP, args, io)
  if (typeof question === 'number') return question
  const all = await ask<MetricsDocument>(question.gateway, '/_metrics', io)
  if (all === null) return exitUnanswered(question.gateway)
  const scope = await scopeOf(question, all, io)
  if (typeof scope === 'number') return scope
  const document = metricsOfScope(all, scope)
  io.stdout(question.isJson ? `${JSON.stringify(document)}\n` : metricsText(document))
  return 0
}

/** The document for people. */
export function metricsText(document: MetricsDocument): string {
  const rows = document.backends.map((server) => [
    server.backend,
    server.server,
    server.total_requests,
    server.failed_requests,
    server.attempts,
    server.failed_attempts,
    server.refused_attempts ?? 0,
    rateText(server.total_requests, server.success_rate),
    server.active_connections,
  ])
  const servers = table(HEAD, rows)
  return `${metricsLine(document)}\n${rows.length === 0 ? '' : `\n${servers}`}`
}

// Requests are those that it answered, was the last to fail, or had when the client left; attempts are all
// that it was asked, also where another answered then; lost ones got no answer, and of those refused ones
// never reached it.
const HEAD = [
  'BACKEND',
  'SERVER',
  'REQUESTS',
  'FAILED',
  'ATTEMPTS',
  'LOST',
  'REFUSED',
  'SUCCESS',
  'IN FLIGHT',
]

/** Nothing served is neither success nor failure. */
const rateText = (requests: number, rate: number): string => (requests === 0 ? '–' : `${rate.toFixed(2)} %`)

/** One line that sums up. */
export function metricsLine({ total_requests, total_failures, success_rate }: MetricsDocument): string {
  return `${total_requests} requests, ${total_failures} failed, ${rateText(total_requests, success_rate)} succeeded`
}
