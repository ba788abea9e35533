// Names of subjects and issuers in certificates (X.501), and names as people write them (RFC 4514).
import { objectIdText, readAll } from './read-der.ts'

export interface NameAttribute {
  /** As RFC 4514 §3 and openssl call it, such as "CN"; in dots where it has no name. */
  readonly type: string
  readonly value: string
}

const TYPES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
}
const IDS = new Map(Object.entries(TYPES).map(([id, type]) => [type, id]))
const KNOWN_TYPES = new Map(Object.values(TYPES).map((type) => [type.toLowerCase(), type]))

const BMP_STRING = 0x1e
const UTF8_STRING = 0x0c

/**
 * Its attributes in the order of the certificate: mostly from the country down. Throws where it cannot be
 * read.
 */
export function nameAttributes(der: Buffer): NameAttribute[] {
  const [name] = readAll(der)
  return readAll(name?.content ?? der).flatMap(({ content: set }) =>
    readAll(set).map(({ content }) => {
      const [id, value] = readAll(content)
      if (id === undefined || value === undefined) throw new Error('a name that lacks a value')
      const type = objectIdText(id.content)
      return { type: TYPES[type] ?? type, value: textOf(value.tag, value.content) }
    }),
  )
}

function textOf(tag: number, content: Buffer): string {
  if (tag === BMP_STRING) return new TextDecoder('utf-16be').decode(content)
  return tag === UTF8_STRING ? content.toString('utf8') : content.toString('latin1')
}

/**
 * By RFC 4514, as `openssl x509 -nameopt RFC2253` says it: the nearest first. ASCII, without control
 * characters.
 */
export const nameText = (der: Buffer): string =>
  nameAttributes(der)
    .reverse()
    .map(({ type, value }) => `${type}=${escaped(value)}`)
    .join(',')

/**
 * RFC 4514 §2.4; what is not ASCII goes by its bytes in UTF-8, so that no field or line is ever broken by it.
 */
const escaped = (value: string): string =>
  value
    .replace(/[,+"\\<>;]|^[ #]| $/g, '\\$&')
    .replace(/[^ -~]/gu, (letter) =>
      [...Buffer.from(letter)]
        .map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    )

/** What is written of a name: in either order, with blanks around "," and "="; null: it is none. */
export function readNameText(text: string): NameAttribute[] | null {
  const parts = text.match(/(?:\\.|[^\\,+])+/gs) ?? []
  if (parts.join(',').length !== text.length) return null
  const found = parts.map((part): NameAttribute | null => {
    const [, type = '', value = ''] =
      /^\s*([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+)\s*=\s*(.*?)\s*$/s.exec(part) ?? []
    if (type === '' || value === '') return null
    return { type: KNOWN_TYPES.get(type.toLowerCase()) ?? type, value: unescaped(value) }
  })
  return found.length > 0 && found.every((one) => one !== null) ? found : null
}

/** The number in dots of a type; null: it has none that we know. */
export const objectIdOf = (type: string): string | null =>
  IDS.get(type) ?? (/^[0-2](?:\.[0-9]+)+$/.test(type) ? type : null)

function unescaped(value: string): string {
  const bytes: Buffer[] = []
  for (const [, hex, letter, plain] of value.matchAll(/\\([0-9A-Fa-f]{2})|\\(.)|([^\\]+)/gsu))
    bytes.push(hex === undefined ? Buffer.from(letter ?? plain ?? '') : Buffer.from(hex, 'hex'))
  return Buffer.concat(bytes).toString('utf8')
}
