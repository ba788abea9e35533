// sluice check: looks for problems in a config file, changing nothing.
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { readBounded, readPipeToo } from '../lib/read-bounded.ts'
import { readArgs } from './args.ts'
import { findConfigFile } from './config-file.ts'
import type { Io } from './io.ts'

const HELP = `Looks for problems in a config file and tells all of them; changes nothing.

Usage: sluice check FILE

Exit code: 0 the file is valid; 1 it has problems, or cannot be read; 2 wrong usage.
`

/** Prints what is in a config file, or what is wrong with it. */
export async function check(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: {}, words: { min: 1, max: 1 } })
  if ('problem' in read) {
    io.stderr(`sluice check: ${read.problem}\n\n${HELP}`)
    return 2
  }
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const [file = ''] = read.words
  const found = findConfigFile(file, io.cwd)
  if ('problem' in found) {
    io.stderr(`sluice check: ${found.problem}\n`)
    return 1
  }
  const path = resolve(io.cwd, file)
  // As a command it may wait for what a shell writes to it: check <(generate).
  const loaded = loadConfig(path, io.env, (named, bytesMax) =>
    (named === path ? readPipeToo : readBounded)(named, bytesMax),
  )
  // The file is named as the person named it.
  const tell = (problem: Problem): void => io.stderr(`${formatProblem({ ...problem, file })}\n`)
  if (!loaded.ok) {
    for (const problem of loaded.problems) tell(problem)
    io.stderr(`${file}: ${counted(loaded.problems.length, 'problem')}\n`)
    return 1
  }
  for (const warning of loaded.warnings) tell(warning)
  io.stdout(`${file}: ok, ${summary(loaded.config)}\n`)
  return 0
}

function summary({ listeners, rules, backends }: Config): string {
  const servers = Object.values(backends).reduce((sum, backend) => sum + backend.servers.length, 0)
  return [
    counted(Object.keys(listeners).length, 'listener'),
    counted(rules.length, 'rule'),
    counted(Object.keys(backends).length, 'backend'),
    counted(servers, 'server'),
  ].join(', ')
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
