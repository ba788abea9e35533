// sluice apply: makes the text of a file that of a running gateway's config file, once the gateway has
// checked it.
import { extname, resolve } from 'node:path'
import { parseDuration } from '../lib/durations.ts'
import { readPipeToo, readStdin } from '../lib/read-bounded.ts'
import type { RejectedProblem } from '../telemetry/documents.ts'
import type { Args } from './args.ts'
import { askSocket, printed, readControlArgs } from './control.ts'
import { whyFailed } from './failure.ts'
import { wordsOf } from './diff.ts'
import { type Answered, askGateway, type Gateway, unexpected } from './gateway.ts'
import { problemText } from './health.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { usageLine } from './usage.ts'
import { watched } from './watched.ts'

const HELP = `Has a running gateway check FILE, write its text to the gateway's config file in one step, and serve it: all of that, or nothing.
FILE may be - for what comes by stdin.

Usage: sluice apply FILE [--dry-run] [--expect HASH] [--confirm-within TIME] [--watch TIME] [-m MESSAGE] [--json] [-c FILE | --admin URL]

      --dry-run              only check it against the gateway: its ports, certificates, workers and data folder as they are now;
                             says what it would change, and whom that touches
      --expect HASH          refuse it unless the config file still has this SHA-256, or one that begins so (8 digits or more);
                             default: that of the config which is served
      --confirm-within TIME  serve what was served before, and write it back, unless "sluice confirm" comes within 30s, 5m, ...
      --watch TIME           wait for TIME (up to 5m), and serve what was served before if 5xx, latency or usable servers get worse
  -m, --message MESSAGE      what it is for, kept in the history
      --json                 print what the gateway answers, unchanged, also a refusal; with --watch a line more: what became of it
  -h, --help                 this text
${GATEWAY_HELP}
A newer change that is served ends the wait for a confirmation, unless it is to be confirmed itself: then what was confirmed last comes back.
A gateway that ends meanwhile does not confirm by that: when it starts again, it serves and writes back what was before.
Exit code: 0 applied, or nothing stands against it; 1 refused, or no gateway was reached; 2 wrong usage.
`

const COMMAND = {
  command: 'apply',
  help: HELP,
  options: {
    'dry-run': { takes: 'flag' },
    expect: { takes: 'value' },
    'confirm-within': { takes: 'value' },
    watch: { takes: 'value' },
    message: { short: 'm', takes: 'value' },
    json: { takes: 'flag' },
  },
  words: { min: 1, max: 1, wanted: 'the file that is to be applied' },
} as const

const FILE_BYTES_MAX = 16 * 1024 * 1024
/** New workers may have to be started, each of which has ten seconds. */
const TIMEOUT_MS = 60_000
const CONFIRM_MS_MAX = 24 * 60 * 60 * 1000
const WATCH_MS_MAX = 300_000

/** Asks for the change and tells its outcome. */
export async function apply(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs(COMMAND, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [word = ''] = read.words
  const isStdin = word === '-'
  const file = isStdin ? 'stdin' : word
  const how = howOf(read)
  if ('problem' in how) return usageLine('apply', how.problem, io)
  // Of one elsewhere its file is not known here: it says itself what it cannot read.
  const whyNot =
    gateway.isRemote || isStdin ? null : whyOtherSyntax(file, read.value('config') ?? 'sluice.yaml')
  if (whyNot !== null) return refused(whyNot, io)
  let body: Uint8Array
  try {
    body = isStdin ? readStdin(FILE_BYTES_MAX) : readPipeToo(resolve(io.cwd, file), FILE_BYTES_MAX)
  } catch (error) {
    return refused(`${file}: ${whyFailed(error)}`, io)
  }
  const expect = how.expect ?? (gateway.isRemote ? await servedHash(gateway, io) : null)
  if (typeof expect === 'number') return expect
  const headers = expect === null ? {} : { 'If-Match': `"${expect}"` }
  const request = { method: 'PUT', path: how.path, timeoutMs: TIMEOUT_MS, headers, body } as const
  const answer = await askSocket(gateway, request, io)
  if (answer === null) return 1
  const isJson = read.flag('json')
  const code = isJson ? printed(answer, io) : tell(answer, { file, ...how }, io)
  if (code === 0 && how.isDryRun && !isJson) return foretold(gateway, body, io)
  const { operation = null } = (answer.body ?? {}) as Answer
  return code !== 0 || operation === null ? code : watched({ gateway, operation, isJson }, io)
}

/** What the text would change, in words and with whom it touches. */
async function foretold(gateway: Gateway, text: Uint8Array, io: Io): Promise<number> {
  const body = new TextEncoder().encode(JSON.stringify({ text: new TextDecoder().decode(text) }))
  const headers = { 'Content-Type': 'application/json' }
  const path = '/api/v1/changes?dry_run=true'
  const answer = await askSocket(gateway, { method: 'POST', path, timeoutMs: TIMEOUT_MS, headers, body }, io)
  if (answer === null) return 1
  if (answer.status !== 200) {
    // It was found to be good: this is more than that, and as JSON the text may be too long.
    io.stderr(`what it would change is not told (${answer.status})\n`)
    return 0
  }
  const words = wordsOf(answer.body as Parameters<typeof wordsOf>[0])
  io.stdout(words === '' ? 'it would change nothing of what is served\n' : `it would change:\n${words}`)
  return 0
}

/** Of the text of a config file, or how it begins. */
export const isHash = (text: string): boolean => /^[0-9a-f]{8,64}$/.test(text)
export const noHash = (text: string): string => `"${text}" is no SHA-256: 8 to 64 hexadecimal digits`

interface How {
  readonly path: string
  readonly isDryRun: boolean
  readonly expect: string | null
  readonly confirm: string | null
}

function howOf(read: Args): How | { readonly problem: string } {
  const isDryRun = read.flag('dry-run')
  const expect = read.value('expect')?.toLowerCase() ?? null
  if (expect !== null && !isHash(expect)) return { problem: noHash(expect) }
  const confirm = read.value('confirm-within')
  const withinMs = confirm === null ? null : parseDuration(confirm)
  if (confirm !== null && (withinMs === null || withinMs < 1000 || withinMs > CONFIRM_MS_MAX))
    return { problem: `"${confirm}" is no time from 1s to 24h` }
  const watch = read.value('watch')
  const watchMs = watch === null ? null : parseDuration(watch)
  if (watch !== null && (watchMs === null || watchMs < 1000 || watchMs > WATCH_MS_MAX))
    return { problem: `"${watch}" is no time from 1s to 5m` }
  const query = new URLSearchParams()
  if (watchMs !== null) query.set('watch', String(watchMs / 1000))
  if (isDryRun) query.set('dry_run', 'true')
  if (withinMs !== null) query.set('confirm_within', String(withinMs / 1000))
  const message = read.value('message')
  if (message !== null) query.set('message', message)
  return { path: `/api/v1/config${query.size > 0 ? `?${query.toString()}` : ''}`, isDryRun, expect, confirm }
}

/** Elsewhere it must be named; by its socket what is served is meant. A number is the exit code. */
async function servedHash(gateway: Gateway, io: Io): Promise<string | number> {
  const headers = { Accept: '*/*' }
  const answer = await askGateway(gateway, { method: 'GET', path: '/api/v1/config', headers }, io)
  if (answer === null) return 1
  const hash = /^"([0-9a-f]{8,64})"$/.exec(answer.headers.get('etag') ?? '')?.[1]
  return hash ?? unexpected(answer, 'apply', io)
}

/** The text is written as it is: the gateway reads it by the ending of its own file. */
function whyOtherSyntax(file: string, config: string): string | null {
  const isToml = (name: string): boolean => extname(name).toLowerCase() === '.toml'
  if (extname(file) === '' || isToml(file) === isToml(config)) return null
  return `${file} is not written as ${config} is: the gateway would not read its text there`
}

interface Told extends How {
  readonly file: string
}

function tell(answer: Answered, { file, isDryRun, confirm }: Told, io: Io): number {
  const document = answer.body as Answer | null
  if (answer.status !== 200 || document === null) return tellRefused(answer, file, io)
  // The gateway names its own file.
  for (const line of document.warnings ?? []) io.stderr(`${line.replace(/^.*?(?=:\d+:\d+ )/, () => file)}\n`)
  const { not_writable: unwritten } = document
  if (unwritten !== undefined) io.stderr(`warning: ${unwritten.cause}\n  hint: ${unwritten.hint}\n`)
  if (isDryRun) io.stdout(`${file}: nothing stands against it; nothing was changed\n`)
  else if (confirm === null) io.stdout(`applied: revision ${document.revision}\n`)
  else
    io.stdout(
      `applied: revision ${document.revision}; taken back in ${confirm} unless "sluice confirm" comes\n`,
    )
  return 0
}

interface Answer {
  readonly revision?: number
  readonly warnings?: readonly string[]
  readonly not_writable?: { readonly cause: string; readonly hint: string }
  readonly operation?: string
}

/** The file is named as the person named it. */
function tellRefused(answer: Answered, file: string, io: Io): number {
  const { errors, detail } = (answer.body ?? {}) as { errors?: readonly RejectedProblem[]; detail?: unknown }
  if (![409, 412, 422].includes(answer.status) || errors === undefined) return unexpected(answer, 'apply', io)
  for (const problem of errors)
    io.stderr(`${problemText('line' in problem ? { ...problem, file } : problem)}\n`)
  return refused(String(detail), io)
}

function refused(why: string, io: Io): number {
  io.stderr(`sluice apply: ${why.charAt(0).toLowerCase()}${why.slice(1)}\n`)
  return 1
}
