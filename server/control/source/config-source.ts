// The config file as the supervisor reads it.
import { resolve } from 'node:path'
import type { PathRule } from '../../config/named-paths.ts'
import type { Problem } from '../../config/problem.ts'
import { inSlices } from '../../lib/slices.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import type { LoadedConfig } from '../../config/load.ts'
import type { Found } from '../explain/looked-through.ts'
import { RememberedPairs } from './good-pairs.ts'
import { pluginInputs } from './plugin-inputs.ts'
import { keepRead } from './read-once.ts'
import { tlsFiles } from './tls-files.ts'
import { filesOf, wantedCertificates } from './wanted-certificates.ts'
import type { LogLevel } from '../../telemetry/log.ts'
import type { ApplyProblem, Checked, Edition } from '../problem.ts'

export interface SourceOptions {
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Goes before the level in the file. */
  readonly level: LogLevel | null
  /** What is to take the place of the file's text; null: what stands in the file. */
  readonly given?: GivenText | null
}

/** A text for the config file that does not stand there yet. */
export interface GivenText extends Pick<Edition, 'text' | 'from' | 'by' | 'replaces'> {
  /** As `${…}` has them: all that it may have filled in; nothing: whatever is named. */
  readonly fillsOnly?: ReadonlySet<string> | null
  /** Files and sockets that it may name; nothing: whatever it does. */
  readonly namesOnly?: PathRule | null
}

export interface ReadConfig {
  readonly checked: Checked
  /** Things to look at in a valid config, as lines for people. */
  readonly warnings: readonly string[]
  /** As it stood in the file; null when it cannot be read. */
  readonly text: string | null
  /**
   * Texts of the files that it takes values from, by path, null where one cannot be read; of one that is not
   * valid, as far as it was read.
   */
  readonly files: ReadonlyMap<string, string | null>
}

/** Whose process it is: of a gateway that starts, of one that serves, or one that only reads. */
export type Reader = 'start' | 'here' | 'apart'

/**
 * Reads and checks the file. The schema compiler and the YAML parser are loaded here, beside which workers
 * already start.
 */
export async function readConfig(
  { file, env, level, given = null }: SourceOptions,
  by: Reader = 'here',
): Promise<ReadConfig> {
  const [{ loadConfig }, { formatProblem, inOrder }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/problem.ts'),
  ])
  // What was read is what watches know: a later change is seen as one, and nothing is applied twice.
  const read = new Map<string, Uint8Array | null>()
  const loaded = loadConfig(file, env, {
    readFile: (path, bytesMax) => {
      const place = resolve(path)
      read.set(place, null)
      const isGiven = given !== null && path === file
      const bytes = isGiven ? new TextEncoder().encode(given.text) : readBounded(path, bytesMax)
      read.set(place, bytes)
      return bytes
    },
    goodPairs: (data) => new RememberedPairs(data),
    fillsOnly: given?.fillsOnly ?? null,
    namesOnly: given?.namesOnly ?? null,
  })
  const text = decoded(read.get(resolve(file)))
  const { failed, warnings } = loaded.ok ? await lookedThrough(loaded, by) : NOTHING
  if (!loaded.ok || failed.length > 0) {
    const problems = (loaded.ok ? failed : loaded.problems).map((one) => told(one, formatProblem(one)))
    read.delete(resolve(file))
    const files = new Map([...read].map(([path, bytes]) => [path, decoded(bytes)]))
    return { checked: { is: 'invalid', problems }, warnings: [], text, files }
  }
  const { logs } = loaded.config
  const config = { ...loaded.config, logs: { ...logs, level: level ?? logs.level } }
  // With a byte order mark, where there is one: the text may be written back.
  const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(read.get(resolve(file)) ?? undefined)
  const own = pairFiles(loaded)
  keepRead(config, read, own)
  return {
    checked: {
      is: 'valid',
      edition: {
        text: whole,
        hash: loaded.hash,
        config,
        from: given?.from ?? 'file',
        by: given?.by ?? null,
        replaces: given?.replaces ?? null,
      },
    },
    warnings: inOrder([...loaded.warnings, ...warnings]).map(formatProblem),
    text,
    files: new Map([
      ...followed(loaded, own).map((path) => [path, decoded(read.get(path))] as const),
      ...pluginInputs(Object.values(config.plugins)),
    ]),
  }
}

const NOTHING: Found = { failed: [], warnings: [] }

/** A start does not wait until more are looked through: `sluice check` and each change tell of them. */
const LINTED_AT_START = 1000

/** In slices: others are served meanwhile. */
async function lookedThrough(loaded: LoadedConfig, by: Reader): Promise<Found> {
  const { rules, tests } = loaded.config
  const isLong = by === 'start' && rules.length > LINTED_AT_START
  const failed = tests.length === 0 ? [] : await failedTestsOf(loaded, by)
  const warnings =
    rules.length === 0 || isLong
      ? []
      : await inSlices((await import('../explain/lint-warnings.ts')).lintWarnings(loaded))
  return { failed, warnings }
}

async function failedTestsOf(loaded: LoadedConfig, by: Reader): Promise<readonly Problem[]> {
  const [{ failedTests }, { serveDatabasesOf }] = await Promise.all([
    import('../explain/config-tests.ts'),
    import('../explain/tests-geo.ts'),
  ])
  // Who serves others asks the databases that it serves with.
  const takeAway = by === 'here' ? null : serveDatabasesOf(loaded.config)
  try {
    return await inSlices(failedTests(loaded))
  } finally {
    takeAway?.()
  }
}

/** Files of certificates. */
function pairFiles({ config }: LoadedConfig): readonly string[] {
  const wanted = [...wantedCertificates(config).values()]
  return wanted.flatMap(filesOf).flatMap(({ cert, key }) => [cert, key])
}

/** What a change of is a change of the config. Certificates are followed for themselves. */
function followed({ files, config }: LoadedConfig, pairs: readonly string[]): readonly string[] {
  const own = new Set([...pairs, ...tlsFiles(config).keys()])
  return files.filter((path) => !own.has(path))
}

const decoded = (bytes: Uint8Array | null | undefined): string | null =>
  bytes ? new TextDecoder().decode(bytes) : null

const FILE_BYTES_MAX = 16 * 1024 * 1024

/** The text of a file; null when it cannot be read. */
export function readText(file: string): string | null {
  try {
    return new TextDecoder().decode(readBounded(file, FILE_BYTES_MAX))
  } catch {
    return null
  }
}

const told = (problem: Problem, line: string): ApplyProblem => ({ ...problem, text: line })
