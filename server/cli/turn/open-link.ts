// Opens the way to a server, whatever its transport.
import type { Link, LinkFailure, LinkSink, LinkTarget } from './link.ts'
import { openStreamLink } from './stream-link.ts'
import { openUdpLink } from './udp-link.ts'

/**
 * Opens a link. A certificate that is not to be trusted opens too: judging it is for the caller, before a
 * password is shown.
 */
export function openLink(target: LinkTarget, sink: LinkSink, timeoutMs: number): Promise<Link | LinkFailure> {
  return target.transport === 'udp' ? openUdpLink(target, sink) : openStreamLink(target, sink, timeoutMs)
}
