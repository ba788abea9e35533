// Whose clients are trusted: issuers, and which of their certificates are revoked.
import { X509Certificate } from 'node:crypto'
import { type Crl, readCrls } from '../lib/crl.ts'
import { crlSigners } from '../lib/crl-signers.ts'
import type { ClientRules } from '../lib/client-auth.ts'
import { askingSettings, type TlsSettings } from './tls-settings.ts'

/** What stands in files that a config names, by their paths. */
type FileTexts = Readonly<Record<string, string>>

const BLOCK =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** Immutable: where a file says something else there is another one. */
export class ClientTrust {
  /** What handshakes are made with. */
  readonly settings: TlsSettings
  readonly issuers: readonly X509Certificate[]
  /** By their issuer's name, in DER as latin1; null: nothing is looked up. */
  readonly crls: ReadonlyMap<string, readonly Crl[]> | null
  /** What it was made of, but for how TLS is spoken. */
  readonly key: string

  /** Throws what stands against a file. */
  constructor(plain: TlsSettings, { ca, crl }: Pick<ClientRules, 'ca' | 'crl'>, files: FileTexts) {
    const blocks = ca.flatMap((file) => at(file, () => issuersIn(textOf(file, files))))
    this.settings = askingSettings(plain, blocks)
    this.issuers = blocks.map((block) => new X509Certificate(block))
    this.crls = crl.length === 0 ? null : byIssuer(crl, this.issuers, files)
    this.key = trustKey(plain, { ca, crl }, files)
  }
}

/** The same where what it is made of is the same. */
export const trustKey = (
  plain: TlsSettings,
  { ca, crl }: Pick<ClientRules, 'ca' | 'crl'>,
  files: FileTexts,
): string => {
  const hash = new Bun.CryptoHasher('sha256')
  for (const file of [...ca, ' ', ...crl]) hash.update(`${file === ' ' ? '' : textOf(file, files)}\n\0`)
  return `${plain.key} ${hash.digest('base64')}`
}

function issuersIn(text: string): string[] {
  const blocks = [...(text.match(BLOCK) ?? [])]
  if (blocks.length === 0) throw new Error('no certificate stands in it (PEM)')
  for (const block of blocks) void new X509Certificate(block)
  return blocks
}

function byIssuer(
  files: readonly string[],
  issuers: readonly X509Certificate[],
  texts: FileTexts,
): Map<string, Crl[]> {
  const found = new Map<string, Crl[]>()
  for (const file of files)
    for (const crl of at(file, () => readCrls(textOf(file, texts)))) {
      const { names, whyNot } = crlSigners(crl, issuers)
      if (names.length === 0) throw new Error(`${file}: it is of ${crl.issuerText}, and ${whyNot}`)
      for (const key of new Set([crl.issuer, ...names].map((name) => name.latin1Slice())))
        found.set(key, [...(found.get(key) ?? []), crl])
    }
  return found
}

function textOf(file: string, files: FileTexts): string {
  const text = files[file]
  if (text === undefined) throw new Error(`the plan has no text for ${file}`)
  return text
}

function at<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
