// Loading a config file for a command.
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts'
import { readBounded, readPipeToo } from '../lib/read-bounded.ts'
import type { Io } from './io.ts'

/** As a command it may wait for what a shell writes to the file: check <(generate). */
export function loadFile(file: string, { env }: Io): LoadedConfig | RefusedConfig {
  return loadConfig(file, env, (named, bytesMax) =>
    (named === file ? readPipeToo : readBounded)(named, bytesMax),
  )
}
