// What stands in a certificate (RFC 5280 §4.1), as far as it says whom it is for. Read from its bytes: the
// texts that libraries make of names differ in how they escape, and whose they are must not hang on that.
import { serialOf } from './crl.ts'
import { nameText } from './distinguished-name.ts'
import { canonicalAddress } from './ip-address.ts'
import { objectIdText, type Read, readAll, timeOf } from './read-der.ts'

export interface CertificateFacts {
  /** As crl.ts has them. */
  readonly serial: string
  /** Names in DER. */
  readonly issuer: Buffer
  readonly subject: Buffer
  readonly fromMs: number
  readonly untilMs: number
  /** The public key with its kind (SubjectPublicKeyInfo), in DER. */
  readonly spki: Buffer
  readonly alternatives: readonly AlternativeName[]
}

/** Another name of its subject; other kinds than these are left out. */
export interface AlternativeName {
  readonly kind: 'DNS' | 'URI' | 'email' | 'IP'
  readonly value: string
}

const ALTERNATIVES = '2.5.29.17'
const VERSION = 0xa0
const EXTENSIONS = 0xa3
const NOTHING = Buffer.alloc(0)

/** Throws where it cannot be read. */
export function certificateFacts(der: Buffer): CertificateFacts {
  const [tbs] = readAll(readAll(der)[0]?.content ?? NOTHING)
  const parts = readAll(tbs?.content ?? NOTHING)
  if (parts[0]?.tag === VERSION) parts.shift()
  const [serial, , issuer, validity, subject, spki] = parts
  if (serial === undefined || issuer === undefined || validity === undefined) throw new Error(BROKEN)
  if (subject === undefined || spki === undefined) throw new Error(BROKEN)
  const [from, until] = readAll(validity.content)
  return {
    serial: serialOf(serial.content),
    issuer: issuer.whole,
    subject: subject.whole,
    fromMs: from === undefined ? Number.NaN : timeOf(from),
    untilMs: until === undefined ? Number.NaN : timeOf(until),
    spki: spki.whole,
    alternatives: alternativesIn(parts.find(({ tag }) => tag === EXTENSIONS)),
  }
}

const BROKEN = 'it is no certificate'

function alternativesIn(extensions: Read | undefined): AlternativeName[] {
  const [list] = readAll(extensions?.content ?? NOTHING)
  for (const { content } of readAll(list?.content ?? NOTHING)) {
    const [id, ...more] = readAll(content)
    if (objectIdText(id?.content ?? NOTHING) !== ALTERNATIVES) continue
    const [names] = readAll(more.at(-1)?.content ?? NOTHING)
    return readAll(names?.content ?? NOTHING).flatMap((name) => alternativeOf(name) ?? [])
  }
  return []
}

/** RFC 5280 §4.2.1.6 */
function alternativeOf({ tag, content }: Read): AlternativeName | null {
  const kind = KINDS[tag]
  if (kind !== undefined) return { kind, value: content.latin1Slice() }
  if (tag !== IP_ADDRESS) return null
  const value = addressText(content)
  return value === null ? null : { kind: 'IP', value }
}

const KINDS: Readonly<Record<number, 'DNS' | 'URI' | 'email'>> = { 0x81: 'email', 0x82: 'DNS', 0x86: 'URI' }
const IP_ADDRESS = 0x87

function addressText(bytes: Buffer): string | null {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return null
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return canonicalAddress(groups.join(':'))
}

/** For people: its subject, or another name of it where that is empty. */
export function whoseText({ subject, alternatives }: CertificateFacts): string {
  const [first] = alternatives
  return nameText(subject) || (first === undefined ? 'nobody' : `${first.kind}:${first.value}`)
}

/** Each with its kind, with commas. */
export const alternativesText = (names: readonly AlternativeName[]): string =>
  names.map(alternativeText).join(',')

/** A name that holds what stands between two of them would look like two. */
const alternativeText = ({ kind, value }: AlternativeName): string =>
  `${kind}:${value.replace(/[^!-~]|[,\\]/g, (letter) => `\\${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)}`
