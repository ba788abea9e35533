// What list, end and test --peer share: reading their arguments, and asking a running gateway of its
// allocations.
import type { Args } from '../args.ts'
import { askSocket, type ControlCommand, readControlArgs } from '../control.ts'
import type { Answered, Asked, Gateway } from '../gateway.ts'
import type { Io } from '../io.ts'
import { GATEWAY_HELP } from '../remote.ts'

/**
 * Reads the arguments of a command and finds its gateway; a number is the exit code when there is nothing to
 * ask.
 */
export function readTurnArgs(
  { command, options, ...rest }: ControlCommand,
  args: readonly string[],
  io: Io,
): { readonly read: Args; readonly gateway: Gateway } | number {
  const more = { ...options, json: { takes: 'flag' } } as const
  return readControlArgs({ ...rest, command: `turn ${command}`, options: more }, args, io)
}

/** Asks the gateway; null, and a line on stderr, when it could not be asked. */
export function askTurn(
  gateway: Gateway,
  method: Asked['method'],
  path: string,
  io: Io,
): Promise<Answered | null> {
  return askSocket(gateway, { method, path: `/api/v1/turn/${path}` }, io)
}

/** What the commands take, for their help. */
export const controlHelp = (json: string): string => `      --json           ${json}
  -h, --help           this text
${GATEWAY_HELP}`
