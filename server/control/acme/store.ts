// What is kept of ACME in the data folder, each in a file of its own, for this user alone and written in one
// step:
//
//   acme/accounts/HASH.json       an account at a CA: its key and URL
//   acme/certificates/NAME/HASH.json   a certificate with its key, and when it is to be renewed
//   acme/certificates/NAME/steps.log   what was done for it lately (step-log.ts)
//   acme/on-demand.json          names that came on demand, by certificate, and when each was asked for last
//   acme/failures.json            which certificates and names failed, how often, and until when they wait
//   acme/lock                     held by the gateway that speaks to CAs (lib/file-lock.ts)
//
// Nothing is remembered that a file does not say at that moment: gateways may share them. HASH is of the
// names, the kind of key and the CA, so that gateways that mean different certificates by one NAME do not
// take each other's away.
import { createHash } from 'node:crypto'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { isPlainName } from '../../lib/demanded-name.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import { whyUnfit } from '../../tls/why-unfit.ts'
import { type Failures, sound } from './failures.ts'
import type { Wanted } from './wanted.ts'

/** That of failures has a line for each certificate and each name. */
const FILE_BYTES_MAX = 64 * 1_048_576
/** Clocks of gateways that share a folder are apart by less. */
const SKEW_MS = 3_600_000
/** What a certificate with its chain and key takes, and more. */
const ROOM_BYTES = 65_536
/** Certificates that are kept by one name: of other names it was once for, or of other gateways. */
const KEPT_MAX = 8

export interface KeptAccount {
  readonly directory: string
  readonly url: string
  readonly key: JWK
}

/** What a CA wants of a certificate's renewal (RFC 9773). */
export interface RenewalAdvice {
  readonly fromMs: number
  readonly toMs: number
  /** Chosen within. */
  readonly atMs: number
  /** Why, where the CA says so: a URL. */
  readonly explanation: string | null
}

/** By the name that their certificate has in the config. */
export type Learned = Readonly<
  Record<
    string,
    {
      /** When a client asked for each last. */
      readonly names: Readonly<Record<string, number>>
      /** When new ones came lately. */
      readonly admitted: readonly number[]
    }
  >
>

export const NOTHING_LEARNED: Learned = {}

export interface KeptCertificate {
  /** PEM texts. */
  readonly cert: string
  readonly key: string
  readonly names: readonly string[]
  /** Of the CA that signed it. */
  readonly directory: string
  readonly keyType: string
  readonly obtainedMs: number
  readonly renewAtMs: number
  readonly advice: RenewalAdvice | null
  /** When the CA is to be asked for it again. */
  readonly adviseAtMs: number
}

export class Store {
  readonly folder: string
  /** Asked for with each name that a client wants: read again only where it is another file. */
  #failures: { readonly mark: string; readonly read: Failures } | null = null

  constructor(data: string) {
    this.folder = join(data, 'acme')
  }

  /** By the CA, and by the account elsewhere that it is bound to. */
  account(directory: string, kid: string | null): KeptAccount | null {
    return this.#read<KeptAccount>(
      this.#accountFile(directory, kid),
      ({ url, key }) => isText(url) && isMap(key),
    )
  }

  keepAccount(account: KeptAccount, kid: string | null): void {
    this.#write(this.#accountFile(account.directory, kid), account)
  }

  /** The CA knows it no more. */
  forgetAccount(directory: string, kid: string | null): void {
    rmSync(this.#accountFile(directory, kid), { force: true })
  }

  /**
   * What was obtained last of what is wanted; else what was obtained last by this name; null: nothing. What
   * was obtained later than now, as a clock was ahead then, comes after all others: it would hide each one
   * that is obtained in its place, and another would be asked for without end.
   */
  certificate(wanted: Wanted, nowMs: number): KeptCertificate | null {
    const age = ({ obtainedMs }: KeptCertificate): number =>
      obtainedMs > nowMs + SKEW_MS ? Number.POSITIVE_INFINITY : nowMs - obtainedMs
    const all = this.#certificates(wanted.name).toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
    return all.find((kept) => isWanted(kept, wanted)) ?? all[0] ?? null
  }

  /** Throws where a certificate could not be kept: then no CA is to be asked for it. */
  prove(name: string): void {
    const file = join(this.folderOf(name), 'room')
    writeWhole(file, 'x'.repeat(ROOM_BYTES))
    rmSync(file, { force: true })
  }

  keepCertificate(name: string, certificate: KeptCertificate): void {
    const { names, keyType, directory } = certificate
    const hash = hashOf(JSON.stringify([names.toSorted(), keyType, directory]))
    this.#write(join(this.folderOf(name), `${hash}.json`), certificate)
    for (const file of this.#outdated(name)) rmSync(file, { force: true })
  }

  #certificates(name: string): KeptCertificate[] {
    const isWhole = ({ cert, key, names, ...when }: Partial<KeptCertificate>): boolean =>
      isText(cert) &&
      isText(key) &&
      Array.isArray(names) &&
      [when.obtainedMs, when.renewAtMs, when.adviseAtMs].every((ms) => Number.isFinite(ms)) &&
      // What a disk has spoilt is obtained anew: served, it would keep the gateway from starting.
      whyUnfit({ cert, key }, { cert: '', key: '' }) === null
    return this.#filesOf(name).flatMap((file) => this.#read<KeptCertificate>(file, isWhole) ?? [])
  }

  #filesOf(name: string): string[] {
    const folder = this.folderOf(name)
    try {
      return readdirSync(folder).flatMap((file) =>
        /^[0-9a-f]{16}\.json$/.test(file) ? [join(folder, file)] : [],
      )
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  /** Those that were written long before others. */
  #outdated(name: string): string[] {
    const all = this.#filesOf(name).map((file) => ({
      file,
      mtimeMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    const newestFirst = all.toSorted((a, b) => b.mtimeMs - a.mtimeMs)
    return newestFirst.slice(KEPT_MAX).map(({ file }) => file)
  }

  learned(): Learned {
    const kept = this.#read<Record<string, unknown>>(this.#learnedFile, isMap) ?? NOTHING_LEARNED
    return Object.fromEntries(Object.entries(kept).map(([name, one]) => [name, soundlyLearned(one)]))
  }

  keepLearned(learned: Learned): void {
    this.#write(this.#learnedFile, learned)
  }

  /** All that is kept by this name. Never throws: what stays does no harm. */
  forgetCertificate(name: string): void {
    try {
      rmSync(this.folderOf(name), { recursive: true, force: true })
    } catch {
      // It is found again by nobody.
    }
  }

  failures(): Failures {
    // Marked first: what is written between the two is read the next time.
    const mark = markOf(this.#failuresFile)
    if (mark !== null && this.#failures?.mark === mark) return this.#failures.read
    const read = sound(this.#read<Failures>(this.#failuresFile, isMap) ?? {})
    this.#failures = mark === null ? null : { mark, read }
    return read
  }

  keepFailures(failures: Failures): void {
    this.#failures = null
    this.#write(this.#failuresFile, failures)
  }

  get lockFile(): string {
    return join(this.folder, 'lock')
  }

  /** What belongs to a certificate. Names may be nothing but dots. */
  folderOf(name: string): string {
    return join(
      this.folder,
      'certificates',
      name.replace(/^\.+$/, (dots) => dots.replaceAll('.', '%2E')),
    )
  }

  get #learnedFile(): string {
    return join(this.folder, 'on-demand.json')
  }

  get #failuresFile(): string {
    return join(this.folder, 'failures.json')
  }

  #accountFile(directory: string, kid: string | null): string {
    return join(this.folder, 'accounts', `${hashOf(`${directory}\0${kid ?? ''}`)}.json`)
  }

  /** Null: it is not there, or is none of ours. */
  #read<T>(file: string, isWhole: (value: Partial<T>) => boolean): T | null {
    const value = parsed(textIn(file))
    return isMap(value) && isWhole(value as Partial<T>) ? (value as T) : null
  }

  #write(file: string, value: object): void {
    writeWhole(file, `${JSON.stringify(value)}\n`, { isLasting: true })
  }
}

/**
 * Empty: it is not there. What is there and cannot be read is not taken for nothing: all would be asked for
 * anew.
 */
function textIn(file: string): string {
  try {
    return Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** Of a file as it stands: others replace it as a whole. Null: it is not there, or cannot be seen. */
function markOf(file: string): string | null {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch {
    return null
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Whether a certificate that was kept is the one that is wanted. */
export function isWanted(kept: KeptCertificate, { names, issuers, config }: Wanted): boolean {
  return (
    kept.keyType === config.key_type &&
    issuers.some(({ directory }) => directory === kept.directory) &&
    kept.names.length === names.length &&
    names.every((name) => kept.names.includes(name))
  )
}

function soundlyLearned(one: unknown): Learned[string] {
  const { names, admitted } = (isMap(one) ? one : {}) as Partial<Record<keyof Learned[string], unknown>>
  const all = Object.entries(isMap(names) ? names : {})
  return {
    names: Object.fromEntries(all.filter(([name, ms]) => isPlainName(name) && Number.isFinite(ms))),
    admitted: Array.isArray(admitted) ? admitted.filter((ms) => Number.isFinite(ms)) : [],
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

const isText = (value: unknown): value is string => typeof value === 'string'
const isMap = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
