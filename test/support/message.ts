// A second, independent reader of HTTP/1.1 messages: the oracle of what our engine writes. As strict as RFC
// 9112 allows.
import type { ByteReader, Ending } from './reader.ts'

export type Field = readonly [name: string, value: string]

export interface Head {
  /** The bytes as they came, as latin1, the empty line included. */
  readonly raw: string
  readonly start: string
  /** In their order, names as written. */
  readonly fields: readonly Field[]
}

/** A message that breaks RFC 9112. */
export class Malformed extends Error {}

/** The next head; null when the other side ended before its first byte. */
export async function readHead(reader: ByteReader): Promise<Head | null> {
  const raw = await reader.through('\r\n\r\n', 4_000_000)
  if (raw === '') return null
  if (!raw.endsWith('\r\n\r\n'))
    throw new Malformed(`an unfinished head: ${JSON.stringify(raw.slice(0, 200))}`)
  const [start = '', ...lines] = raw.slice(0, -4).split('\r\n')
  if (/[\r\n\0]/.test(start)) throw new Malformed(`control characters in ${JSON.stringify(start)}`)
  return { raw, start, fields: lines.map(fieldOf) }
}

function fieldOf(line: string): Field {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/s.exec(line)
  if (match === null || /[\r\n\0]/.test(line)) throw new Malformed(`the field line ${JSON.stringify(line)}`)
  return [match[1]!, match[2]!]
}

/** Values of a field, in their order. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([n]) => n.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

export type Framing =
  | { readonly is: 'none' }
  | { readonly is: 'length'; readonly bytes: number }
  | { readonly is: 'chunked' }
  | { readonly is: 'until close' }

/** How the body of a message is framed; throws when two readers could disagree. */
export function framingOf(fields: readonly Field[], otherwise: 'none' | 'until close'): Framing {
  const lengths = valuesOf(fields, 'content-length')
  const codings = valuesOf(fields, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Malformed('more than one field that frames the body')
  if (codings.length === 1) {
    if (codings[0]!.toLowerCase() !== 'chunked') throw new Malformed(`Transfer-Encoding: ${codings[0]}`)
    return { is: 'chunked' }
  }
  if (lengths.length === 0) return { is: otherwise }
  if (!/^\d{1,15}$/.test(lengths[0]!)) throw new Malformed(`Content-Length: ${lengths[0]}`)
  return { is: 'length', bytes: Number(lengths[0]) }
}

export interface BodyEnd {
  /** Whether the end that the framing promises was seen. */
  readonly complete: boolean
  readonly trailers: readonly Field[]
  /** How the other side ended, when the body did not. */
  readonly ending: Ending | null
}

/** Reads a body, handing its bytes to `take` as they come. */
export async function readBody(
  reader: ByteReader,
  framing: Framing,
  take: (bytes: Buffer) => void,
): Promise<BodyEnd> {
  switch (framing.is) {
    case 'none':
      return { complete: true, trailers: [], ending: null }
    case 'length':
      return { complete: await readLength(reader, framing.bytes, take), trailers: [], ending: reader.ending }
    case 'chunked':
      return readChunked(reader, take)
    case 'until close': {
      for (;;) {
        const bytes = await reader.some(1 << 20)
        // An RST is no end: the rest of the body may be missing.
        if (bytes.length === 0) {
          return { complete: reader.ending === 'fin', trailers: [], ending: reader.ending }
        }
        take(bytes)
      }
    }
  }
}

async function readLength(
  reader: ByteReader,
  length: number,
  take: (bytes: Buffer) => void,
): Promise<boolean> {
  for (let left = length; left > 0;) {
    const bytes = await reader.some(left)
    if (bytes.length === 0) return false
    left -= bytes.length
    take(bytes)
  }
  return true
}

async function readChunked(reader: ByteReader, take: (bytes: Buffer) => void): Promise<BodyEnd> {
  const cut: BodyEnd = { complete: false, trailers: [], ending: null }
  for (;;) {
    const line = await reader.through('\r\n', 5000)
    if (!line.endsWith('\r\n')) return { ...cut, ending: reader.ending }
    const match = /^([0-9a-fA-F]{1,13})\r\n$/.exec(line)
    if (match === null) throw new Malformed(`the chunk line ${JSON.stringify(line)}`)
    const size = Number.parseInt(match[1]!, 16)
    if (size === 0) break
    if (!(await readLength(reader, size, take))) return { ...cut, ending: reader.ending }
    const after = (await reader.exactly(2)).toString('latin1')
    if (after.length < 2) return { ...cut, ending: reader.ending }
    if (after !== '\r\n') throw new Malformed(`${JSON.stringify(after)} after a chunk`)
  }
  const trailers: Field[] = []
  for (;;) {
    const line = await reader.through('\r\n', 70_000)
    if (!line.endsWith('\r\n')) return { ...cut, ending: reader.ending }
    if (line === '\r\n') return { complete: true, trailers, ending: null }
    trailers.push(fieldOf(line.slice(0, -2)))
  }
}
