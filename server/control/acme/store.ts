// What is kept of ACME in the data folder, each in a file of its own, for this user alone and written in one
// step:
//
//   acme/accounts/HASH.json       an account at a CA: its key and URL
//   acme/certificates/NAME.json   a certificate with its key, and when it is to be renewed
//   acme/certificates/NAME.log    what was done for it lately (step-log.ts)
//   acme/failures.json            which certificates and names failed, how often, and until when they wait
//   acme/lock                     held by the gateway that speaks to CAs (lock.ts)
//
// Nothing is remembered beside the files: gateways may share them.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { readBounded } from '../../lib/read-bounded.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import type { Failures } from './failures.ts'

const FILE_BYTES_MAX = 4 * 1_048_576

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

  certificate(name: string): KeptCertificate | null {
    const isWhole = ({ cert, key, names, renewAtMs }: Partial<KeptCertificate>): boolean =>
      isText(cert) && isText(key) && Array.isArray(names) && typeof renewAtMs === 'number'
    return this.#read<KeptCertificate>(this.fileOf(name), isWhole)
  }

  keepCertificate(name: string, certificate: KeptCertificate): void {
    this.#write(this.fileOf(name), certificate)
  }

  failures(): Failures {
    return this.#read<Failures>(this.#failuresFile, isMap) ?? {}
  }

  keepFailures(failures: Failures): void {
    this.#write(this.#failuresFile, failures)
  }

  get lockFile(): string {
    return join(this.folder, 'lock')
  }

  fileOf(name: string): string {
    return join(this.folder, 'certificates', `${name}.json`)
  }

  get #failuresFile(): string {
    return join(this.folder, 'failures.json')
  }

  #accountFile(directory: string, kid: string | null): string {
    const hash = createHash('sha256')
      .update(`${directory}\0${kid ?? ''}`)
      .digest('hex')
      .slice(0, 16)
    return join(this.folder, 'accounts', `${hash}.json`)
  }

  /** Null: it is not there, or is none of ours. */
  #read<T>(file: string, isWhole: (value: Partial<T>) => boolean): T | null {
    try {
      const value: unknown = JSON.parse(Buffer.from(readBounded(file, FILE_BYTES_MAX)).toString('utf8'))
      return isMap(value) && isWhole(value as Partial<T>) ? (value as T) : null
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // What is there and may not be read is not taken for nothing: it would be obtained anew each time.
      if (code !== undefined && code !== 'ENOENT') throw error
      return null
    }
  }

  #write(file: string, value: object): void {
    writeWhole(file, `${JSON.stringify(value)}\n`, { isLasting: true })
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isMap = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
