// A certificate chain with its key, ready for handshakes.
import type { SecureContext } from 'node:tls'

/** PEM texts. */
export interface CertificateText {
  /** The chain, its own certificate first. */
  readonly cert: string
  readonly key: string
}

/** Bun's own context, which holds the chain and the key. Nothing of it can be read. */
export type NativeContext = object

export class Certificate {
  text: CertificateText
  /** For handshakes that begin now. */
  native: NativeContext

  /** Throws when they cannot be read, or do not fit together. */
  constructor(text: CertificateText) {
    this.native = makeContext(text)
    this.text = text
  }

  /** Another one takes its place, for handshakes that begin from now on. Throws as the constructor does. */
  replace(text: CertificateText): void {
    this.native = makeContext(text)
    this.text = text
  }

  /** Whether it was made of these texts. */
  isOf({ cert, key }: CertificateText): boolean {
    return this.text.cert === cert && this.text.key === key
  }
}

function makeContext({ cert, key }: CertificateText): NativeContext {
  // Loaded here: it costs a start 7 ms, and most have no certificate.
  const { createSecureContext } = process.getBuiltinModule('node:tls')
  // RFC 8996: nothing older than TLS 1.2.
  return (createSecureContext({ cert, key, minVersion: 'TLSv1.2' }) as SecureContext).context as NativeContext
}
