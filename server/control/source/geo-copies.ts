// Copies of geo databases in the data folder, which nobody changes: workers map them, and one that starts
// later finds what is served, whatever has become of the file that the config names.
import { createHash } from 'node:crypto'
import { constants, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { whyNoDatabase } from '../../geo/database.ts'
import { mapped } from '../../geo/where.ts'

/** Larger ones are refused; that of all cities of the world has 70 MB. */
const FILE_BYTES_MAX = 1024 * 1024 * 1024
const PIECE_BYTES = 1024 * 1024
const SUFFIX = '.mmdb'

export class GeoCopies {
  readonly #folder: string
  /** By the path of the file: the copy of what stood there. */
  readonly #known = new Map<string, { readonly stamp: string; readonly copy: string }>()
  /** Of each file when it was last looked at, whatever came of it. */
  readonly #tried = new Map<string, string | null>()

  constructor(data: string) {
    this.#folder = join(data, 'geo')
  }

  /** Whether a file may say something else than when it was last looked at, or its copy was taken away. */
  isOther(file: string): boolean {
    const known = this.#known.get(file)
    return this.#tried.get(file) !== stampOf(file) || (known !== undefined && stampOf(known.copy) === null)
  }

  /** The path of a copy of what stands in a file; throws why there is none. */
  async copyOf(file: string): Promise<string> {
    const stamp = stampOf(file)
    this.#tried.set(file, stamp)
    const known = this.#known.get(file)
    if (stamp !== null && known?.stamp === stamp && stampOf(known.copy) !== null) return known.copy
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const unfinished = join(this.#folder, `.${process.pid}-${crypto.randomUUID()}`)
    try {
      const copy = join(this.#folder, `${await copied(file, unfinished)}${SUFFIX}`)
      const why = whyNoDatabase(mapped(unfinished))
      if (why !== null) throw new Error(why)
      renameSync(unfinished, copy)
      this.#known.set(file, { stamp: stamp ?? '', copy })
      return copy
    } finally {
      rmSync(unfinished, { force: true })
    }
  }

  /** Others than these are not needed any more. What is mapped stays as long as it is. */
  keep(copies: ReadonlySet<string>): void {
    let names: readonly string[] = []
    try {
      names = readdirSync(this.#folder)
    } catch {
      // There is none yet.
    }
    for (const name of names) {
      const path = join(this.#folder, name)
      if (name.endsWith(SUFFIX) && !copies.has(path)) rmSync(path, { force: true })
    }
  }
}

/** Tells a file from what stood in its place before; null: there is none. */
function stampOf(file: string): string | null {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return null
  }
}

/** Copies in pieces, so that whoever else is served here goes on; the SHA-256 of what was read. */
async function copied(file: string, to: string): Promise<string> {
  const { O_RDONLY, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL } = constants
  await using source = await open(file, O_RDONLY | O_NONBLOCK)
  const stat = await source.stat()
  if (stat.isDirectory()) throw new Error('it is a folder')
  if (!stat.isFile()) throw new Error('it is no regular file')
  if (stat.size > FILE_BYTES_MAX) throw new Error(`it is larger than ${FILE_BYTES_MAX} bytes`)
  if (stat.size === 0) throw new Error('it is empty')
  await using copy = await open(to, O_WRONLY | O_CREAT | O_EXCL, 0o600)
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let at = 0; at < FILE_BYTES_MAX;) {
    const { bytesRead } = await source.read(piece, 0, PIECE_BYTES, at)
    if (bytesRead === 0) break
    const part = piece.subarray(0, bytesRead)
    hash.update(part)
    await copy.write(part, 0, bytesRead)
    at += bytesRead
  }
  return hash.digest('hex').slice(0, 32)
}
