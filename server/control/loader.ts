// A process that reads and checks one config file: a large one would keep the supervisor from everything else. It answers once, and is gone.
import { atOnce } from '../lib/slices.ts'
import { type ReadConfig, readConfig, type SourceOptions } from './config-source.ts'
import { writeRules } from './rule-pieces.ts'

/** What it says: all of it, with the rules apart. */
export interface Loaded {
  /** A ReadConfig without rules and texts, in JSON. */
  readonly head: string
  readonly rules: readonly string[]
  readonly text: string | null
  readonly files: readonly (readonly [path: string, text: string | null])[]
}

/** Runs this process as a loader. */
export function loader(): Promise<number> {
  const exit = Promise.withResolvers<number>()
  process.on('disconnect', () => exit.resolve(0))
  process.once('message', (options: SourceOptions) => {
    void readConfig(options).then((read) => process.send?.(packed(read)))
  })
  return exit.promise
}

function packed({ checked, warnings, text, files }: ReadConfig): Loaded {
  const isValid = checked.is === 'valid'
  const bare = isValid ? { ...checked, config: { ...checked.config, rules: [] } } : checked
  return {
    head: JSON.stringify({ checked: bare, warnings }),
    rules: isValid ? atOnce(writeRules(checked.config.rules)) : [],
    text,
    files: [...files],
  }
}
