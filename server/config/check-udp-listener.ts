// Udp listeners: addresses that are literal, and sockets that can serve them.
import { udpBindsOf } from '../lib/bind.ts'
import type { UdpListenerConfig } from '../udp/listener.options.ts'
import { checkLiteral } from './check-literal.ts'
import type { CheckedListener } from './listener-protocol.ts'
import type { Written } from './written.ts'

/** Checks a udp listener. */
export function checkUdpListener(
  written: Written,
  { name, path, options }: CheckedListener<UdpListenerConfig>,
): void {
  for (const { bind, path: at, portOf } of udpBindsOf(name, options))
    if (portOf === null) checkLiteral(written, [...path, ...at], bind, 'udp')
  if (written.isAsWritten(['sockets'], 'bun'))
    written.report({
      code: 'conflict',
      path: [...path, 'protocol'],
      found: 'a udp listener beside "sockets" bun',
      allowed: 'udp listeners on sockets of ours: auto, io_uring or epoll',
      hint: 'leave "sockets" out',
    })
  const { proxy_header, limits } = options
  if (proxy_header === undefined || limits.datagram <= HEADER_FITS) return
  if (written.isWritten([...path, 'limits', 'datagram']))
    written.warn({
      code: 'conflict',
      path: [...path, 'limits', 'datagram'],
      found: written.said([...path, 'limits', 'datagram'], limits.datagram),
      allowed: `at most ${HEADER_FITS} with "proxy_header"`,
      hint: 'longer ones have no room for the header, and are dropped',
    })
}

/** 65,507 bytes are the longest datagram of IPv4, 52 the longest header. */
const HEADER_FITS = 65_507 - 52
