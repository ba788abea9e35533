// A certificate as listeners serve it: chains with their keys, and the contexts that handshakes are made of.
import type { SecureContext } from 'node:tls'
import { chainText } from '../lib/pem.ts'
import { isSelfIssued } from './read-leaf.ts'
import type { TlsSettings } from './tls-settings.ts'

/** A chain, its own certificate first, and its key; PEM texts. */
export interface PemPair {
  readonly cert: string
  readonly key: string
}

/** What a certificate is made of: read-certificate.ts makes it. */
export interface CertificateText {
  /** One for each kind of key. */
  readonly pairs: readonly PemPair[]
  /** Whom it is for: as comparableName() has them, perhaps with `*.` before. */
  readonly names: readonly string[]
  /** When the first of them ends. */
  readonly endsMs: number
}

/** Bun's own context, which holds chains and keys. Nothing of it can be read. */
export type NativeContext = object

let renamed = 0

/** How often one became a certificate for other names. */
export const timesRenamed = (): number => renamed

export class Certificate {
  text: CertificateText
  /**
   * Made when a handshake wants one, as there may be thousands of certificates; kept, as tickets for resuming
   * are a context's own.
   */
  readonly #contexts = new Map<string, NativeContext>()

  constructor(text: CertificateText) {
    this.text = text
  }

  /** For handshakes that begin now. Throws where chain and key cannot be read, or do not fit together. */
  contextFor(settings: TlsSettings): NativeContext {
    const known = this.#contexts.get(settings.key)
    if (known !== undefined) return known
    const made = makeContext(this.text.pairs, settings)
    this.#contexts.set(settings.key, made)
    return made
  }

  /** Another one takes its place, for handshakes that begin from now on. */
  replace(text: CertificateText): void {
    if (text.names.join() !== this.text.names.join()) renamed++
    this.text = text
    this.#contexts.clear()
  }

  /**
   * What was made for other settings than these goes, with its tickets: they are spoken by nobody any more.
   */
  keepContexts(keys: ReadonlySet<string>): void {
    for (const key of this.#contexts.keys()) if (!keys.has(key)) this.#contexts.delete(key)
  }

  /** Whether it was made of these texts. */
  isOf({ pairs }: CertificateText): boolean {
    return isSame(this.text.pairs, pairs)
  }
}

/** Whether chains and keys are the same, in the same order. */
export const isSame = (some: readonly PemPair[], others: readonly PemPair[]): boolean =>
  some.length === others.length &&
  some.every(({ cert, key }, place) => others[place]?.cert === cert && others[place]?.key === key)

/** Throws where chain and key cannot be read, or do not fit together. */
export function makeContext(pairs: readonly PemPair[], settings: TlsSettings): NativeContext {
  // Loaded here: it costs a start 7 ms, and most have no certificate.
  const { createSecureContext } = process.getBuiltinModule('node:tls')
  const certificates = pairs.map(({ cert }) => chainText(cert))
  const made = createSecureContext({
    cert: certificates,
    key: pairs.map(({ key }) => key),
    minVersion: settings.minVersion,
    ...(settings.ciphers !== null && { ciphers: settings.ciphers }),
    // Where a chain is one certificate the library looks for the others in each handshake, in files of the
    // system. Of this one there are none.
    ...(certificates.every(isSelfIssued) && { ca: certificates }),
    // Who is good is decided once the handshake is done, so that others can be told why they are not.
    ...(settings.asks !== null && {
      ca: [...settings.asks.issuers],
      requestCert: true,
      rejectUnauthorized: false,
    }),
  }) as SecureContext
  return made.context as NativeContext
}
