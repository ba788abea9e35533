// sluice check: looks for problems in a config file, changing nothing.
import { formatProblem, type Problem } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { readArgs } from './args.ts'
import { findConfigFile, namedFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'
import { loadFileTested } from './load-file.ts'
import { withPlugins } from './tried-plugins.ts'
import { thisMachine } from './this-machine.ts'
import { usageLine } from './usage.ts'

const HELP = `Looks for problems in a config file and tells all of them, tests in it that fail too; changes nothing.

Usage: sluice check [--json] [FILE]
       sluice check [--json] [-c FILE]

  -c, --config FILE  the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --json         the problems as JSON on stdout, each with where it begins and ends: for editors and programs
  -h, --help         this text

SLUICE_SOCKETS in the environment counts, as for "sluice run".
Exit code: 0 the file is valid; 1 it has problems, or cannot be read; 2 wrong usage.
`

/** Prints what is in a config file, or what is wrong with it. */
export async function check(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, {
    options: { config: { short: 'c', takes: 'value' }, json: { takes: 'flag' } },
    words: { min: 0, max: 1 },
  })
  if ('problem' in read) return usageLine('check', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const name = namedFile(read)
  if ('problem' in name) return usageLine('check', name.problem, io)
  const found = findConfigFile(name.named, io.cwd)
  if ('problem' in found || found.file === null) {
    io.stderr(`sluice check: ${'problem' in found ? found.problem : NO_FILE}\n`)
    return 1
  }
  const { file: path } = found
  const file = name.named ?? path
  const loaded = await withPlugins(loadFileTested(path, io, thisMachine))
  if (read.flag('json')) {
    const problems = loaded.ok ? loaded.warnings : loaded.problems
    io.stdout(`${JSON.stringify({ ok: loaded.ok, problems: problems.map((one) => document(file, one)) })}\n`)
    return loaded.ok ? 0 : 1
  }
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

/** A problem for programs; what it marks ends before `end_column`. One of a variable has no place. */
function document(file: string, problem: Problem): object {
  const { severity, code, line, column, endLine, endColumn, path, message, hint, variable } = problem
  if (variable !== undefined) return { severity, code, variable, path, message, hint }
  const place = { file, line, column, end_line: endLine, end_column: endColumn }
  return { severity, code, ...place, path, message, hint }
}

function summary({ listeners, rules, backends, tests }: Config): string {
  const servers = Object.values(backends).reduce((sum, backend) => sum + backend.servers.length, 0)
  return [
    counted(Object.keys(listeners).length, 'listener'),
    counted(rules.length, 'rule'),
    counted(Object.keys(backends).length, 'backend'),
    counted(servers, 'server'),
    ...(tests.length === 0 ? [] : [`${counted(tests.length, 'test')} passed`]),
  ].join(', ')
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
