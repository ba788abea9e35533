// The header of the PROXY protocol v2 before a datagram (proxy-protocol.txt §2.2), written into the room that
// stands before it:
//
//   12 bytes signature · 0x21 version 2, PROXY · 0x12 UDP over IPv4, 0x22 over IPv6 · u16 length of what follows
//   source address · destination address · u16 source port · u16 destination port
import type { Address } from '../lib/address.ts'
import { HEADROOM } from '../sockets/udp/udp-socket.ts'

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const VERSION_2_PROXY = 0x21
const UDP_OVER = { 4: 0x12, 6: 0x22 } as const
const PREFIX_BYTES = 16

if (PREFIX_BYTES + 36 > HEADROOM) throw new Error('a header is longer than the room before a datagram')

/** Those of one flow: `local` is where its client has sent to. */
export function proxyHeader(client: Address, local: Address): Uint8Array {
  const { family } = client
  const ipBytes = family === 4 ? 4 : 16
  const made = new Uint8Array(PREFIX_BYTES + 2 * ipBytes + 4)
  const view = new DataView(made.buffer)
  made.set(SIGNATURE)
  made[12] = VERSION_2_PROXY
  made[13] = UDP_OVER[family]
  view.setUint16(14, made.length - PREFIX_BYTES)
  made.set(client.ip, PREFIX_BYTES)
  made.set(local.ip, PREFIX_BYTES + ipBytes)
  view.setUint16(made.length - 4, client.port)
  view.setUint16(made.length - 2, local.port)
  return made
}
