// Secrets from files: on a command line other users of the machine would see them.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Io } from './io.ts'

/** What a file holds, its last line break left out; "-" is stdin. */
export function readSecret(file: string, io: Io): string | { readonly problem: string } {
  try {
    const secret = readFileSync(file === '-' ? 0 : resolve(io.cwd, file), 'utf8').replace(/\r?\n$/, '')
    return secret === '' ? { problem: `${file} is empty` } : secret
  } catch (error) {
    return { problem: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
}
