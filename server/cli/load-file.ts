// Loading a config file for a command.
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts'
import type { Problem } from '../config/problem.ts'
import type { Machine } from '../config/world.ts'
import type { ReadFile } from '../config/substitute.ts'
import { failedTests } from '../control/explain/config-tests.ts'
import { atOnce } from '../lib/slices.ts'
import { readBounded, readPipeToo } from '../lib/read-bounded.ts'
import { type SocketsProblem, wantedHere } from '../sockets/choose.ts'
import { kindsHere } from '../sockets/sockets.ts'
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

/** The same as `run` would have it: also what the environment says for this one run. */
export function loadFileAsRun(
  file: string,
  io: Io,
  machine: Machine | null = null,
): LoadedConfig | RefusedConfig {
  const loaded = loadFile(file, io, machine)
  const wanted = wantedHere(loaded.ok ? loaded.config.sockets : 'auto', io.env, kindsHere())
  if (typeof wanted !== 'string')
    return { ok: false, problems: [...(loaded.ok ? [] : loaded.problems), aside(file, wanted)] }
  return loaded.ok ? { ...loaded, config: { ...loaded.config, sockets: wanted } } : loaded
}

/** The same, with the tests of the config tried: one that fails stands against it. */
export function loadFileTested(
  file: string,
  io: Io,
  machine: Machine | null = null,
): LoadedConfig | RefusedConfig {
  return tested(loadFileAsRun(file, io, machine))
}

/** Tries the tests of a config. */
export function tested(loaded: LoadedConfig | RefusedConfig): LoadedConfig | RefusedConfig {
  const failed = loaded.ok ? atOnce(failedTests(loaded)) : []
  return failed.length > 0 ? { ok: false, problems: failed } : loaded
}

/** A problem that stands nowhere in the file. */
const aside = (file: string, { problem, path, variable }: SocketsProblem): Problem => ({
  severity: 'error',
  code: 'wrong-value',
  ...{ file, line: 1, column: 1, endLine: 1, endColumn: 1 },
  path: path ?? '',
  found: '',
  allowed: '',
  hint: null,
  message: problem,
  ...(variable !== undefined && { variable }),
})
