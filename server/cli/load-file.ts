// Loading a config file for a command.
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts'
import { inOrder, type Problem } from '../config/problem.ts'
import type { Machine } from '../config/world.ts'
import type { ReadFile } from '../config/substitute.ts'
import { lookThrough } from '../control/explain/looked-through.ts'
import { serveDatabasesOf } from '../control/explain/tests-geo.ts'
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

/** Tries the tests of a config, and looks its rules through. */
export function tested(loaded: LoadedConfig | RefusedConfig): LoadedConfig | RefusedConfig {
  if (!loaded.ok) return loaded
  const takeAway = loaded.config.tests.length > 0 ? serveDatabasesOf(loaded.config) : null
  const { failed, warnings } = atOnce(lookThrough(loaded))
  takeAway?.()
  if (failed.length > 0) return { ok: false, problems: failed }
  return warnings.length === 0 ? loaded : { ...loaded, warnings: inOrder([...loaded.warnings, ...warnings]) }
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
