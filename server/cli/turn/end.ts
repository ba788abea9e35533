// sluice turn end: ends allocations of a running gateway.
import { unexpected } from '../gateway.ts'
import type { Io } from '../io.ts'
import { askTurn, controlHelp, readTurnArgs } from './ask-gateway.ts'

const HELP = `Ends allocations of a running gateway, at once: their clients and peers hear no more of each other.

Usage: sluice turn end ID… [-c FILE | --admin URL] [--json]

  ID                   as "sluice turn list" shows it
${controlHelp('print a JSON document for each')}
Exit code: 0 all were ended; 1 one is not there, or no gateway was reached; 2 wrong usage.
`

/** Ends each allocation that is named. */
export async function turnEnd(args: readonly string[], io: Io): Promise<number> {
  const words = { min: 1, max: Number.POSITIVE_INFINITY, wanted: 'an ID of "sluice turn list"' }
  const asked = readTurnArgs({ command: 'end', help: HELP, options: {}, words }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  let code = 0
  for (const id of read.words) {
    const answer = await askTurn(gateway, 'DELETE', `allocations/${encodeURIComponent(id)}`, io)
    if (answer === null) return 1
    if (answer.status === 200 || answer.status === 204) {
      io.stdout(read.flag('json') ? `${JSON.stringify({ id, ended: true })}\n` : `ended ${id}\n`)
      continue
    }
    code = 1
    if (answer.status === 404) io.stderr(`sluice turn end: there is no allocation ${id}\n`)
    else unexpected(answer, gateway.command, io)
  }
  return code
}
