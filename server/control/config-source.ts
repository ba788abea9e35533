// The config file as the supervisor reads it.
import { readFileSync } from 'node:fs'
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
  /** As it stood in the file; null when it is not valid. */
  readonly text: string | null
}

/** Reads and checks the file. The schema compiler and the YAML parser are loaded here, beside which workers already start. */
export async function readConfig({ file, env, level }: SourceOptions): Promise<ReadConfig> {
  const [{ loadConfig }, { formatProblem }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/problem.ts'),
  ])
  const loaded = loadConfig(file, env)
  if (!loaded.ok) {
    const problems = loaded.problems.map((problem) => told(problem, formatProblem(problem)))
    return { checked: { is: 'invalid', problems }, warnings: [], text: null }
  }
  const { logs } = loaded.config
  const config = { ...loaded.config, logs: { ...logs, level: level ?? logs.level } }
  return { checked: { is: 'valid', config }, warnings: loaded.warnings.map(formatProblem), text: loaded.text }
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
