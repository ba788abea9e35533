// Reads of /proc: whatever is gone meanwhile, is another user's, or is not there at all, is empty.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export const procText = (file: string, encoding: 'utf8' | 'latin1' = 'utf8'): string =>
  orEmpty(() => readFileSync(file, encoding), '')
export const procLink = (link: string): string => orEmpty(() => readlinkSync(link), '')
export const procEntries = (folder: string): string[] => orEmpty(() => readdirSync(folder), [])

function orEmpty<T>(read: () => T, empty: T): T {
  try {
    return read()
  } catch {
    return empty
  }
}
