// STUN and TURN as bytes, written from the standards and apart from server/turn: a second opinion, and a hand
// that can write what is wrong.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { parseAddress } from '../../server/lib/ip-address.ts'

export const BINDING = 0x001
export const ALLOCATE = 0x003
export const REFRESH = 0x004
export const SEND = 0x016
export const DATA = 0x017
export const CREATE_PERMISSION = 0x008
export const CHANNEL_BIND = 0x009
export const CONNECT = 0x00a
export const CONNECTION_BIND = 0x00b

export const SUCCESS = 0x100
export const ERROR = 0x110

export const CHANGE_REQUEST = 0x0003
export const USERNAME = 0x0006
export const MESSAGE_INTEGRITY = 0x0008
export const ERROR_CODE = 0x0009
export const CHANNEL_NUMBER = 0x000c
export const LIFETIME = 0x000d
export const XOR_PEER_ADDRESS = 0x0012
export const DATA_ATTRIBUTE = 0x0013
export const REALM = 0x0014
export const NONCE = 0x0015
export const XOR_RELAYED_ADDRESS = 0x0016
export const ADDRESS_FAMILY = 0x0017
export const EVEN_PORT = 0x0018
export const REQUESTED_TRANSPORT = 0x0019
export const PASSWORD_ALGORITHMS = 0x8002
export const XOR_MAPPED_ADDRESS = 0x0020
export const RESERVATION_TOKEN = 0x0022
export const CONNECTION_ID = 0x002a
export const MOBILITY_TICKET = 0x8030
export const SOFTWARE = 0x8022
export const FINGERPRINT = 0x8028

const COOKIE = 0x2112a442
const HEADER = 20

/** A message that is being written, attribute by attribute. */
export class StunWriter {
  readonly id: Buffer
  #bytes: Buffer

  constructor(type: number, id: Buffer = randomBytes(12)) {
    this.id = id
    const head = Buffer.alloc(8)
    head.writeUInt16BE(type, 0)
    head.writeUInt32BE(COOKIE, 4)
    this.#bytes = Buffer.concat([head, id])
  }

  /** An attribute: bytes, text, or a 32-bit number. */
  add(type: number, value: Uint8Array | string | number): this {
    const bytes =
      typeof value === 'string' ? Buffer.from(value) : typeof value === 'number' ? u32(value) : value
    const head = Buffer.alloc(4)
    head.writeUInt16BE(type, 0)
    head.writeUInt16BE(bytes.length, 2)
    this.#bytes = Buffer.concat([this.#bytes, head, bytes, Buffer.alloc(-bytes.length & 3)])
    return this.#sized(0)
  }

  /** An XOR-…-ADDRESS. */
  xorAddress(type: number, host: string, port: number): this {
    const ip = Buffer.from(ipOf(host))
    const mask = Buffer.concat([u32(COOKIE), this.id])
    const value = Buffer.alloc(4 + ip.length)
    value[1] = ip.length === 4 ? 1 : 2
    value.writeUInt16BE(port ^ (COOKIE >>> 16), 2)
    for (let i = 0; i < ip.length; i++) value[4 + i] = ip[i]! ^ mask[i]!
    return this.add(type, value)
  }

  /** MESSAGE-INTEGRITY with SHA-1. */
  integrity(key: Uint8Array): this {
    this.#sized(24)
    return this.add(MESSAGE_INTEGRITY, createHmac('sha1', key).update(this.#bytes).digest())
  }

  fingerprint(): this {
    this.#sized(8)
    return this.add(FINGERPRINT, (Bun.hash.crc32(this.#bytes) ^ 0x5354554e) >>> 0)
  }

  done(): Buffer {
    return this.#bytes
  }

  #sized(more: number): this {
    this.#bytes.writeUInt16BE(this.#bytes.length - HEADER + more, 2)
    return this
  }
}

/** The key of long-term credentials. */
export const longTermKey = (user: string, realm: string, password: string): Buffer =>
  createHash('md5').update(`${user}:${realm}:${password}`).digest()

/** The password of a time-limited user name. */
export const restPassword = (secret: string, username: string): string =>
  createHmac('sha1', secret).update(username).digest('base64')

/** A message that was read. */
export interface Stun {
  readonly type: number
  readonly id: Buffer
  readonly attributes: readonly { readonly type: number; readonly value: Buffer }[]
  readonly bytes: Buffer
}

/** Reads a whole message; null when it is none. */
export function parseStun(bytes: Buffer): Stun | null {
  if (bytes.length < HEADER || bytes[0]! > 3 || bytes.readUInt32BE(4) !== COOKIE) return null
  if (bytes.readUInt16BE(2) !== bytes.length - HEADER) return null
  const attributes: { type: number; value: Buffer }[] = []
  for (let at = HEADER; at < bytes.length;) {
    if (at + 4 > bytes.length) return null
    const length = bytes.readUInt16BE(at + 2)
    if (at + 4 + length > bytes.length) return null
    attributes.push({ type: bytes.readUInt16BE(at), value: bytes.subarray(at + 4, at + 4 + length) })
    at += 4 + ((length + 3) & ~3)
  }
  return { type: bytes.readUInt16BE(0), id: bytes.subarray(8, 20), attributes, bytes }
}

/** The value of the first attribute of a type. */
export const valueOf = (message: Stun, type: number): Buffer | null =>
  message.attributes.find((attribute) => attribute.type === type)?.value ?? null

/** The number of an error answer; 0 for a success. */
export function errorCode(message: Stun): number {
  const value = valueOf(message, ERROR_CODE)
  return value === null ? 0 : value[2]! * 100 + value[3]!
}

/** What an XOR-…-ADDRESS names. */
export function addressOf(message: Stun, type: number): { host: string; port: number } | null {
  const value = valueOf(message, type)
  if (value === null) return null
  const mask = Buffer.concat([u32(COOKIE), message.id])
  const ip = value.subarray(4).map((byte, i) => byte ^ mask[i]!)
  const port = value.readUInt16BE(2) ^ (COOKIE >>> 16)
  if (ip.length === 4) return { host: ip.join('.'), port }
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i]! << 8) | ip[2 * i + 1]!).toString(16))
  return { host: new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1), port }
}

/** ChannelData; padded to four bytes, as streams want it. */
export function channelData(channel: number, data: Uint8Array, padded = true): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(channel, 0)
  head.writeUInt16BE(data.length, 2)
  return Buffer.concat([head, data, Buffer.alloc(padded ? -data.length & 3 : 0)])
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

// As it is written: ::ffff:127.0.0.1 stays sixteen bytes here.
function ipOf(host: string): Uint8Array {
  if (!host.includes(':')) return parseAddress(host)!
  const mapped = parseAddress(host)!
  if (mapped.length === 16) return mapped
  return Uint8Array.from([...Array.from({ length: 10 }, () => 0), 0xff, 0xff, ...mapped])
}
