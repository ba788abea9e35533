// sluice confirm: what was applied with --confirm-within stays.
import { askSocket, printed, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'

const HELP = `Tells a running gateway that what "sluice apply --confirm-within" had it serve is to stay.

Usage: sluice confirm [--json] [-c FILE | --admin URL]

      --json         print what the gateway answers, unchanged, also a refusal
  -h, --help         this text
${GATEWAY_HELP}
Exit code: 0 it stays; 1 nothing waits for that (any more), or no gateway was reached; 2 wrong usage.
`

/** Confirms, and says so. */
export async function confirm(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs(
    { command: 'confirm', help: HELP, options: { json: { takes: 'flag' } } },
    args,
    io,
  )
  if (typeof asked === 'number') return asked
  const answer = await askSocket(asked.gateway, { method: 'POST', path: '/api/v1/config/confirm' }, io)
  if (answer === null) return 1
  if (asked.read.flag('json')) return printed(answer, io)
  if (answer.status === 200) {
    io.stdout('confirmed\n')
    return 0
  }
  if (answer.status !== 409) return unexpected(answer, 'confirm', io)
  io.stderr('sluice confirm: nothing waits to be confirmed\n')
  return 1
}
