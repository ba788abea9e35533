// sluice config: what a config file means, with every default, and without its secrets.
import { stringify } from 'yaml'
import { formatProblem } from '../config/problem.ts'
import { shownConfig } from '../config/shown.ts'
import { readArgs } from './args.ts'
import { findConfigFile, namedFile, NO_FILE } from './config-file.ts'
import type { Io } from './io.ts'
import { loadFileAsRun } from './load-file.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints the config as it takes effect: the long form, every default filled in, secrets hidden. It starts and changes nothing.

Usage: sluice config [FILE] [--json]
       sluice config [-c FILE] [--json]

  -c, --config FILE  the config file; default ./sluice.yaml, then /etc/sluice/sluice.yaml
      --json         print JSON instead of YAML
  -h, --help         this text

Passwords and secrets are shown as "(a secret, hidden)", and texts that were filled in (\${NAME}, \${file:PATH}) as they are written.
SLUICE_SOCKETS in the environment goes before \`sockets\`, as for "sluice run".
What a running gateway serves is this, unless "sluice status" says that it refused the file.
Exit code: 0 done; 1 the file has problems, or cannot be read; 2 wrong usage.
`

/** Prints the effective config. */
export async function config(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, {
    options: { config: { short: 'c', takes: 'value' }, json: { takes: 'flag' } },
    words: { min: 0, max: 1 },
  })
  if ('problem' in read) return usageLine('config', read.problem, io)
  if (read.flag('help')) {
    io.stdout(HELP)
    return 0
  }
  const name = namedFile(read)
  if ('problem' in name) return usageLine('config', name.problem, io)
  const found = findConfigFile(name.named, io.cwd)
  if ('problem' in found || found.file === null) {
    io.stderr(`sluice config: ${'problem' in found ? found.problem : NO_FILE}\n`)
    return 1
  }
  const loaded = loadFileAsRun(found.file, io)
  if (!loaded.ok) {
    for (const problem of loaded.problems) io.stderr(`${formatProblem(problem)}\n`)
    return 1
  }
  const shown = shownConfig(loaded.config, loaded.tree)
  io.stdout(read.flag('json') ? `${JSON.stringify(shown, null, 2)}\n` : stringify(shown, { lineWidth: 0 }))
  return 0
}
