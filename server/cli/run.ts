// sluice run: serves a config file until it is told to stop.
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SuperviseOptions } from '../control/supervisor.ts'
import type { LogLevel } from '../telemetry/log.ts'
import { readArgs, type Args, type UsageProblem } from './args.ts'
import { helpOn } from './help.ts'
import type { Io } from './io.ts'
import { COMMIT, VERSION } from './version.ts'

const DEFAULT_FILES = ['./sluice.yaml', '/etc/sluice/sluice.yaml']
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
  const file = findConfig(read.value('config'), io)
  if (file === null) return 1
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

function findConfig(named: string | null, io: Io): string | null {
  const candidates = named === null ? DEFAULT_FILES : [named]
  for (const candidate of candidates) {
    const file = resolve(io.cwd, candidate)
    if (existsSync(file) && !statSync(file).isDirectory()) return file
  }
  io.stderr(
    named === null
      ? `sluice run: there is no ${DEFAULT_FILES.join(' and no ')}; name a config file with -c FILE\n`
      : `sluice run: there is no file ${resolve(io.cwd, named)}\n`,
  )
  return null
}
