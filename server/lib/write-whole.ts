// A small file of our own, written in one step: a reader sees the old text or the new one.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

export interface WholeOptions {
  /** It is there when this returns also after a power cut: that waits for the disk. */
  readonly isLasting?: boolean
}

/** Writes it for this user alone, in a folder that is made where it is not there. Throws when it cannot. */
export function writeWhole(file: string, text: string, { isLasting = false }: WholeOptions = {}): void {
  const folder = dirname(file)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // One name for all: what a process that was killed has left there goes with the next.
  const temporary = join(folder, `.${basename(file)}.new`)
  try {
    writeFileSync(temporary, text, { mode: 0o600, flush: isLasting })
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  if (isLasting) keepNames(folder)
}

/** So that a new name in a folder outlives a power cut. */
export function keepNames(folder: string): void {
  try {
    const fd = openSync(folder, 'r')
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Some file systems cannot: the name is as safe as they make it.
  }
}
