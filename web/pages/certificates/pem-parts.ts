// Sorts out what was pasted or dropped: chains and keys in whatever order and from however many files.

export interface PemParts {
  /** All certificates, one behind the other; '': there is none. */
  readonly chain: string
  readonly certificates: number
  /** The first key; '': there is none. */
  readonly key: string
  readonly keys: number
  /** What else stands in it, such as `CERTIFICATE REQUEST`. */
  readonly strange: readonly string[]
  /** It is no text: a file of PKCS #12 (PFX, P12). */
  readonly isPfx: boolean
  /** Something was written, and none of it is PEM. */
  readonly isNothing: boolean
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g

/** DER in Base64, which begins with a long SEQUENCE; or the bytes of one, read as a text. */
const PFX = /^\s*MI[IKLMN][A-Za-z0-9+/=\s]{40,}$/

export function pemParts(text: string): PemParts {
  const certificates: string[] = []
  const keys: string[] = []
  const strange: string[] = []
  for (const [block, label = ''] of text.matchAll(BLOCK))
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE')
      certificates.push(block)
    else if (label.endsWith('PRIVATE KEY')) keys.push(block)
    // What OpenSSL writes before an EC key.
    else if (label !== 'EC PARAMETERS' && label !== 'DH PARAMETERS') strange.push(label)
  const [key = ''] = keys
  const isPfx = certificates.length === 0 && (PFX.test(text) || text.startsWith('0\u0082'))
  return {
    chain: lines([...new Set(certificates)]),
    certificates: new Set(certificates).size,
    key: key === '' ? '' : `${key}\n`,
    keys: new Set(keys).size,
    strange: [...new Set(strange)],
    isPfx,
    isNothing: text.trim() !== '' && certificates.length === 0 && keys.length === 0 && !isPfx,
  }
}

const lines = (blocks: readonly string[]): string => blocks.map((block) => `${block}\n`).join('')

/** What stays visible of it once it was read: keys are never shown again. */
export function withoutKeys(text: string): string {
  return text.replaceAll(BLOCK, (block, label: string) =>
    label.endsWith('PRIVATE KEY') ? `(${label.toLowerCase()}, read and hidden)` : block,
  )
}

const PFX_NAME = /\.(?:pfx|p12)$/i

/** Files of PKCS #12 are told by their name, or by how DER begins. */
export const isPfxFile = (name: string, head: Uint8Array): boolean =>
  PFX_NAME.test(name) || (head[0] === 0x30 && head[1] === 0x82)

/** How to take chain and key out of one. */
export const convertPfx = (file: string): string => `openssl pkcs12 -in ${file} -nodes -out pair.pem`

/** A name for the config, from those of the certificate: `*.shop.example.com` → `shop-example-com`. */
export function nameFor(names: readonly string[], taken: readonly string[]): string {
  const [first = 'certificate'] = names
  const base =
    first
      .replace(/^\*\./, '')
      .replaceAll(/[^A-Za-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 50) || 'certificate'
  if (!taken.includes(base)) return base
  for (let n = 2; ; n++) if (!taken.includes(`${base}-${n}`)) return `${base}-${n}`
}
