// sluice reload: has a running gateway apply its config file, and tells what became of that.
import type { RejectedProblem } from '../telemetry/documents.ts'
import { askSocket, printed, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import { problemText } from './health.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'

const HELP = `Has a running gateway apply its config file now, and reopen its logs: as SIGHUP does, but it tells what became of it.

Usage: sluice reload [--json] [-c FILE | --admin URL]

      --json         print what the gateway answers, unchanged, also a refusal
  -h, --help         this text
${GATEWAY_HELP}
A file that is refused changes nothing: its problems are told, and what was served goes on.
Exit code: 0 applied; 1 refused, or no gateway was reached; 2 wrong usage.
`

/** New workers may have to be started, each of which has ten seconds. */
const TIMEOUT_MS = 60_000

/** Asks for a reload and tells its outcome. */
export async function reload(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs(
    { command: 'reload', help: HELP, options: { json: { takes: 'flag' } } },
    args,
    io,
  )
  if (typeof asked === 'number') return asked
  const request = { method: 'POST', path: '/api/v1/reload', timeoutMs: TIMEOUT_MS } as const
  const answer = await askSocket(asked.gateway, request, io)
  if (answer === null) return 1
  if (asked.read.flag('json')) return printed(answer, io)
  const document = answer.body as { revision?: unknown; errors?: unknown; detail?: unknown } | null
  if (answer.status === 200 && typeof document?.revision === 'number') {
    io.stdout(`applied: revision ${document.revision}\n`)
    return 0
  }
  if (answer.status !== 422 || !Array.isArray(document?.errors))
    return unexpected(answer, asked.gateway.command, io)
  for (const problem of document.errors as RejectedProblem[]) io.stderr(`${problemText(problem)}\n`)
  const detail = String(document.detail)
  io.stderr(`sluice reload: ${detail.charAt(0).toLowerCase()}${detail.slice(1)}\n`)
  return 1
}
