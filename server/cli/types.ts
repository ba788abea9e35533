// sluice types: the types of plugins.
import { readArgs } from './args.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints the types of plugins, which editors ask for as "sluice/plugin".

Usage: sluice types > sluice-plugin.d.ts

Beside a tsconfig.json: { "compilerOptions": { "paths": { "sluice/plugin": ["./sluice-plugin.d.ts"] } } }
`

/** Of a module that is asked for as a text. */
const textOf = (module: object): string => (module as { readonly default: string }).default

/** Prints them. */
export async function types(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: {} })
  if ('problem' in read) return usageLine('types', read.problem, io)
  if (read.flag('help')) io.stdout(HELP)
  else io.stdout(textOf(await import('../plugins/api.ts', { with: { type: 'text' } })))
  return 0
}
