// Which config file a command is about.
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

const DEFAULT_FILES = ['./sluice.yaml', '/etc/sluice/sluice.yaml']

/** Said where a file is needed, none was named, and no default one exists. */
export const NO_FILE = `there is no ${DEFAULT_FILES.join(' and no ')}; name a config file with -c FILE`

/** The file that was named, else the first default one that exists; null: none does. A problem when the named one is none. */
export function findConfigFile(
  named: string | null,
  cwd: string,
): { readonly file: string | null } | { readonly problem: string } {
  if (named === null) {
    const files = DEFAULT_FILES.map((file) => resolve(cwd, file))
    return { file: files.find((file) => whyNoFile(file, cwd) === null) ?? null }
  }
  const problem = whyNoFile(named, cwd)
  return problem === null ? { file: resolve(cwd, named) } : { problem }
}

/** Why this is no file that could be read; null: it is one. */
function whyNoFile(named: string, cwd: string): string | null {
  const stat = statSync(resolve(cwd, named), { throwIfNoEntry: false })
  if (stat === undefined) return `there is no file ${named}`
  if (!stat.isDirectory()) return null
  const inside = join(named, 'sluice.yaml')
  return `${named} is a folder${existsSync(resolve(cwd, inside)) ? `; did you mean ${inside}?` : ', not a config file'}`
}
