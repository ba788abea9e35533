// The config file as the supervisor reads it.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Problem } from '../config/problem.ts'
import type { LogLevel } from '../telemetry/log.ts'
import type { ApplyProblem, Checked } from './apply.ts'

export interface SourceOptions {
  readonly file: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Goes before the level in the file. */
  readonly level: LogLevel | null
}

export interface ReadConfig {
  readonly checked: Checked
  /** Things to look at in a valid config, as lines for people. */
  readonly warnings: readonly string[]
  /** As it stood in the file; null when it cannot be read. */
  readonly text: string | null
  /** Texts of the files that it takes values from, by path; null when it is not valid. */
  readonly files: ReadonlyMap<string, string> | null
}

/** Reads and checks the file. The schema compiler and the YAML parser are loaded here, beside which workers already start. */
export async function readConfig({ file, env, level }: SourceOptions): Promise<ReadConfig> {
  const [{ loadConfig, readBounded }, { formatProblem }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/problem.ts'),
  ])
  // What was read is what watches know: a later change is seen as one, and nothing is applied twice.
  const texts = new Map<string, string>()
  const loaded = loadConfig(file, env, (path, bytesMax) => {
    const bytes = readBounded(path, bytesMax)
    texts.set(resolve(path), new TextDecoder().decode(bytes))
    return bytes
  })
  const text = texts.get(resolve(file)) ?? null
  if (!loaded.ok) {
    const problems = loaded.problems.map((problem) => told(problem, formatProblem(problem)))
    return { checked: { is: 'invalid', problems }, warnings: [], text, files: null }
  }
  const { logs } = loaded.config
  const config = { ...loaded.config, logs: { ...logs, level: level ?? logs.level } }
  return {
    checked: { is: 'valid', config },
    warnings: loaded.warnings.map(formatProblem),
    text,
    files: new Map(loaded.files.map((path) => [path, texts.get(path) ?? ''])),
  }
}

/** The text of a file; null when it cannot be read. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

const told = (problem: Problem, line: string): ApplyProblem => ({ ...problem, text: line })
