// Addresses as the kernel writes them: struct sockaddr_in and sockaddr_in6, both ways to read them.
import { canonicalAddress } from '../lib/ip-address.ts'
import { BY_UNIX } from '../lib/ranges.ts'
import { AF_INET, AF_INET6, AF_UNIX } from './calls.ts'

/** Room for an address of any family (struct sockaddr_storage). */
export const SOCKADDR_BYTES = 128

/**
 * The address as text, those of IPv4 in IPv6 as IPv4; who comes by a Unix socket has none of his own (that it
 * is one stands for it); null: it is of no such family.
 */
export function addressIn(name: DataView): string | null {
  const family = name.getUint16(0, true)
  if (family === AF_INET) return v4(name)
  return family === AF_INET6 ? v6(name) : family === AF_UNIX ? BY_UNIX : null
}

/** The port beside such an address; 0 where it has none. */
export const portIn = (name: DataView): number =>
  name.getUint16(0, true) === AF_UNIX ? 0 : name.getUint16(2)

/** Whoever comes often is named once. */
const latest = { number: 0, text: '0.0.0.0' }

function v4(name: DataView): string {
  const number = name.getUint32(4)
  if (number !== latest.number) {
    latest.number = number
    latest.text = `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
  }
  return latest.text
}

function v6(name: DataView): string | null {
  let text = name.getUint16(8).toString(16)
  for (let at = 10; at < 24; at += 2) text += `:${name.getUint16(at).toString(16)}`
  return canonicalAddress(text)
}
