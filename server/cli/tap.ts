// sluice tap: requests of a running gateway as they end.
import { FILTER_WORDS } from '../telemetry/request-filter.ts'
import type { FoundRequest } from '../control/requests/gather.ts'
import { askSocket, readControlArgs } from './control.ts'
import { followEvents } from './follow.ts'
import { type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_HELP } from './remote.ts'
import { usageLine } from './usage.ts'

const HELP = `Requests of a running gateway as they end, one line each: time, client, method, host and path, status, time taken, rule, server, fault.

Usage: sluice tap [--filter EXPR]... [-n COUNT] [--last] [--json] [-c FILE | --admin URL]

      --filter EXPR  only those for which it holds; several, or with commas, must all hold:
                     listener=web  rule=api  backend=api  server=api-3  status=503  status=5xx  method=POST
                     host=example.org  path=/v2/ (how it begins)  min_ms=250  fault=connect_refused  fault=* (any)
                     client=192.0.2.7  user=anna  retried=true (more than one attempt)
                     a comma within a value is written "\\,": path=/a\\,b
  -n, --count COUNT  end after so many
      --last         those that were served last, up to 1000 (-n, default 20), and end
      --json         a line of JSON for each, with its headers, attempts and phases
  -h, --help         this text
${GATEWAY_HELP}
Credentials in headers and queries are hidden. Where more come than can be shown, the rest is counted. What is kept: logs.inspector.
Exit code: 0 told; 1 no gateway was reached, or it went away; 2 wrong usage.
`

const OPTIONS = {
  filter: { takes: 'values' },
  count: { short: 'n', takes: 'value' },
  last: { takes: 'flag' },
  json: { takes: 'flag' },
} as const

const KEYS: readonly string[] = [...FILTER_WORDS, 'min_ms', 'retried']
const LAST_USUAL = 20
const LAST_MAX = 1000

/** Shows requests until it is stopped, or there were enough. */
export async function tap(args: readonly string[], io: Io): Promise<number> {
  const asked = readControlArgs({ command: 'tap', help: HELP, options: OPTIONS }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const query = queryOf(read.values('filter'))
  if (typeof query === 'string') return usageLine('tap', query, io)
  const given = read.value('count')
  const count = given === null ? null : Number(given)
  if (count !== null && !(Number.isInteger(count) && count > 0))
    return usageLine('tap', `"${given}" is no number of requests`, io)
  const show = (one: FoundRequest): void =>
    io.stdout(read.flag('json') ? `${JSON.stringify(one)}\n` : lineOf(one))
  return read.flag('last')
    ? await last({ gateway, query, count: Math.min(count ?? LAST_USUAL, LAST_MAX), show }, io)
    : await follow({ gateway, query, count: count ?? Infinity, show }, io)
}

interface Tap {
  readonly gateway: Gateway
  readonly query: URLSearchParams
  readonly count: number
  readonly show: (one: FoundRequest) => void
}

/** What is asked of the API; a text: why it is not understood. */
export function queryOf(filters: readonly string[]): URLSearchParams | string {
  const query = new URLSearchParams()
  for (const part of filters.flatMap(partsOf)) {
    const equals = part.indexOf('=')
    const key = part.slice(0, Math.max(0, equals)).trim()
    if (!KEYS.includes(key))
      return `"${part}" is no filter; there are: ${KEYS.join('=, ')}=; a comma within a value is written "\\,"`
    if (query.has(key)) return `"${key}" is given twice`
    query.set(key, part.slice(equals + 1).trim())
  }
  return query
}

/** What stands between commas; "\\," is one of a value. */
const partsOf = (filter: string): string[] =>
  filter.split(/(?<!\\),/).map((part) => part.replaceAll('\\,', ','))

/** The newest last, as they come when they are followed. */
async function last({ gateway, query, count, show }: Tap, io: Io): Promise<number> {
  query.set('limit', String(count))
  const answer = await askSocket(
    gateway,
    { method: 'GET', path: `/api/v1/requests?${query}`, timeoutMs: 10_000 },
    io,
  )
  if (answer === null) return 1
  if (answer.status !== 200) return unexpected(answer, 'tap', io)
  const { requests } = answer.body as { readonly requests: readonly FoundRequest[] }
  for (const one of requests.toReversed()) show(one)
  return 0
}

async function follow({ gateway, query, count, show }: Tap, io: Io): Promise<number> {
  let left = count
  return followEvents(gateway, `/api/v1/requests?${query}`, io, (event, data) => {
    if (event === 'request') {
      show(data as FoundRequest)
      left--
    } else if (event === 'left_out')
      io.stderr(
        `sluice tap: ${(data as { left_out: number }).left_out} more were left out: they come too fast\n`,
      )
    else if (event === 'gap') io.stderr('sluice tap: some were missed\n')
    return left > 0
  })
}

function lineOf(one: FoundRequest): string {
  const { time, client, user, method, host, path, status, total_ms, rule, server, fault, attempts } = one
  const tried = attempts.length > 1 ? ` after ${attempts.length} attempts` : ''
  const by = `${rule ?? '-'} ${server ?? '-'}${tried}`
  return printable(
    `${time.slice(11, 23)} ${client ?? '-'}${user === null ? '' : ` (${user})`} ${method} ${host}${path} ${status ?? '-'} ${total_ms}ms ${by}${fault === null ? '' : ` ${fault}`}`,
  )
}

/** Clients choose what stands in a path: nothing of it is for the terminal. */
const printable = (line: string): string =>
  `${line.replaceAll(/[^ -~]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`)}\n`
