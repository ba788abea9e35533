// Addresses that sockets of UDP are opened at: they are not found by a name.
import { parseBind } from '../lib/bind.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'
import type { Written } from './written.ts'

/** Checks that an address is a literal: whether it is one. */
export function checkLiteral(checked: Written, path: Path, bind: string, protocol: 'turn' | 'udp'): boolean {
  if (isStandIn(bind)) return false
  const { host, port } = parseBind(bind)
  if (canonicalAddress(host) !== null) return true
  const isLocal = host.toLowerCase() === 'localhost' && !checked.isSubstituted(path)
  checked.report({
    code: 'wrong-value',
    path,
    found: checked.said(path, bind),
    allowed: `an address and port: a ${protocol} listener is not found by a name`,
    hint: isLocal ? `write "127.0.0.1:${port}" or "[::1]:${port}"` : null,
  })
  return false
}
