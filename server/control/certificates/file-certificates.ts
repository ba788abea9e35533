// Pairs of files: read for each plan, and followed while it is served. A pair that was changed takes the
// place of the old one for handshakes from then on; nothing else is touched. One that is broken changes
// nothing, and is told.
import { statSync } from 'node:fs'
import type { CertificateConfig } from '../../tls/certificate.options.ts'
import type { PemPair } from '../../tls/certificate.ts'
import { problemOf } from '../problem.ts'
import { textOf } from '../source/file-text.ts'
import type { ReadTexts } from '../source/read-once.ts'
import { filesOf, type PlacedFiles, type WantedCertificate } from '../source/wanted-certificates.ts'
import { type FileWatch, watchFile } from '../source/watch-file.ts'
import { ManyFiles } from '../source/watch-many.ts'
import type { CertificateHands, CertificateSource } from './source.ts'

/** Both files of a pair are written within so long: what does not fit before is no news. */
const SETTLE_MS = 500
/** Clocks of file systems tell a few milliseconds apart, those of others' machines a second. */
const JUST_NOW_MS = 2000
/** More are followed together, and no longer each with a watch of its own. */
const FEW_MAX = 64

export interface FileCertificatesOptions {
  readonly hands: CertificateHands
  readonly isWatching: boolean
  readonly settleMs?: number
}

export class FileCertificates implements CertificateSource {
  readonly #options: FileCertificatesOptions
  /** As they were read last, by name. */
  readonly #read = new Map<string, readonly PemPair[]>()
  /** The same with what their files looked like, where that tells one writing from another. */
  readonly #stamped = new Map<string, { readonly stamp: string; readonly pairs: readonly PemPair[] }>()
  readonly #watches = new Map<string, readonly FileWatch[]>()
  /** What is followed is of these files. */
  readonly #filesOf = new Map<string, string>()
  readonly #settling = new Map<string, Timer>()
  /** Those that files belong to, where there are many. */
  readonly #byFile = new Map<string, readonly WantedCertificate[]>()
  readonly #many = new ManyFiles((path) => {
    for (const wanted of this.#byFile.get(path) ?? []) this.#lookSoon(wanted)
  })

  constructor(options: FileCertificatesOptions) {
    this.#options = options
  }

  isFor({ cert }: CertificateConfig): boolean {
    return cert !== undefined
  }

  async textOf(wanted: WantedCertificate, read: ReadTexts = new Map()): Promise<readonly PemPair[]> {
    const pairs = await this.#pairsOf(wanted, read)
    this.#read.set(wanted.name, pairs)
    return pairs
  }

  /** What was read before, where its files are as they were then. */
  async #pairsOf(wanted: WantedCertificate, read: ReadTexts): Promise<readonly PemPair[]> {
    const { name } = wanted
    const files = filesOf(wanted)
    if (files.every(({ cert, key }) => read.has(cert) && read.has(key)))
      return files.map(({ cert, key }) => ({ cert: read.get(cert) ?? '', key: read.get(key) ?? '' }))
    const before = stampOf(files)
    const known = this.#stamped.get(name)
    if (before !== null && known?.stamp === before) return known.pairs
    const pairs = await readPairs(wanted)
    this.#stamped.delete(name)
    if (before !== null && stampOf(files) === before) this.#stamped.set(name, { stamp: before, pairs })
    return pairs
  }

  follow(all: readonly WantedCertificate[]): void {
    const wantedNow = new Set(all.map(({ name }) => name))
    for (const name of this.#stamped.keys()) if (!wantedNow.has(name)) this.#stamped.delete(name)
    if (!this.#options.isWatching) return
    const few = all.length > FEW_MAX ? [] : all
    const names = new Set(few.map(({ name }) => name))
    for (const name of this.#watches.keys()) if (!names.has(name)) this.#forget(name)
    for (const wanted of few) this.#follow(wanted)
    this.#followMany(few === all ? [] : all)
  }

  #followMany(all: readonly WantedCertificate[]): void {
    this.#byFile.clear()
    for (const wanted of all)
      for (const { cert, key } of filesOf(wanted))
        for (const path of [cert, key]) this.#byFile.set(path, [...(this.#byFile.get(path) ?? []), wanted])
    this.#many.follow(new Set(this.#byFile.keys()))
  }

  look(): void {
    this.#many.look()
    for (const watches of this.#watches.values()) for (const watch of watches) watch.look()
  }

  stop(): void {
    this.#many.stop()
    for (const timer of this.#settling.values()) clearTimeout(timer)
    for (const name of this.#watches.keys()) this.#forget(name)
  }

  #follow(wanted: WantedCertificate): void {
    const { name } = wanted
    const files = filesOf(wanted)
    const key = JSON.stringify(files)
    if (this.#filesOf.get(name) === key) return
    this.#forget(name)
    this.#filesOf.set(name, key)
    const onChange = (): void => this.#lookSoon(wanted)
    const pairs = this.#read.get(name) ?? []
    const watch = (path: string, known: string): FileWatch =>
      watchFile(known, { path, onChange, missingMs: 0 })
    this.#watches.set(
      name,
      files.flatMap(({ cert, key: keyFile }, place) => [
        watch(cert, pairs[place]?.cert ?? ''),
        watch(keyFile, pairs[place]?.key ?? ''),
      ]),
    )
  }

  #lookSoon(wanted: WantedCertificate): void {
    const { name } = wanted
    clearTimeout(this.#settling.get(name))
    const timer = setTimeout(() => {
      this.#settling.delete(name)
      void this.#replace(wanted)
    }, this.#options.settleMs ?? SETTLE_MS)
    this.#settling.set(name, timer)
  }

  async #replace(wanted: WantedCertificate): Promise<void> {
    const { hands } = this.#options
    try {
      await hands.replace(wanted.name, await readPairs(wanted))
    } catch (error) {
      hands.refused(wanted, problemOf(error).message, error instanceof Error ? errorOf(error) : {})
    }
  }

  #forget(name: string): void {
    clearTimeout(this.#settling.get(name))
    this.#settling.delete(name)
    for (const watch of this.#watches.get(name) ?? []) watch.stop()
    this.#watches.delete(name)
    this.#filesOf.delete(name)
  }
}

/** What TLS says; of a file that cannot be read, all is told. */
const errorOf = (error: Error): object =>
  error.cause instanceof Error && !('path' in error) ? { error: error.cause.message } : {}

/** What events say of a certificate: its name, where it has one, and its files. */
export function named(wanted: WantedCertificate): Record<string, unknown> {
  const files = filesOf(wanted)
  const one = <T>(list: readonly T[]): T | readonly T[] | undefined => (list.length === 1 ? list[0] : list)
  const isNamed = wanted.path.startsWith('certificates')
  return {
    ...(isNamed && { certificate: wanted.name }),
    ...(files.length > 0 && {
      cert: one(files.map(({ cert }) => cert)),
      key: one(files.map(({ key }) => key)),
    }),
  }
}

/** Null: a file is not there, or was written just now: another writing may look the same. */
function stampOf(files: readonly PlacedFiles[]): string | null {
  let stamp = ''
  for (const path of files.flatMap(({ cert, key }) => [cert, key])) {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined || Date.now() - stat.ctimeMs < JUST_NOW_MS) return null
    stamp += `${path} ${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}\n`
  }
  return stamp
}

async function readPairs(wanted: WantedCertificate): Promise<readonly PemPair[]> {
  const pairs: PemPair[] = []
  for (const files of filesOf(wanted)) pairs.push(await readPair(files))
  return pairs
}

async function readPair({ cert, key, certPath, keyPath }: PlacedFiles): Promise<PemPair> {
  return { cert: await textOf(cert, certPath), key: await textOf(key, keyPath) }
}
