// Picks the command. The only file with effects on import; each command is loaded when it is asked for, so
// that a worker never loads the schema compiler, nor `version` a gateway. No value is imported from our
// files: see hearNothingYet().
import { writeSync } from 'node:fs'
import type { Command } from './cli/command.ts'
import type { Io } from './cli/io.ts'

/** What the supervisor starts; of no use to people. */
const PARTS: Readonly<Record<string, () => Promise<Command>>> = {
  worker: async () => (process.send ? (await import('./worker/worker.ts')).worker : workerByHand),
  loader: async () => (process.send ? (await import('./control/source/loader.ts')).loader : workerByHand),
  'plugin-trial': async () =>
    process.send ? (await import('./control/source/plugin-trial.ts')).pluginTrial : workerByHand,
  'probe-ring': async () => (await import('./sockets/uring/probe-process.ts')).probeProcess,
  relay: async () => (await import('./turn/relay/relay-process.ts')).relay,
}

/** What is said may repeat an argument or the name of a file: no terminal is to be driven by it. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
const escaped = (control: string): string => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`

const [name, ...args] = process.argv.slice(2)
hearNothingYet()
const io: Io = {
  stdout: (text) => writeAll(1, text),
  stderr: (text) => writeAll(2, text.replace(CONTROLS, escaped)),
  env: process.env,
  cwd: currentFolder(),
}
const part = name !== undefined && Object.hasOwn(PARTS, name) ? PARTS[name] : undefined
/** Why something that was said did not get out, though somebody wants to read it. */
let unwritten: unknown = null
const code = part ? await (await part())(args, io) : await main(name, args).catch(fail)
process.exit(unwritten === null ? code : await fail(unwritten))

async function main(command: string | undefined, rest: readonly string[]): Promise<number> {
  const { findCommand, generalHelp } = await import('./cli/commands.ts')
  const entry = command === undefined ? undefined : findCommand(command)
  if (entry) {
    // What nobody awaits ends a command as well, and in words. A gateway and its processes look after their
    // own.
    if (!['run', 'worker', 'relay'].includes(command ?? ''))
      for (const event of ['uncaughtException', 'unhandledRejection']) process.on(event, exitFailed)
    return (await entry.load())(rest, io)
  }
  if (command === '-h' || command === '--help' || command === 'help') {
    io.stdout(generalHelp())
    return 0
  }
  if (command === '-V' || command === '-v' || command === '--version') return main('version', rest)
  io.stderr(
    `${command === undefined ? 'sluice: a command is missing;' : await unknownCommand(command)} "sluice -h" lists them\n`,
  )
  return 2
}

async function fail(error: unknown): Promise<number> {
  const { failureLine } = await import('./cli/failure.ts')
  const { findCommand } = await import('./cli/commands.ts')
  const command = name !== undefined && findCommand(name) ? ` ${name}` : ''
  io.stderr(`sluice${command}: ${failureLine(error, (process.env['SLUICE_TRACE'] ?? '') !== '')}\n`)
  return 1
}

async function exitFailed(error: unknown): Promise<void> {
  process.exit(await fail(error))
}

/**
 * Signals that mean nothing yet must not end what has hardly begun. Before anything is loaded, and so by Bun
 * alone: while it waits for a file it lets all signals in, also those that our supervisor held
 * (lib/signals.ts), which is where the rest is ignored.
 */
function hearNothingYet(): void {
  const isOurs = name === 'worker' || name === 'relay' || name === 'loader' || name === 'probe-ring'
  if (!isOurs && name !== 'run') return
  const stray = ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO'] as const
  // Ctrl-C ends `run` as ever; it reaches the others too, and the supervisor decides what it means for them.
  for (const signal of isOurs ? ([...stray, 'SIGINT', 'SIGQUIT'] as const) : stray)
    process.on(signal, () => {})
}

async function workerByHand(): Promise<number> {
  io.stderr(`sluice ${name}: it is started by "sluice run", and of no use without it\n`)
  return 2
}

async function unknownCommand(command: string): Promise<string> {
  const { nearest } = await import('./config/nearest.ts')
  const { COMMANDS, OTHER_WORDS } = await import('./cli/commands.ts')
  const other = Object.hasOwn(OTHER_WORDS, command) ? OTHER_WORDS[command] : undefined
  const near = other ?? nearest(command, Object.keys(COMMANDS))
  return `sluice: unknown command "${command}";${near === null ? '' : ` did you mean "${near}"?`}`
}

/** A folder that was removed has no name any more: relative paths then lead nowhere. */
function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    return process.env['PWD'] ?? '/'
  }
}

/** Writes before the process may end: process.stdout would lose what a pipe has not taken by then. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  let at = 0
  while (at < bytes.length)
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const { code: why } = error as { code?: string }
      // The pipe was made non-blocking by another process, and is full.
      if (why === 'EAGAIN') Bun.sleepSync(1)
      else {
        // EPIPE: nobody reads any more, as behind "| head".
        if (fd === 1 && why !== 'EPIPE')
          unwritten ??= Object.assign(new Error(), { code: why, path: 'the output cannot be written' })
        return
      }
    }
}
