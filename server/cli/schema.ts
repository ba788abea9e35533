// sluice schema: the JSON Schema of config files.
import { configSchema } from '../config/schema-json.ts'
import { readArgs } from './args.ts'
import type { Io } from './io.ts'
import { usageLine } from './usage.ts'

const HELP = `Prints the JSON Schema (draft-07) of config files, with which editors complete and explain settings.

Usage: sluice schema > sluice.schema.json

In YAML name it in the first line: # yaml-language-server: $schema=sluice.schema.json
`

/** Prints the schema. */
export async function schema(args: readonly string[], io: Io): Promise<number> {
  const read = readArgs(args, { options: {} })
  if ('problem' in read) return usageLine('schema', read.problem, io)
  io.stdout(read.flag('help') ? HELP : `${JSON.stringify(configSchema(), null, 2)}\n`)
  return 0
}
