// sluice rollback: has a running gateway serve, and write to its config file, what it served before.
import type { RejectedProblem } from '../telemetry/documents.ts'
import { isHash, noHash } from './apply.ts'
import { askSocket, printed, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import { problemText } from './health.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { usageLine } from './usage.ts'

const HELP = `Has a running gateway go back to what it served before its last change, in its config file as well. Once more comes back to the change.

Usage: sluice rollback [N] [--expect HASH] [-m MESSAGE] [--json] [-c FILE | --admin URL]

  N                      the revision whose text is to come back, byte for byte ("sluice history" lists them); default: what was before
      --expect HASH      write over a config file that was changed since, if it has this SHA-256, or one that begins so
                         (8 digits or more)
  -m, --message MESSAGE  why, for the history
      --json             print what the gateway answers, unchanged, also a refusal
  -h, --help             this text
${GATEWAY_HELP}
What waits to be confirmed goes back to what was confirmed last. A rollback is a revision of its own.
A config file that was changed since is left alone, and nothing goes back, unless --expect names it. With N as the revision that
is served what is served comes back into the file.
Exit code: 0 it went back; 1 it did not, or no gateway was reached; 2 wrong usage.
`

/** New workers may have to be started, each of which has ten seconds. */
const TIMEOUT_MS = 60_000

/** Asks for it and tells its outcome. */
export async function rollback(args: readonly string[], io: Io): Promise<number> {
  const options = {
    message: { short: 'm', takes: 'value' },
    expect: { takes: 'value' },
    json: { takes: 'flag' },
  } as const
  const words = { min: 0, max: 1 }
  const asked = readControlArgs({ command: 'rollback', help: HELP, options, words }, args, io)
  if (typeof asked === 'number') return asked
  const [revision] = asked.read.words
  if (revision !== undefined && !/^[1-9][0-9]{0,14}$/.test(revision))
    return usageLine('rollback', `"${revision}" is no revision`, io)
  const expect = asked.read.value('expect')?.toLowerCase() ?? null
  if (expect !== null && !isHash(expect)) return usageLine('rollback', noHash(expect), io)
  const message = asked.read.value('message')
  const body = {
    ...(revision !== undefined && { revision: Number(revision) }),
    ...(message !== null && { message }),
  }
  const request = {
    method: 'POST',
    path: '/api/v1/config/rollback',
    timeoutMs: TIMEOUT_MS,
    headers: { 'Content-Type': 'application/json', ...(expect !== null && { 'If-Match': `"${expect}"` }) },
    body: new TextEncoder().encode(JSON.stringify(body)),
  } as const
  const answer = await askSocket(asked.gateway, request, io)
  if (answer === null) return 1
  if (asked.read.flag('json')) return printed(answer, io)
  const document = answer.body as Answer | null
  if (answer.status === 200) {
    io.stdout(`went back: revision ${document?.revision}\n`)
    return 0
  }
  if (![404, 409, 412, 422].includes(answer.status)) return unexpected(answer, 'rollback', io)
  for (const problem of document?.errors ?? []) io.stderr(`${problemText(problem)}\n`)
  const detail = String(document?.detail)
  io.stderr(`sluice rollback: ${detail.charAt(0).toLowerCase()}${detail.slice(1).replace(/\.$/, '')}\n`)
  return 1
}

interface Answer {
  readonly revision?: number
  readonly detail?: string
  readonly errors?: readonly RejectedProblem[]
}
