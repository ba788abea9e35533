// Lists of revoked certificates (CRL, RFC 5280 §5): read from PEM or DER, and held against who signed them.
import { verify, type X509Certificate } from 'node:crypto'
import { nameText } from './distinguished-name.ts'
import { objectIdText, type Read, readAll, timeOf } from './read-der.ts'

export interface Crl {
  /** In DER, as certificates of this issuer have it; and in words. */
  readonly issuer: Buffer
  readonly issuerText: string
  /** Serial numbers, in lower-case hex without zeros before them. */
  readonly revoked: ReadonlySet<string>
  /** When the next one is due, from when on this one has expired; Infinity: it does not say. */
  readonly untilMs: number
  readonly signed: Buffer
  readonly signature: Buffer
  /** Of the hash that was signed; null: the kind of key says all. */
  readonly hash: string | null
}

const BLOCK = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/g
const BEGIN = /-----BEGIN X509 CRL-----/g
const SEQUENCE = 0x30
const INTEGER = 0x02
const BIT_STRING = 0x03
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const EXTENSIONS = 0xa0
const BOOLEAN = 0x01

/** Of ECDSA and RSA; Ed25519 has none of its own. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
}
const DELTA = '2.5.29.27'
const DISTRIBUTION_POINT = '2.5.29.28'
/** That of an authority's key, and of a list's number, are of no use here; the next two are looked at. */
const INDIRECT = 0x84

/** The lists in a file's bytes (as latin1), one at least. Throws what stands against one of them. */
export function readCrls(text: string): Crl[] {
  if (text.charCodeAt(0) === SEQUENCE && !text.includes('-----BEGIN'))
    return readAll(Buffer.from(text, 'latin1')).map(({ whole }) => readCrl(whole))
  const blocks = [...text.matchAll(BLOCK)]
  if (blocks.length < (text.match(BEGIN)?.length ?? 0)) throw new Error('it ends in the midst of a list')
  if (blocks.length === 0) throw new Error('no list of revoked certificates stands in it (X509 CRL)')
  return blocks.map(([, base64 = '']) => readCrl(Buffer.from(base64, 'base64')))
}

function readCrl(der: Buffer): Crl {
  // 1. CertificateList ::= tbsCertList, signatureAlgorithm, signatureValue (§5.1)
  const [whole, ...others] = readAll(der)
  const [tbs, algorithm, signature, ...rests] = whole?.tag === SEQUENCE ? readAll(whole.content) : []
  if (tbs?.tag !== SEQUENCE || algorithm === undefined || signature?.tag !== BIT_STRING)
    throw new Error('it is no list of revoked certificates')
  if (others.length + rests.length > 0) throw new Error('something stands behind it')
  const id = objectIdText(readAll(algorithm.content)[0]?.content ?? NOTHING)
  const hash = HASHES[id]
  if (hash === undefined) throw new Error(`it is signed by an algorithm that is not taken (${id})`)
  // 2. version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, extensions (§5.1.2)
  const parts = readAll(tbs.content)
  if (parts[0]?.tag === INTEGER) parts.shift()
  const [inner, issuer, , ...rest] = parts
  // §5.1.1.2: what is signed names the same algorithm.
  const isSame = inner?.whole.equals(algorithm.whole) === true && signature.content[0] === 0
  if (!isSame) throw new Error('it is no list of revoked certificates')
  if (issuer === undefined) throw new Error('it names no issuer')
  const isTime = ({ tag }: Read): boolean => tag === UTC_TIME || tag === GENERALIZED_TIME
  const next = rest[0] !== undefined && isTime(rest[0]) ? rest.shift() : undefined
  const list = rest.find(({ tag }) => tag === SEQUENCE)
  const extensions = rest.find(({ tag }) => tag === EXTENSIONS)
  if (extensions !== undefined) checkExtensions(readAll(readAll(extensions.content)[0]?.content ?? NOTHING))
  return {
    issuer: issuer.whole,
    issuerText: nameText(issuer.whole),
    revoked: list === undefined ? new Set() : serialsIn(list.content),
    untilMs: next === undefined ? Number.POSITIVE_INFINITY : timeOf(next),
    signed: tbs.whole,
    // Of whole bytes.
    signature: signature.content.subarray(1),
    hash,
  }
}

const NOTHING = Buffer.alloc(0)

/** §5.2: what is critical and not understood makes a list useless, and some say that it is not whole. */
function checkExtensions(extensions: readonly Read[]): void {
  for (const { content } of extensions) {
    const [name, ...more] = readAll(content)
    const id = objectIdText(name?.content ?? NOTHING)
    const value = more.at(-1)?.content ?? NOTHING
    if (id === DELTA) throw new Error('it is only what has changed since another one (a delta CRL)')
    const isIndirect =
      id === DISTRIBUTION_POINT &&
      readAll(readAll(value)[0]?.content ?? NOTHING).some(({ tag }) => tag === INDIRECT)
    if (isIndirect) throw new Error('it is of certificates of other issuers (an indirect CRL)')
    if (id !== DISTRIBUTION_POINT && more[0]?.tag === BOOLEAN && more[0].content[0] !== 0)
      throw new Error(`it has a critical extension that is not known (${id})`)
  }
}

/**
 * Of each entry the number alone, with nothing made of the rest: there may be tens of thousands, and what is
 * served waits.
 */
function serialsIn(list: Buffer): Set<string> {
  const serials = new Set<string>()
  for (let at = 0; at < list.length;) {
    const short = list[at + 1] ?? 0
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    if (list[at] !== SEQUENCE || lengthBytes > 2) throw new Error(NO_ENTRY)
    const from = at + 2 + lengthBytes
    const end = from + (lengthBytes === 0 ? short : list.readUIntBE(at + 2, lengthBytes))
    const numberEnd = from + 2 + (list[from + 1] ?? 0)
    if (list[from] !== INTEGER || (list[from + 1] ?? 0) >= 0x80 || numberEnd > end || end > list.length)
      throw new Error(NO_ENTRY)
    serials.add(comparableSerial(list.toString('hex', from + 2, numberEnd)))
    at = end
  }
  return serials
}

const NO_ENTRY = 'it has an entry without a number'

/** A number as sets of revoked ones have it. */
export const serialOf = (bytes: Buffer): string => comparableSerial(bytes.toString('hex'))
export const comparableSerial = (hex: string): string =>
  hex.startsWith('0') ? hex.replace(/^0+(?=.)/, '') : hex

/** Whether this certificate's key has signed it. */
export function isSignedBy({ hash, signed, signature }: Crl, { publicKey }: X509Certificate): boolean {
  try {
    return verify(hash, signed, publicKey, signature)
  } catch {
    return false // a key of another kind
  }
}
