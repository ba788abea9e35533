// What commands share that the gateway answers only to who is known, as it knows whoever asks by its control
// socket: changes of the config, stop, and those of TURN.
import { type Args, type ArgsShape, readArgs } from './args.ts'
import { type Answered, answeringUrl, askGateway, type Asked, type Gateway } from './gateway.ts'
import type { Io } from './io.ts'
import { GATEWAY_OPTIONS, gatewayOf } from './remote.ts'
import { usageLine } from './usage.ts'

/** A command that asks a running gateway; what names that it has in any case. */
export interface ControlCommand extends ArgsShape {
  readonly command: string
  readonly help: string
}

/**
 * Reads the arguments of a command and finds its gateway; a number is the exit code when there is nothing to
 * ask.
 */
export function readControlArgs(
  { command, help, words, ...shape }: ControlCommand,
  args: readonly string[],
  io: Io,
): { readonly read: Args; readonly gateway: Gateway } | number {
  const options = { ...shape.options, ...GATEWAY_OPTIONS }
  const read = readArgs(args, words === undefined ? { options } : { options, words })
  if ('problem' in read) return usageLine(command, read.problem, io)
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  const gateway = gatewayOf(command, read, io)
  return typeof gateway === 'number' ? gateway : { read, gateway }
}

/**
 * Asks the gateway by its socket alone, or at the URL that was named; null, and a line on stderr, when it
 * could not be asked.
 */
export const askSocket = async (gateway: Gateway, asked: Asked, io: Io): Promise<Answered | null> =>
  askGateway(await knownBy(gateway), asked, io)

/** The gateway by the ways only by which it knows who asks. */
export async function knownBy(gateway: Gateway): Promise<Gateway> {
  if (gateway.isRemote) return gateway
  // The admin listener does not answer such questions to who is not known.
  const sockets = gateway.ways.filter((way) => 'unix' in way)
  const url = sockets.length === 0 ? await answeringUrl(gateway) : null
  const whenNone = url === null ? gateway.whenNone : noSocket(gateway, url)
  return { ...gateway, ways: sockets, whenNone }
}

/** With --json: what was answered, unchanged, also where it is a refusal; the exit code. */
export function printed({ status, text }: Answered, io: Io): number {
  io.stdout(text === '' || text.endsWith('\n') ? text : `${text}\n`)
  return status < 400 ? 0 : 1
}

/** A gateway that could not write to its data folder serves all the same. */
const noSocket = ({ whenNone, whenUnsure = whenNone }: Gateway, url: string): string =>
  `${whenUnsure}; a gateway answers at ${url}: if that is it, its control socket is not open, as its event "control_socket_not_open" says (mostly \
its user may not write to the folder "data"), or was removed with that folder. Its process takes HUP to reload and TERM to stop`
