// Loading a config file for a command.
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts'
import type { Machine } from '../config/world.ts'
import type { ReadFile } from '../config/substitute.ts'
import { readBounded, readPipeToo } from '../lib/read-bounded.ts'
import type { Io } from './io.ts'

/** As a command it may wait for what a shell writes to the file: check <(generate). */
export function loadFile(
  file: string,
  { env }: Io,
  machine: Machine | null = null,
): LoadedConfig | RefusedConfig {
  const read: ReadFile = (named, bytesMax) => (named === file ? readPipeToo : readBounded)(named, bytesMax)
  return loadConfig(file, env, { readFile: read, machine })
}
