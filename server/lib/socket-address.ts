import { parseAddress } from './ip-address.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10

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
