// Which config file a command is about.
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { whyUnread } from '../config/why-unread.ts'
import type { Args } from './args.ts'

export const DEFAULT_FILES = ['./sluice.yaml', '/etc/sluice/sluice.yaml']

/** Said where a file is needed, none was named, and no default one exists. */
export const NO_FILE = `there is no ${DEFAULT_FILES.join(' and no ')}; name a config file with -c FILE`

/** The file that was named, by -c or as a word of its own; null: none was. */
export function namedFile(read: Args): { readonly named: string | null } | { readonly problem: string } {
  const [word = null] = read.words
  const option = read.value('config')
  if (word !== null && option !== null) return { problem: 'the config file is named twice' }
  return { named: word ?? option }
}

/**
 * The file that was named, else the first default one that exists; null: none does. A problem when it is none
 * that could be read.
 */
export function findConfigFile(
  named: string | null,
  cwd: string,
): { readonly file: string | null } | { readonly problem: string } {
  if (named === null) return findDefaultFile(cwd)
  const problem = whyNoFile(named, cwd)
  return problem === null ? { file: resolve(cwd, named) } : { problem }
}

function findDefaultFile(cwd: string): { readonly file: string | null } | { readonly problem: string } {
  for (const file of DEFAULT_FILES) {
    const problem = whyNoFile(file, cwd)
    if (problem === null) return { file: resolve(cwd, file) }
    // One that is there and cannot be read is not passed over in silence: another one would be served.
    if (problem !== missing(file)) return { problem }
  }
  return { file: null }
}

const missing = (named: string): string => `there is no file ${named}`

/** Why this is no file that could be read; null: it is one. */
export function whyNoFile(named: string, cwd: string): string | null {
  if (named === '') return 'the name of the config file is empty'
  try {
    const stat = statSync(resolve(cwd, named), { throwIfNoEntry: false })
    if (stat === undefined) return missing(named)
    if (!stat.isDirectory()) return null
  } catch (error) {
    const isClosed = error instanceof Error && 'code' in error && error.code === 'EACCES'
    return `${named} cannot be read: ${isClosed ? 'we may not look into its folder' : `it is ${whyUnread(error)}`}`
  }
  const inside = join(named, 'sluice.yaml')
  return `${named} is a folder${existsSync(resolve(cwd, inside)) ? `; did you mean ${inside}?` : ', not a config file'}`
}
