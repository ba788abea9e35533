// sluice run: serves a config file until it is told to stop.
import { resolve } from 'node:path'
import type { SuperviseOptions } from '../control/supervise-options.ts'
import type { LogLevel } from '../telemetry/log.ts'
import { readArgs, type Args, type UsageProblem } from './args.ts'
import { findConfigFile, namedFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'
import { COMMIT, VERSION } from './version.ts'
import { endOfStdin, WHILE_STDIN } from './while-stdin.ts'

const HELP = `Serves what a config file says, until SIGTERM, SIGINT or SIGQUIT; then finishes what is in flight.

Usage: sluice run [FILE] [-l LEVEL] [--no-watch] [--validate]
       sluice run [-c FILE] …

  -c, --config FILE      the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
  -l, --log-level LEVEL  debug, info, warn or error; goes before the file's logs.level
      --no-watch         do not reload when the file changes; "sluice reload" and SIGHUP still do
      --validate         only look for problems, as "sluice check" does
  -h, --help             this text

A changed file is checked first: one with problems changes nothing. SIGHUP reloads and reopens the logs, SIGUSR1 only reopens them.
Exit code: 0 stopped in order; 1 invalid config or failed start; 2 wrong usage.
`

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Serves until stopped; gives the exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const read = readRunArgs(args)
  if ('problem' in read) return usageLine('run', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const name = namedFile(read)
  if ('problem' in name) return usageLine('run', name.problem, io)
  const found = findConfigFile(name.named, io.cwd)
  if ('problem' in found || found.file === null) {
    io.stderr(`sluice run: ${'problem' in found ? found.problem : NO_FILE}\n`)
    return 1
  }
  const { file } = found
  if (read.flag('validate')) {
    const { check } = await import('./check.ts')
    return check([file], io)
  }
  // Before any process is started: it would have what is handed to us.
  const { HandedSockets } = await import('../control/sockets/handed-sockets.ts')
  const { Predecessor } = await import('../control/upgrade/predecessor.ts')
  const handed = HandedSockets.fromSystemd(io.env, process.pid)
  const predecessor = Predecessor.from(io.env, handed, VERSION)
  const [{ Supervisor }, { endOnBugs }, { finishEvents, tellPeople }] = await Promise.all([
    import('../control/supervisor.ts'),
    import('../telemetry/log-bugs.ts'),
    import('../telemetry/log.ts'),
  ])
  endOnBugs()
  if (process.pid === 1) (await import('../control/children/reap.ts')).reapOrphans()
  const options = superviseOptions(file, read, { ...io, stderr: tellPeople })
  const supervisor = new Supervisor({ ...options, handed, predecessor })
  if (io.env[WHILE_STDIN] === '1') void endOfStdin().then(() => supervisor.stopOnCommand())
  const code = await supervisor.run()
  await finishEvents()
  return code
}

function superviseOptions(
  file: string,
  args: Args,
  io: Io,
): Omit<SuperviseOptions, 'handed' | 'predecessor'> {
  return {
    file,
    args: successorArgs(resolve(file), args),
    level: args.value('log-level') as LogLevel | null,
    isWatching: !args.flag('no-watch'),
    env: io.env,
    stderr: io.stderr,
    build: { version: VERSION, commit: COMMIT },
    doors: (facts) => {
      const made = import('../admin/doors.ts').then(({ doorsOf }) => doorsOf(facts))
      return {
        openAdmin: async (opening) => (await made).openAdmin(opening),
        openControl: async (path) => (await made).openControl(path),
      }
    },
  }
}

/** As we were started, with the file by its whole name: a folder may be gone by then. */
function successorArgs(file: string, args: Args): string[] {
  const level = args.value('log-level')
  return [
    ...['-c', file],
    ...(level === null ? [] : ['-l', level]),
    ...(args.flag('no-watch') ? ['--no-watch'] : []),
  ]
}

function readRunArgs(args: readonly string[]): Args | UsageProblem {
  const read = readArgs(args, {
    options: {
      config: { short: 'c', takes: 'value' },
      'log-level': { short: 'l', takes: 'value' },
      'no-watch': { takes: 'flag' },
      validate: { takes: 'flag' },
    },
    words: { min: 0, max: 1 },
  })
  if ('problem' in read) return read
  const level = read.value('log-level')
  if (level !== null && !LEVELS.some((known) => known === level))
    return { problem: `unknown level "${level}"; known are ${LEVELS.join(', ')}` }
  return read
}
