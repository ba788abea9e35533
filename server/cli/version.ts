import packageJson from '../../package.json' with { type: 'json' }
import { readArgs } from './args.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

/** Stamped in by the build (`--define`); not there when the sources run. */
declare const SLUICE_VERSION: string | undefined
declare const SLUICE_COMMIT: string | undefined

/** The version of this program, as package.json had it when it was built. */
export const VERSION: string = typeof SLUICE_VERSION === 'string' ? SLUICE_VERSION : packageJson.version

/** The commit that it was built from; "dev" when the sources run. */
export const COMMIT: string = typeof SLUICE_COMMIT === 'string' ? SLUICE_COMMIT : 'dev'

/** One line for people. */
const versionLine = (): string => `sluice ${VERSION} (${COMMIT}, Bun ${Bun.version})\n`

const HELP = `Prints the version of this program, the commit that it was built from, and that of Bun.

Usage: sluice version
`

/** Prints the version. */
export async function version(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: {} })
  if ('problem' in read) return usageLine('version', read.problem, io)
  io.stdout(read.flag('help') ? HELP : versionLine())
  return 0
}
