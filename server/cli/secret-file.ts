// Secrets from files: on a command line other users of the machine would see them.
import { resolve } from 'node:path'
import { readPipeToo, readStdin } from '../lib/read-bounded.ts'
import { whyFailed } from './failure.ts'
import type { Io } from './io.ts'

/** No secret is longer: the wrong file was named. */
const BYTES_MAX = 65_536

/** What a file holds, its last line break left out; "-" is stdin. */
export function readSecret(file: string, io: Io): string | { readonly problem: string } {
  try {
    const bytes = file === '-' ? readStdin(BYTES_MAX) : readPipeToo(resolve(io.cwd, file), BYTES_MAX)
    const secret = new TextDecoder().decode(bytes).replace(/\r?\n$/, '')
    return secret === '' ? { problem: `${file} is empty` } : secret
  } catch (error) {
    return { problem: `${file} cannot be read: ${whyFailed(error)}` }
  }
}
