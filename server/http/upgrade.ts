// Upgrade (RFC 9110 §7.8): which requests for another protocol are passed on. Behind one that is granted lies
// a tunnel.
import { hasToken } from '../head/bytes.ts'
import { FIELD_INTS } from '../head/fields.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { protocolsOf } from '../head/protocols.ts'

const UPGRADE = Buffer.from('upgrade')

const NONE: readonly string[] = []

/**
 * The protocols that an Upgrade to pass on asks for (RFC 9110 §7.8): named in Connection. A body goes first
 * (docker exec has one): the switch is behind it. None at all where h2c is among them: behind it, requests
 * would pass that no rule has seen.
 */
export function wantedUpgrades(request: RequestHead): readonly string[] {
  if (!request.fields.has(KNOWN.upgrade)) return NONE
  if (!isUpgradeListed(request)) return NONE
  const wanted = protocolsOf(request.values('upgrade'))
  return wanted.some((protocol) => protocol.startsWith('h2c')) ? NONE : wanted
}

function isUpgradeListed({ fields }: RequestHead): boolean {
  for (let f = 0; f < fields.count; f++) {
    const at = f * FIELD_INTS
    if (
      fields.at[at + 4] === KNOWN.connection &&
      hasToken(fields.bytes, fields.at[at + 2] as number, fields.at[at + 3] as number, UPGRADE)
    )
      return true
  }
  return false
}
