// sluice server: how a server is, and what persons order of it.
import type { ServerDocument } from '../../control/order-desk.ts'
import type { HealthDocument } from '../../telemetry/documents.ts'
import { parseDuration } from '../../lib/durations.ts'
import type { Args } from '../args.ts'
import { askSocket, readControlArgs } from '../control.ts'
import { type Answered, type Asked, type Gateway, unexpected } from '../gateway.ts'
import type { Io } from '../io.ts'
import { GATEWAY_HELP } from '../remote.ts'
import { usageLine } from '../usage.ts'
import { type Known, serversMeant, whichOf } from './find-server.ts'
import { type Checked, checkText, type Entry, historyText, persistedText, serverText } from './server-text.ts'
import { isDrained } from './wait-drained.ts'

const HELP = `Tells how a server of a running gateway is, and takes it out of use or back, with no change of the config.

Usage: sluice server SERVER [ACTION] [options]

  SERVER             its name or URL, its host:port, or a part of them as long as it is clear which server that is
ACTION, default: show how it is
  drain              no new work; exchanges, WebSockets, connections and flows that are there go on, and so do requests that carry
                     the cookie, header or parameter that the backend hashes by
  maintenance        no new work at all, no checks, no idle connections; what is under way may finish
  ready              back in use; after maintenance once a check has passed
  weight N|default   another share than that of the config; 0: none
  health up|down     how it is, whatever its checks say; "health checks": what they say
  circuit open|close|reset  its breaker: open or closed whatever attempts come to, or as they fare from now on (lasts until
                     then, or --for)
  check              check it now, and show the answer
  passive reset      back in use at once, where passive health has taken it out
  persist            write the ordered weight into the config file; with --remove: take the server out of it, once it is out of use
  history            the last results of its checks, and changes of its state
Options
      --for TIME     the order ends by itself after so long: 10m, 2h
      --until TIME   the order ends by itself then: 2026-12-01T06:00:00Z
      --reason TEXT  why, for whoever sees it later
      --end-connections  with drain and maintenance: end what is under way with the server at once
      --wait TIME    with drain and maintenance: wait until nothing is left of it, for so long at most
      --remove       with persist
      --backend B    the server of this backend, where several have one of that name
      --json         print JSON
  -h, --help         this text
${GATEWAY_HELP}
Orders are kept in the data folder: they outlive a restart and changes of the config, as long as that names the server.
Exit code: 0 done; 1 it was refused, a check failed, something was left after --wait, or no gateway was reached; 2 wrong usage.
`

const OPTIONS = {
  for: { takes: 'value' },
  until: { takes: 'value' },
  reason: { takes: 'value' },
  'end-connections': { takes: 'flag' },
  wait: { takes: 'value' },
  backend: { takes: 'value' },
  remove: { takes: 'flag' },
  json: { takes: 'flag' },
} as const

/** What is asked of the gateway about a server, and how that is shown. */
interface Action {
  readonly method: Asked['method']
  /** Behind the server's path. */
  readonly path: 'state' | 'state/persist' | 'health' | 'circuit' | 'checks/run' | 'passive/reset'
  readonly body?: Readonly<Record<string, unknown>>
  readonly text: (answer: unknown) => string
}

const told = (answer: unknown): string => serverText(answer as ServerDocument)
const SHOW: Action = { method: 'GET', path: 'state', text: told }

/** Shows a server, or has something done with it. */
export async function server(args: readonly string[], io: Io): Promise<number> {
  const words = { min: 1, max: 3, wanted: 'the name of a server' }
  const asked = readControlArgs({ command: 'server', help: HELP, options: OPTIONS, words }, args, io)
  if (typeof asked === 'number') return asked
  const { read, gateway } = asked
  const [word = '', ...rest] = read.words
  const action = actionOf(rest, read)
  if (typeof action === 'string') return usageLine('server', action, io)
  const meant = await findServer(gateway, word, read.value('backend'), io)
  return meant === null ? 1 : act({ gateway, meant, action, read }, io)
}

/** A text: what is wrong with it. */
function actionOf([name, value, ...more]: readonly string[], read: Args): Action | string {
  const action = name === undefined ? SHOW : namedAction(name, value)
  if (typeof action === 'string') return action
  const takesValue = ['weight', 'health', 'circuit', 'passive'].includes(name ?? '')
  const extra = takesValue ? more[0] : value
  if (extra !== undefined) return `unexpected argument "${extra}"`
  const isOut = name === 'drain' || name === 'maintenance'
  if (!isOut && (read.flag('end-connections') || read.value('wait') !== null))
    return '--end-connections and --wait go with drain and maintenance'
  const wait = read.value('wait')
  if (wait !== null && parseDuration(wait) === null)
    return `--wait takes a duration such as 5m, not "${wait}"`
  if (read.flag('remove') !== (name === 'persist' && read.flag('remove'))) return '--remove goes with persist'
  if (name === 'persist') return { ...action, body: { remove: read.flag('remove') } }
  const said = { for: read.value('for'), until: read.value('until'), reason: read.value('reason') }
  const given = Object.fromEntries(Object.entries(said).filter(([, text]) => text !== null))
  const [unfit] = Object.keys(given)
  if (action.body === undefined) return unfit === undefined ? action : `--${unfit} goes with an order`
  const ends = read.flag('end-connections') ? { end_connections: true } : {}
  return { ...action, body: { ...action.body, ...given, ...ends } }
}

function namedAction(name: string, value: string | undefined): Action | string {
  const put = { method: 'PUT', path: 'state', text: told } as const
  switch (name) {
    case 'ready':
    case 'drain':
    case 'maintenance':
      return { ...put, body: { admin: name } }
    case 'weight': {
      if (value === 'default') return { ...put, body: { weight: null } }
      const isWeight = value !== undefined && /^\d{1,4}$/.test(value) && Number(value) <= 1000
      return isWeight
        ? { ...put, body: { weight: Number(value) } }
        : 'weight needs a number from 0 to 1000, or default'
    }
    case 'health':
      if (value !== 'up' && value !== 'down' && value !== 'checks') return 'health needs up, down or checks'
      return { ...put, path: 'health', body: { health: value === 'checks' ? null : value } }
    case 'circuit': {
      const state = value === undefined ? undefined : CIRCUIT_STATES[value]
      if (state === undefined) return 'circuit needs open, close or reset'
      return { method: 'POST', path: 'circuit', body: { state }, text: told }
    }
    case 'persist':
      return { method: 'POST', path: 'state/persist', text: persistedText }
    case 'check':
      return { method: 'POST', path: 'checks/run', text: (answer) => checkText(answer as Checked) }
    case 'passive':
      return value === 'reset' ? { method: 'POST', path: 'passive/reset', text: told } : 'passive needs reset'
    case 'history':
      return {
        method: 'GET',
        path: 'health',
        text: (answer) => historyText((answer as { entries: Entry[] }).entries),
      }
    default:
      return `unknown action "${name}": it is drain, maintenance, ready, weight, health, circuit, check, passive, persist or history`
  }
}

const CIRCUIT_STATES: Readonly<Record<string, string>> = { open: 'open', close: 'closed', reset: 'auto' }

/** Null, and a line on stderr: it is not clear which, or there is none. */
async function findServer(
  gateway: Gateway,
  word: string,
  backend: string | null,
  io: Io,
): Promise<Known | null> {
  const answer = await askSocket(gateway, { method: 'GET', path: '/_health' }, io)
  if (answer === null) return null
  const { backends } = (answer.body ?? {}) as Partial<HealthDocument>
  if (backends === undefined) {
    unexpected(answer, gateway.command, io)
    return null
  }
  const found = serversMeant(backends, word, backend)
  const [one] = found
  if (one !== undefined && found.length === 1) return one
  io.stderr(`sluice server: ${whichOf(found, word, backend, backends)}\n`)
  return null
}

interface Asking {
  readonly gateway: Gateway
  readonly meant: Known
  readonly action: Action
  readonly read: Args
}

async function act({ gateway, meant, action, read }: Asking, io: Io): Promise<number> {
  const base = `/api/v1/backends/${encodeURIComponent(meant.backend)}/servers/${encodeURIComponent(meant.server)}`
  const { method, path, body, text } = action
  const request = {
    method,
    path: `${base}/${path}`,
    // A check takes as long as its config says.
    timeoutMs: CHECK_MS,
    ...(body !== undefined && { headers: JSON_BODY, body: Buffer.from(JSON.stringify(body)) }),
  } as const
  const answer = await askSocket(gateway, request, io)
  if (answer === null) return 1
  if (answer.status !== 200) return refused(answer, io)
  const document = answer.body as Partial<ServerDocument & Checked>
  for (const warning of document.warnings ?? []) io.stderr(`warning: ${warning}\n`)
  const wait = read.value('wait')
  const isDone = wait === null || (await isDrained({ gateway, path: `${base}/state`, wait }, io))
  if (read.flag('json')) io.stdout(`${JSON.stringify(answer.body)}\n`)
  else if (wait === null || !isDone) io.stdout(text(answer.body))
  return isDone && document.result !== 'fail' ? 0 : 1
}

const JSON_BODY = { 'Content-Type': 'application/json' } as const
const CHECK_MS = 60_000

function refused(answer: Answered, io: Io): number {
  const { detail, hint } = (answer.body ?? {}) as { readonly detail?: string; readonly hint?: string }
  if (detail === undefined || ![404, 409, 412, 422].includes(answer.status))
    return unexpected(answer, 'server', io)
  const said = `${detail.charAt(0).toLowerCase()}${detail.slice(1).replace(/\.$/, '')}`
  io.stderr(`sluice server: ${said}${hint === undefined ? '' : `; ${hint}`}\n`)
  return 1
}
