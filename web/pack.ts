// Packs the bundle into one file, which the executable embeds: each file as it is, and compressed once for
// all.
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { etagOf } from '../server/admin/dashboard/variant.ts'
import type { PackedCoding, PackedFile, PackHead } from '../server/admin/dashboard/packed.ts'

/** By ending; a file of another one is an error of the build. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}
/** Compressed by themselves. */
const DENSE = ['.png', '.ico', '.woff2']

const brotli = promisify(brotliCompress)
const gzipped = promisify(gzip)

/**
 * Writes the files below `folder` as one: four bytes (big endian) with the length of a head in JSON, the
 * head, and the bytes that it points into, counted from where it ends.
 */
export async function pack(folder: string, file: string): Promise<void> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort()
  const codedAll = await Promise.all(paths.map((path) => coded(join(folder, path))))
  const bodies: Buffer[] = []
  let at = 0
  const put = (bytes: Buffer): PackedCoding => {
    const place = { at, length: bytes.length, etag: etagOf(bytes) }
    bodies.push(bytes)
    at += bytes.length
    return place
  }
  const files: Record<string, PackedFile> = {}
  for (const [index, path] of paths.entries()) {
    const type = TYPES[extname(path)]
    if (type === undefined) throw new Error(`${path}: what type is it? Add its ending to web/pack.ts.`)
    const { identity, br, gzip } = codedAll[index] ?? { identity: Buffer.alloc(0), br: null, gzip: null }
    files[path] = {
      type,
      identity: put(identity),
      ...(br !== null && { br: put(br) }),
      ...(gzip !== null && { gzip: put(gzip) }),
    }
  }
  const head = Buffer.from(JSON.stringify({ files } satisfies PackHead))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(head.length)
  await writeFile(file, Buffer.concat([length, head, ...bodies]))
}

interface Coded {
  readonly identity: Buffer
  /** Null: it would not be smaller. */
  readonly br: Buffer | null
  readonly gzip: Buffer | null
}

async function coded(file: string): Promise<Coded> {
  const identity = readFileSync(file)
  if (DENSE.includes(extname(file))) return { identity, br: null, gzip: null }
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: identity.length,
  }
  const [br, gz] = await Promise.all([brotli(identity, { params }), gzipped(identity, { level: 9 })])
  const ifSmaller = (bytes: Buffer): Buffer | null => (bytes.length < identity.length ? bytes : null)
  return { identity, br: ifSmaller(br), gzip: ifSmaller(gz) }
}
