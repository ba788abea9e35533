// sluice turn: what belongs to STUN and TURN listeners.
import { nearest } from '../../config/nearest.ts'
import type { Io } from '../io.ts'
import { usageLine } from '../usage.ts'

const HELP = `Helps with STUN and TURN: listeners of protocol turn.

Usage: sluice turn COMMAND [options]

  credentials            make time-limited credentials, as your application would
  list                   allocations of a running gateway
  end ID…                end allocations
  test URL               try a TURN or STUN server, step by step
  test --peer ADDRESS    whether clients reach a peer through a running gateway, and why

"sluice turn COMMAND -h" tells more about a command.
`

type Command = (args: readonly string[], io: Io) => Promise<number>

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  credentials: async () => (await import('./credentials.ts')).turnCredentials,
  list: async () => (await import('./list.ts')).turnList,
  end: async () => (await import('./end.ts')).turnEnd,
  test: async () => test,
}

/** Runs the command that the first word names. */
export async function turn([name, ...args]: readonly string[], io: Io): Promise<number> {
  const load = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load) return (await load())(args, io)
  if (name === '-h' || name === '--help' || name === 'help') {
    io.stdout(HELP)
    return 0
  }
  return usageLine('turn', problemOf(name), io)
}

function problemOf(name: string | undefined): string {
  if (name === undefined) return 'a command is missing'
  if (name.startsWith('-')) return `unknown option "${name}"`
  const near = nearest(name, Object.keys(COMMANDS))
  return `unknown command "${name}"${near === null ? '' : `; did you mean "${near}"?`}`
}

/** Two questions have this name: one is asked of any server, the other of a gateway's rules. */
async function test(args: readonly string[], io: Io): Promise<number> {
  const { turnExplain, EXPLAIN_HELP } = await import('./test-peer.ts')
  if (args.some((arg) => arg === '--peer' || arg.startsWith('--peer='))) return turnExplain(args, io)
  const { turnTest } = await import('./test.ts')
  const code = await turnTest(args, io)
  if (args.includes('-h') || args.includes('--help')) io.stdout(`\n${EXPLAIN_HELP}`)
  return code
}
