// Writes a text into a file that cannot be replaced, as one that is mounted by itself into a container. For a
// moment it is neither the old one nor the new one: what it was is kept beside it first.
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs'

/** Beside the file, with its mode. */
export const backupOf = (file: string): string => `${file}.bak`

/** Throws when it cannot; then the file is as it was, or the backup has what it was. */
export function writeInPlace(file: string, text: string): void {
  accessSync(file, constants.W_OK)
  const backup = backupOf(file)
  copyFileSync(file, backup)
  flush(backup)
  try {
    overwrite(file, Buffer.from(text))
  } catch (error) {
    copyFileSync(backup, file)
    throw error
  }
}

function overwrite(file: string, bytes: Uint8Array): void {
  const fd = openSync(file, 'r+')
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
    ftruncateSync(fd, bytes.length)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function flush(file: string): void {
  const fd = openSync(file, 'r+')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
