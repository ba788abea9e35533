// sluice diagnostics: all that helps to find out what is wrong with a running gateway, in one document.
import { askSocket, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'

const HELP = `Prints all that helps to find out what is wrong with a running gateway: version, machine, processes with memory and descriptors, limits,
the config as it takes effect, the last events and revisions, health and metrics. Secrets are hidden; look through it before you hand it on.

Usage: sluice diagnostics [-c FILE | --admin URL] > diagnostics.json

  -h, --help             this text
${GATEWAY_HELP}
Exit code: 0 done; 1 refused, or no gateway was reached; 2 wrong usage.
`

const TIMEOUT_MS = 30_000

/** Asks for the document, and prints it as it was answered. */
export async function diagnostics(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs({ command: 'diagnostics', help: HELP, options: {} }, args, io)
  if (typeof asked === 'number') return asked
  const request = { method: 'GET', path: '/api/v1/diagnostics', timeoutMs: TIMEOUT_MS } as const
  const answer = await askSocket(asked.gateway, request, io)
  if (answer === null) return 1
  if (answer.status !== 200) return unexpected(answer, asked.gateway.command, io)
  io.stdout(answer.text)
  return 0
}
