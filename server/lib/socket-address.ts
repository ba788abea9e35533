import { parseAddress } from './ip-address.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

/** Servers are few, and dialled again and again: a power of two. */
const KEPT = 256

interface KeptAddress {
  readonly address: string
  readonly port: number
  readonly bytes: Uint8Array<ArrayBuffer>
}
const kept: (KeptAddress | undefined)[] = Array.from({ length: KEPT })

/** The same as `socketAddress`, of whom one is dialled to; not to be written to, as it is told again. */
export function serverAddress(address: string, port: number): Uint8Array<ArrayBuffer> | null {
  const place = (port + address.charCodeAt(address.length - 1)) & (KEPT - 1)
  const known = kept[place]
  if (known !== undefined && known.port === port && known.address === address) return known.bytes
  const bytes = socketAddress(address, port)
  if (bytes !== null) kept[place] = { address, port, bytes }
  return bytes
}

/** A struct sockaddr_in or sockaddr_in6; null: the address is no literal. */
export function socketAddress(address: string, port: number): Uint8Array<ArrayBuffer> | null {
  const bytes = parseAddress(address)
  if (!bytes) return null
  const isV4 = bytes.length === 4
  const made = new Uint8Array(new ArrayBuffer(isV4 ? 16 : 28))
  const view = new DataView(made.buffer)
  view.setUint16(0, isV4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  made.set(bytes, isV4 ? 4 : 8)
  return made
}

/** Bytes of a Unix socket's path. */
export const UNIX_PATH_MAX = 107

/** A struct sockaddr_un; null: the path is too long for one. */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new TextEncoder().encode(path)
  if (bytes.length > UNIX_PATH_MAX) return null
  const made = new Uint8Array(new ArrayBuffer(2 + bytes.length + 1))
  made[0] = AF_UNIX
  made.set(bytes, 2)
  return made
}
