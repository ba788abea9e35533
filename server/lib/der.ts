// DER (X.690), as much of it as certificates and requests for them need: writing, and finding one's way in
// what was written.
import { Buffer } from 'node:buffer'

const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const OBJECT_ID = 0x06
const SEQUENCE = 0x30
const SET = 0x31

/** One value with its tag and length. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content])
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(SEQUENCE, ...parts)
export const set = (...parts: readonly Uint8Array[]): Buffer => der(SET, ...parts)
export const octets = (...parts: readonly Uint8Array[]): Buffer => der(OCTET_STRING, ...parts)
/** Whole bytes. */
export const bits = (bytes: Uint8Array): Buffer => der(BIT_STRING, Buffer.from([0]), bytes)
/** A value in brackets, as its standard numbers it. */
export const tagged = (number: number, ...parts: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...parts)

/** An object identifier in dots. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const septets = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      septets.unshift(0x80 | (left % 128))
    return septets
  })
  return der(OBJECT_ID, Buffer.from(bytes))
}

/** A number that is not negative: its bytes, the largest first. */
export function integer(bytes: Uint8Array): Buffer {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from++
  const short = bytes.subarray(from)
  const isHigh = (short[0] ?? 0) >= 0x80
  return der(INTEGER, ...(isHigh ? [Buffer.from([0])] : []), short.length === 0 ? Buffer.from([0]) : short)
}

export interface Read {
  readonly tag: number
  /** Without tag and length. */
  readonly content: Buffer
}

/** The values that follow one another in these bytes; throws where they are cut off. */
export function readAll(bytes: Buffer): Read[] {
  const found: Read[] = []
  for (let at = 0; at < bytes.length;) {
    const tag = byteAt(bytes, at)
    let length = byteAt(bytes, at + 1)
    at += 2
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4) throw new Error('DER has no such length')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, at++)
    }
    if (at + length > bytes.length) throw new Error('DER that is cut off')
    found.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new Error('DER that is cut off')
  return byte
}
