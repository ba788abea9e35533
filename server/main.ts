// Picks the command. The only file with effects on import; each command is loaded when it is asked for, so that a worker never
// loads the schema compiler, nor `version` a gateway.
import { writeSync } from 'node:fs'
import type { Io } from './cli/io.ts'

type Command = (args: readonly string[], io: Io) => Promise<number>

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./cli/run.ts')).run,
  check: async () => (await import('./cli/check.ts')).check,
  demo: async () => (await import('./cli/demo.ts')).demo,
  status: async () => (await import('./cli/status.ts')).status,
  health: async () => (await import('./cli/health.ts')).health,
  metrics: async () => (await import('./cli/metrics.ts')).metrics,
  turn: async () => (await import('./cli/turn.ts')).turn,
  version: async () => (await import('./cli/version.ts')).version,
  // What the supervisor starts; of no use to people.
  worker: async () => (process.send ? (await import('./worker/worker.ts')).worker : workerByHand),
  relay: async () => (await import('./turn/relay/relay-process.ts')).relay,
}

const [name, ...args] = process.argv.slice(2)
const io: Io = {
  stdout: (text) => writeAll(1, text),
  stderr: (text) => writeAll(2, text),
  env: process.env,
  cwd: process.cwd(),
}
process.exit(await main(name, args))

async function main(command: string | undefined, rest: readonly string[]): Promise<number> {
  const load =
    command === undefined ? undefined : Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined
  if (load) return (await load())(rest, io)
  const { helpOn } = await import('./cli/help.ts')
  const isAskingForHelp = command === '-h' || command === '--help' || command === 'help'
  if (isAskingForHelp) {
    io.stdout(helpOn(null) ?? '')
    return 0
  }
  if (command === '-v' || command === '--version') return main('version', rest)
  io.stderr(`${command === undefined ? '' : `${await unknownCommand(command)}\n\n`}${helpOn(null) ?? ''}`)
  return 2
}

async function workerByHand(): Promise<number> {
  io.stderr('sluice worker: workers are started by "sluice run", and of no use without it\n')
  return 2
}

async function unknownCommand(command: string): Promise<string> {
  const { nearest } = await import('./config/nearest.ts')
  const near = nearest(
    command,
    Object.keys(COMMANDS).filter((known) => known !== 'worker' && known !== 'relay'),
  )
  return `sluice: unknown command "${command}"${near === null ? '' : `; did you mean "${near}"?`}`
}

/** Writes before the process may end: process.stdout would lose what a pipe has not taken by then. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  let at = 0
  while (at < bytes.length)
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      // Nobody reads any more (EPIPE), or the pipe was made non-blocking by another process and is full (EAGAIN).
      if ((error as { code?: string }).code !== 'EAGAIN') return
      Bun.sleepSync(1)
    }
}
