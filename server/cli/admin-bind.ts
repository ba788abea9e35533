// Where a gateway's admin listener is, as its config file says.
import { loadConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'

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
