// What commands share that only the control socket answers: reload, stop, and those of TURN.
import { type Args, type ArgsShape, type OptionShape, readArgs } from './args.ts'
import { type Answered, askGateway, type Asked, findGateway, type Gateway } from './gateway.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

/** Reads the arguments of a command and finds its gateway; a number is the exit code when there is nothing to ask. */
export function readControlArgs(
  command: string,
  help: string,
  args: readonly string[],
  more: Readonly<Record<string, OptionShape>>,
  io: Io,
  words?: ArgsShape['words'],
): { readonly read: Args; readonly gateway: Gateway } | number {
  const options = { ...more, config: { short: 'c', takes: 'value' } } as const
  const read = readArgs(args, words === undefined ? { options } : { options, words })
  if ('problem' in read) return usageLine(command, read.problem, io)
  if (read.flag('help')) {
    io.stdout(help)
    return 0
  }
  return { read, gateway: findGateway(command, read.value('config'), io) }
}

/** Asks the gateway by its socket alone; null, and a line on stderr, when it could not be asked. */
export function askSocket({ ways, ...gateway }: Gateway, asked: Asked, io: Io): Promise<Answered | null> {
  // The admin listener does not answer such questions.
  const sockets = ways.filter((way) => 'unix' in way)
  return askGateway({ ...gateway, ways: sockets }, asked, io)
}
