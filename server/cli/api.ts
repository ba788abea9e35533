// sluice api: asks the admin API of a running gateway anything that it answers.
import { extname, resolve } from 'node:path'
import { nearest } from '../config/nearest.ts'
import { parseDuration } from '../lib/durations.ts'
import { readPipeToo, readStdin } from '../lib/read-bounded.ts'
import { type Args, readArgs } from './args.ts'
import { knownBy } from './control.ts'
import { whyFailed } from './failure.ts'
import { type Asked, openGateway } from './gateway.ts'
import type { Io } from './io.ts'
import { problemLines } from './problem-lines.ts'
import { GATEWAY_HELP, GATEWAY_OPTIONS, gatewayOf } from './remote.ts'
import { usageLine } from './usage.ts'

const HELP = `Asks the admin API of a running gateway, and prints what it answers.

Usage: sluice api PATH [-X METHOD] [-d BODY] [-H "NAME: VALUE"] [-i] [--json] [-c FILE | --admin URL]

  PATH                   such as backends/api, which is short for /api/v1/backends/api; "sluice api ''" lists what there is
  -X, --method METHOD    default GET, with a body POST
  -d, --data BODY        what is sent: a text, @FILE, or @- for stdin. JSON, unless --header or the ending of FILE says else
  -H, --header "N: V"    a header field, as 'If-Match: "…"'; may be repeated
  -i, --include          print the status and the header fields before it
      --timeout TIME     how long the answer is waited for; default 60s
      --json             print what was answered unchanged; without it JSON is laid out, and a refusal is told in words
  -h, --help             this text
${GATEWAY_HELP}
What goes on, as events with -H 'Accept: text/event-stream', is printed as it comes.
Exit code: 0 it was done; 1 it was refused, or no gateway was reached; 2 wrong usage.
`

const OPTIONS = {
  ...GATEWAY_OPTIONS,
  method: { short: 'X', takes: 'value' },
  data: { short: 'd', takes: 'value' },
  header: { short: 'H', takes: 'values' },
  include: { short: 'i', takes: 'flag' },
  timeout: { takes: 'value' },
  json: { takes: 'flag' },
} as const

/** Texts of configs are the largest that is taken. */
const BODY_BYTES_MAX = 16 * 1024 * 1024

/** Asks, and prints the answer. */
export async function api(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: OPTIONS, words: { min: 1, max: 1, wanted: 'a path' } })
  if ('problem' in read) return usageLine('api', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const asked = requestOf(read, io)
  if (typeof asked === 'number') return asked
  const gateway = gatewayOf('api', read, io)
  if (typeof gateway === 'number') return gateway
  const answer = await openGateway(await knownBy(gateway), asked, io)
  if (answer === null) return 1
  if (read.flag('include')) io.stdout(headText(answer))
  return show(answer, read.flag('json'), io)
}

/** Or the exit code. */
function requestOf(read: Args, io: Io): Asked | number {
  const [word = ''] = read.words
  const path = word.startsWith('/') ? word : `/api/v1${word === '' ? '' : `/${word}`}`
  if (/[\x00-\x20\x7f]/.test(path)) return usageLine('api', 'a path has no spaces: write %20', io)
  const timeout = read.value('timeout') ?? '60s'
  const timeoutMs = parseDuration(timeout)
  if (timeoutMs === null || timeoutMs === 0)
    return usageLine('api', `--timeout takes a duration such as 60s, not "${timeout}"`, io)
  const data = read.value('data')
  const method = (read.value('method') ?? (data === null ? 'GET' : 'POST')).toUpperCase()
  if (!METHODS.includes(method)) return usageLine('api', noMethod(method), io)
  if (data !== null && (method === 'GET' || method === 'HEAD'))
    return usageLine('api', `${method} sends no body: --data goes with POST, PUT or PATCH`, io)
  const headers: Record<string, string> = data === null ? {} : { 'Content-Type': typeOf(data) }
  for (const field of read.values('header')) {
    const [, name, value] =
      /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/.exec(field) ?? []
    if (name === undefined || value === undefined)
      return usageLine('api', `"${field}" is no header field such as "Accept: text/yaml"`, io)
    for (const known of Object.keys(headers))
      if (known.toLowerCase() === name.toLowerCase()) delete headers[known]
    headers[name] = value
  }
  try {
    const body = data === null ? {} : { body: bytesOf(data, io) }
    return { method, path, headers, timeoutMs, ...body }
  } catch (error) {
    io.stderr(`sluice api: ${data?.slice(1)}: ${whyFailed(error)}\n`)
    return 1
  }
}

/** All that the API has; others would be sent as GET by the runtime. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function noMethod(method: string): string {
  const near = nearest(method, METHODS)
  const did = near === null ? '' : `; did you mean ${near}?`
  return `"${method}" is no method: it is ${METHODS.join(', ')}${did}`
}

const TYPES: Readonly<Record<string, string>> = {
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
  '.toml': 'application/toml',
}

const typeOf = (data: string): string =>
  (data.startsWith('@') ? TYPES[extname(data).toLowerCase()] : undefined) ?? 'application/json'

function bytesOf(data: string, { cwd }: Io): Uint8Array {
  if (!data.startsWith('@')) return new TextEncoder().encode(data)
  return data === '@-' ? readStdin(BODY_BYTES_MAX) : readPipeToo(resolve(cwd, data.slice(1)), BODY_BYTES_MAX)
}

const headText = ({ status, statusText, headers }: Response): string =>
  `HTTP/1.1 ${status} ${statusText}\n${[...headers].map(([name, value]) => `${name}: ${value}\n`).join('')}\n`

async function show(answer: Response, isPlain: boolean, io: Io): Promise<number> {
  const type = answer.headers.get('content-type') ?? ''
  const code = answer.ok || answer.status === 304 ? 0 : 1
  if (type.startsWith('text/event-stream')) return pour(answer, io)
  const text = await answer.text()
  const document = isPlain || !/^application\/(?:[a-z.-]+\+)?json\b/.test(type) ? null : parsed(text)
  if (document === null) io.stdout(text)
  else if (type.startsWith('application/problem')) io.stderr(problemLines('api', document))
  else io.stdout(`${JSON.stringify(document, null, 2)}\n`)
  return code
}

/** As it comes; the gateway ends it. */
async function pour(answer: Response, io: Io): Promise<number> {
  const decoder = new TextDecoder()
  try {
    for await (const part of answer.body ?? []) io.stdout(decoder.decode(part, { stream: true }))
    return 0
  } catch {
    io.stderr('sluice api: the connection broke\n')
    return 1
  }
}

/** Null: it is none. */
function parsed(text: string): object | null {
  try {
    const document: unknown = JSON.parse(text)
    return typeof document === 'object' ? document : null
  } catch {
    return null
  }
}
