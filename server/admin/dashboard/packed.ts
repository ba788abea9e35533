// The dashboard that is embedded in the executable: one file, which web/pack.ts writes. Nothing of it is read
// before somebody asks, and of a file only the bytes that are sent.
import { join } from 'node:path'
import type { Coding, DashboardFile, DashboardFiles, Variant } from './files.ts'

/** Its name in the executable, and in dist/ before. */
export const PACK = 'dashboard.pack'

export interface PackHead {
  /** By path below `/_admin/`. */
  readonly files: Readonly<Record<string, PackedFile>>
}

export interface PackedFile extends Readonly<Partial<Record<Coding, PackedCoding>>> {
  readonly type: string
  readonly identity: PackedCoding
}

export interface PackedCoding {
  /** Bytes behind the head. */
  readonly at: number
  readonly length: number
  readonly etag: string
}

const LENGTH_BYTES = 4

export class PackedFiles implements DashboardFiles {
  readonly #files: ReadonlyMap<string, PackedFile>
  readonly #bytes: Blob

  private constructor(head: PackHead, bytes: Blob) {
    this.#files = new Map(Object.entries(head.files))
    this.#bytes = bytes
  }

  static async open(pack: Blob): Promise<PackedFiles> {
    const length = new DataView(await pack.slice(0, LENGTH_BYTES).arrayBuffer()).getUint32(0)
    const from = LENGTH_BYTES + length
    return new PackedFiles(
      (await pack.slice(LENGTH_BYTES, from).json()) as PackHead,
      pack.slice(from, pack.size),
    )
  }

  find(path: string): Promise<DashboardFile | null> {
    const packed = this.#files.get(path)
    if (packed === undefined) return Promise.resolve(null)
    const { type, identity, br, gzip } = packed
    return Promise.resolve({
      type,
      identity: this.#variant(identity),
      ...(br !== undefined && { br: this.#variant(br) }),
      ...(gzip !== undefined && { gzip: this.#variant(gzip) }),
    })
  }

  #variant({ at, length, etag }: PackedCoding): Variant {
    return { etag, body: this.#bytes.slice(at, at + length) }
  }
}

/** What this executable embeds, as build.ts does it. */
export const embeddedPack = (): Blob => Bun.file(join(import.meta.dir, PACK))
