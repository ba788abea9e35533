// sluice diff: what differs between two texts that a running gateway knows.
import { askSocket, readControlArgs } from './control.ts'
import { unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { usageLine } from './usage.ts'

const HELP = `What differs between two texts of the config: as a diff, or in words.

Usage: sluice diff [A] [B] [--words] [--json] [-c FILE | --admin URL]

  A, B               revisions by number, "running" (what is served) or "disk" (what stands in the file);
                     A alone: from A to what is served; none: from what is served to the file
      --words        in words ("server http://… of backend api: weight 1 → 3"), and whom it touches
      --json         the document of the gateway, unchanged
  -h, --help         this text
${GATEWAY_HELP}
Exit code: 0 told, also that nothing differs; 1 no such revision, or no gateway was reached; 2 wrong usage.
`

interface Answer {
  readonly diff?: string
  readonly changes: readonly { readonly words: string }[]
  readonly changes_left_out: number
  readonly impact: { readonly words: readonly string[] } | null
  readonly problems?: readonly { readonly of: string; readonly path: string; readonly message: string }[]
}

/** Asks for it and shows it. */
export async function diff(args: readonly string[], io: Io): Promise<number> {
  const options = { words: { takes: 'flag' }, json: { takes: 'flag' } } as const
  const asked = readControlArgs({ command: 'diff', help: HELP, options, words: { min: 0, max: 2 } }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [a, b] = read.words
  for (const name of read.words)
    if (!/^(?:[1-9][0-9]{0,14}|running|disk)$/.test(name))
      return usageLine('diff', `"${name}" is no revision, nor "running" or "disk"`, io)
  const [from, to] = a === undefined ? ['running', 'disk'] : [a, b ?? 'running']
  const path = `/api/v1/config/revisions/${from}/diff/${to}`
  const answer = await askSocket(gateway, { method: 'GET', path }, io)
  if (answer === null) return 1
  if (answer.status === 404) {
    io.stderr(`sluice diff: ${String((answer.body as { detail?: unknown } | null)?.detail)}\n`)
    return 1
  }
  if (answer.status !== 200) return unexpected(answer, 'diff', io)
  const found = answer.body as Answer
  if (read.flag('json')) io.stdout(`${JSON.stringify(answer.body)}\n`)
  else io.stdout(read.flag('words') ? wordsOf(found) : (found.diff ?? ''))
  for (const { of, path: at, message } of found.problems ?? [])
    io.stderr(`${of} is no valid config now: ${at === '' ? '' : `${at}: `}${message}\n`)
  return 0
}

/** A line each. */
export function wordsOf({ changes, changes_left_out: leftOut, impact }: Answer): string {
  const lines = [
    ...changes.map(({ words }) => words),
    ...(leftOut > 0 ? [`… and ${leftOut} more`] : []),
    ...(impact?.words ?? []).map((line) => `! ${line}`),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
