// sluice run: serves a config file until it is told to stop.
import type { SuperviseOptions } from '../control/supervisor.ts'
import type { LogLevel } from '../telemetry/log.ts'
import { readArgs, type Args, type UsageProblem } from './args.ts'
import { findConfigFile, NO_FILE } from './config-file.ts'
import { helpOn } from './help.ts'
import type { Io } from './io.ts'
import { COMMIT, VERSION } from './version.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Serves until stopped; gives the exit code. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const read = readRunArgs(args)
  if ('problem' in read) {
    io.stderr(`sluice run: ${read.problem}\n\n${helpOn('run') ?? ''}`)
    return 2
  }
  if (read.flag('help')) {
    io.stdout(helpOn('run') ?? '')
    return 0
  }
  const found = findConfigFile(read.value('config'), io.cwd)
  if ('problem' in found || found.file === null) {
    io.stderr(`sluice run: ${'problem' in found ? found.problem : NO_FILE}\n`)
    return 1
  }
  const { file } = found
  if (read.flag('validate')) {
    const { check } = await import('./check.ts')
    return check([file], io)
  }
  const { supervise } = await import('../control/supervisor.ts')
  return supervise(superviseOptions(file, read, io))
}

function superviseOptions(file: string, args: Args, io: Io): SuperviseOptions {
  return {
    file,
    level: args.value('log-level') as LogLevel | null,
    isWatching: !args.flag('no-watch'),
    env: io.env,
    stderr: io.stderr,
    build: { version: VERSION, commit: COMMIT },
    startAdmin: async (bind, facts) => (await import('../admin/admin.ts')).startAdmin({ bind, ...facts }),
    startControlSocket: async (path, facts) =>
      (await import('../admin/control-socket.ts')).startControlSocket({ path, ...facts }),
  }
}

function readRunArgs(args: readonly string[]): Args | UsageProblem {
  const read = readArgs(args, {
    options: {
      config: { short: 'c', takes: 'value' },
      'log-level': { short: 'l', takes: 'value' },
      'no-watch': { takes: 'flag' },
      validate: { takes: 'flag' },
    },
  })
  if ('problem' in read) return read
  const level = read.value('log-level')
  if (level !== null && !LEVELS.some((known) => known === level))
    return { problem: `unknown level "${level}"; known are ${LEVELS.join(', ')}` }
  return read
}
