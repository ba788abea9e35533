// A process that reads and checks one config file: a large one would keep the supervisor from everything
// else. It answers once, and is gone.
import { setPriority } from 'node:os'
import { atOnce } from '../../lib/slices.ts'
import { type ReadConfig, readConfig, type SourceOptions } from './config-source.ts'
import { writeRules } from '../processes/rule-pieces.ts'
import type { Edition } from '../problem.ts'

/** What it says: all of it, with the rules apart. */
export interface Loaded {
  /** A ReadConfig without rules and texts, in JSON. */
  readonly head: string
  readonly rules: readonly string[]
  readonly text: string | null
  /** That of the edition. */
  readonly whole: string
  readonly files: readonly (readonly [path: string, text: string | null])[]
}

/** Runs this process as a loader. */
export function loader(): Promise<number> {
  const exit = Promise.withResolvers<number>()
  yieldToTraffic()
  process.on('disconnect', () => exit.resolve(0))
  process.once('message', (options: SourceOptions) => {
    void readConfig(options, 'apart').then((read) => process.send?.(packed(read)))
  })
  return exit.promise
}

/** Nobody waits for it; where cores are few, the workers go first. */
function yieldToTraffic(): void {
  try {
    setPriority(NICE)
  } catch {
    // A sandbox may forbid it: then it takes its share like any other.
  }
}

const NICE = 10

function packed({ checked, warnings, text, files }: ReadConfig): Loaded {
  const isValid = checked.is === 'valid'
  const bare = isValid ? { ...checked, edition: withoutBulk(checked.edition) } : checked
  return {
    head: JSON.stringify({ checked: bare, warnings }),
    rules: isValid ? atOnce(writeRules(checked.edition.config.rules)) : [],
    text,
    whole: isValid ? checked.edition.text : '',
    files: [...files],
  }
}

const withoutBulk = (edition: Edition): Edition => ({
  ...edition,
  text: '',
  config: { ...edition.config, rules: [] },
})
