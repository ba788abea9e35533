// The little that plans need of a certificate, read from its bytes: OpenSSL's object of it costs several
// times as much, which thousands of certificates make seconds of. What is unusual is left to that.
import { certificatesIn } from '../lib/pem.ts'
import { type Read, readAll } from '../lib/read-der.ts'

export interface Leaf {
  /** The names (dNSName) that it is for, as they stand in it. */
  readonly names: readonly string[]
  readonly endsMs: number
}

/** The first certificate in a PEM text; null: it is to be asked of OpenSSL. */
export function readLeaf(pem: string): Leaf | null {
  const [, base64] = BLOCK.exec(certificatesIn(pem).blocks[0] ?? '') ?? []
  if (base64 === undefined) return null
  try {
    return leafOf(Buffer.from(base64, 'base64'))
  } catch {
    return null
  }
}

/** Whether a PEM text is one certificate, and that its own issuer; false also where it cannot be read. */
export function isSelfIssued(pem: string): boolean {
  const [first, another] = certificatesIn(pem).blocks
  const [, base64] = BLOCK.exec(first ?? '') ?? []
  if (base64 === undefined || another !== undefined) return false
  try {
    const [tbs] = within(readAll(Buffer.from(base64, 'base64'))[0])
    const parts = within(tbs)
    const [, , issuer, , subject] = parts[0]?.tag === VERSION ? parts.slice(1) : parts
    return issuer !== undefined && subject !== undefined && issuer.whole.equals(subject.whole)
  } catch {
    return false
  }
}

/** RFC 5280 §4.1. */
function leafOf(der: Buffer): Leaf | null {
  const [tbs] = within(readAll(der)[0])
  // version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, extensions
  const parts = within(tbs)
  const [version, , , , validity] = parts
  const extensions = parts.at(-1)
  if (version?.tag !== VERSION || validity?.tag !== SEQUENCE || extensions?.tag !== EXTENSIONS) return null
  const endsMs = timeOf(within(validity)[1])
  const names = namesOf(within(extensions)[0])
  return endsMs === null || names === null ? null : { names, endsMs }
}

/** Null: there are no alternative names, or they are written in an unusual way. */
function namesOf(extensions: Read | undefined): readonly string[] | null {
  const [found, another] = within(extensions).filter(({ content }) =>
    content.subarray(0, SUBJECT_ALT_NAME.length).equals(SUBJECT_ALT_NAME),
  )
  const value = within(found).at(-1)
  if (value?.tag !== OCTETS || another !== undefined) return null
  const [list, rest] = within(value)
  if (list?.tag !== SEQUENCE || rest !== undefined) return null
  const all = within(list)
  if (!all.every(({ tag }) => USUAL_KINDS.includes(tag))) return null
  const names = all.filter(({ tag }) => tag === DNS_NAME).map(({ content }) => content.toString('latin1'))
  return names.every((name) => USUAL.test(name)) ? names : null
}

/** RFC 5280 §4.1.2.5: in UTC, with seconds. */
function timeOf(time: Read | undefined): number | null {
  const text = time?.content.toString('latin1') ?? ''
  const isLong = time?.tag === GENERALIZED_TIME
  if (!(isLong ? /^[0-9]{14}Z$/ : /^[0-9]{12}Z$/).test(text)) return null
  const year = isLong ? text.slice(0, 4) : `${text < '50' ? '20' : '19'}${text.slice(0, 2)}`
  const [month, day, hour, minute, second] = text.slice(isLong ? 4 : 2).match(/[0-9]{2}/g) ?? []
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? null : ms
}

const within = (value: Read | undefined): Read[] => (value === undefined ? [] : readAll(value.content))

const BLOCK = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----$/
const SEQUENCE = 0x30
const OCTETS = 0x04
const VERSION = 0xa0
const EXTENSIONS = 0xa3
const GENERALIZED_TIME = 0x18
const DNS_NAME = 0x82
/** RFC 5280 §4.2.1.6: rfc822Name, dNSName, uniformResourceIdentifier, iPAddress, registeredID. */
const USUAL_KINDS = [0x81, DNS_NAME, 0x86, 0x87, 0x88]
/** 2.5.29.17, whole. */
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex')
const USUAL = /^[A-Za-z0-9_*.-]+$/
