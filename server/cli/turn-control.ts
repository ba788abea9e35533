// What list, end and test --peer share: asking a running gateway over the control socket in its data folder.
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { controlSocketPath } from '../control/control-socket.ts'
import { type Args, type ArgsShape, readArgs } from './args.ts'
import { findConfigFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'

const TIMEOUT_MS = 5000

/** A gateway that may run. */
export interface Gateway {
  /** Path of its control socket. */
  readonly socket: string
  readonly configFile: string
  readonly hasTurn: boolean
}

/** Reads the arguments of a command and finds its gateway; a number is the exit code when there is nothing to ask. */
export function readTurnArgs(
  command: string,
  help: string,
  args: readonly string[],
  shape: ArgsShape,
  io: Io,
): { readonly read: Args; readonly gateway: Gateway } | number {
  const options = {
    ...shape.options,
    config: { short: 'c', takes: 'value' },
    json: { takes: 'flag' },
  } as const
  const read = readArgs(args, { ...shape, options })
  if ('problem' in read) {
    io.stderr(`sluice turn ${command}: ${read.problem}\n\n${help}`)
    return 2
  }
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const gateway = findGateway(read.value('config'), io)
  if (!('problem' in gateway)) return { read, gateway }
  io.stderr(`sluice turn ${command}: ${gateway.problem}\n`)
  return 1
}

function findGateway(named: string | null, io: Io): Gateway | { readonly problem: string } {
  const found = findConfigFile(named, io.cwd)
  if ('problem' in found) return found
  const { file } = found
  if (file === null) return { problem: NO_FILE }
  const loaded = loadConfig(file, io.env)
  if (!loaded.ok) {
    const [first] = loaded.problems
    const why = first === undefined ? file : formatProblem(first)
    return { problem: `the config file does not tell where the gateway's data folder is: ${why}` }
  }
  const { data, listeners } = loaded.config
  const hasTurn = Object.values(listeners).some(({ protocol }) => protocol === 'turn')
  return { socket: controlSocketPath(data, file), configFile: file, hasTurn }
}

/** What the gateway answered. */
export interface Answered {
  readonly status: number
  /** Null: it was no JSON. */
  readonly body: unknown
}

/** Asks the gateway; null, and a line on stderr, when it could not be asked. */
export async function askGateway(
  { socket, configFile, hasTurn }: Gateway,
  method: 'GET' | 'DELETE',
  path: string,
  io: Io,
): Promise<Answered | null> {
  try {
    // The host is of no meaning there. `proxy`: not by way of HTTP_PROXY; the types of Bun do not know it.
    const answer = await fetch(`http://localhost/api/v1/turn/${path}`, {
      method,
      unix: socket,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...({ proxy: false } as object),
    })
    return { status: answer.status, body: parse(await answer.text()) }
  } catch (error) {
    io.stderr(`sluice: ${whyNot(error, { socket, configFile, hasTurn })}\n`)
    return null
  }
}

function whyNot(error: unknown, { socket, configFile, hasTurn }: Gateway): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return hasTurn
      ? `no gateway runs with this config (${configFile})`
      : `this config (${configFile}) has no turn listener: there is nothing to ask`
  if (code === 'EACCES' || code === 'EPERM') return `this user may not ask the gateway (${socket})`
  const message = error instanceof Error ? error.message : String(error)
  return `the gateway could not be asked at ${socket}: ${message}`
}

/** Says what the gateway answered instead of what was asked for; the exit code. */
export function unexpected({ status, body }: Answered, io: Io): number {
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body && typeof body.detail === 'string'
      ? `: ${body.detail}`
      : ''
  io.stderr(`sluice: the gateway answered ${status}${detail}\n`)
  return 1
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What the commands take, for their help. */
export const controlHelp = (
  json: string,
): string => `  -c, --config FILE    the config file of the gateway; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --json           ${json}
  -h, --help           this text

The gateway is asked through its data folder: by the user that it runs as, or root.`
