// Where a gateway's admin listener is, as its config file says.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'

const DEFAULT_FILES = ['./sluice.yaml', '/etc/sluice/sluice.yaml']

/** The file that was named, else the first default one that exists; null: none does. */
export function findConfigFile(named: string | null, cwd: string): string | null {
  if (named !== null) return resolve(cwd, named)
  return DEFAULT_FILES.map((file) => resolve(cwd, file)).find((file) => existsSync(file)) ?? null
}

/** `admin.bind` of a config file, or why it cannot be told. */
export function readAdminBind(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): string | { readonly problem: string } {
  const loaded = loadConfig(file, env)
  if (!loaded.ok) {
    const first = loaded.problems.find(({ severity }) => severity === 'error')
    const why = first === undefined ? file : formatProblem(first)
    return {
      problem: `the config file does not tell where to ask: ${why}\nname the admin listener with --admin URL`,
    }
  }
  const { admin } = loaded.config
  return admin === false ? { problem: `${file} turns the admin listener off (admin: false)` } : admin.bind
}
