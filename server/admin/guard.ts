// Who may read the admin listener: this machine and trusted ranges, by the address of the socket, never by a
// header.
import { hostname } from 'node:os'
import { isLoopback, parseAddress } from '../lib/ip-address.ts'
import { type Ranges } from '../lib/ranges.ts'

/** In place of an address: whoever comes by a Unix socket, which is for our own user alone. */
export const BY_UNIX = 'unix'

/** Whether this socket's address may read. */
export function maySee(address: string, trusted: Ranges): boolean {
  return address === BY_UNIX || isLoopback(address) || trusted.has(address)
}

/**
 * Whether a Host is one of ours: an IP literal, localhost, the host that is bound, this machine's name, or
 * one of `admin.hosts`. A page in somebody's browser whose name was made to point here (DNS rebinding) comes
 * with its own name, from an address that may see.
 */
export function isOurHost(host: string | null, boundHost: string, named: readonly string[] = []): boolean {
  if (host === null) return false
  const name = hostWithoutPort(host.toLowerCase())
  if (name === null) return false
  if (parseAddress(name) !== null || name === 'localhost' || name.endsWith('.localhost')) return true
  return [boundHost, hostname(), ...named].some((own) => own.toLowerCase() === name)
}

const PORT_MAX = 65_535

function hostWithoutPort(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::([0-9]{0,5}))?$/.exec(host)
  const [, bracketed, plain, port = ''] = match ?? []
  return Number(port) > PORT_MAX ? null : (bracketed ?? plain ?? null)
}
