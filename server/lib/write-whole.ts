// A small file of our own, written in one step: a reader sees the old text or the new one.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Writes it for this user alone, in a folder that is made where it is not there. Throws when it cannot. */
export function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`)
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, file)
}
