// Takes no more handshakes on a listening socket, while those under way still complete: a classic BPF program
// on the socket that drops segments with SYN and without ACK (SO_ATTACH_FILTER, socket(7)). Who is dropped
// tries again a second later (RFC 6298 §2.1), and finds another socket of the port, or the next program that
// listens on it, or is refused.
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'

const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26

/** Byte of the TCP header that holds the flags, and the two that matter. */
const FLAGS_AT = 13
const SYN = 0x02
const ACK = 0x10

/** code, jump if true, jump if false, operand */
const PROGRAM: readonly (readonly [number, number, number, number])[] = [
  [0x30, 0, 0, FLAGS_AT], // load the flags
  [0x54, 0, 0, SYN | ACK], // keep these two
  [0x15, 0, 1, SYN], // SYN alone?
  [0x06, 0, 0, 0], // then drop
  [0x06, 0, 0, 0xffff_ffff], // else take the whole segment
]
const INSTRUCTION_BYTES = 8

/** Drops further SYNs to this socket. False when the system does not do that. */
export function dropSyns(fd: number): boolean {
  if (process.platform !== 'linux') return false
  const program = new DataView(new ArrayBuffer(PROGRAM.length * INSTRUCTION_BYTES))
  for (const [i, [code, ifTrue, ifFalse, operand]] of PROGRAM.entries()) {
    program.setUint16(i * INSTRUCTION_BYTES, code, true)
    program.setUint8(i * INSTRUCTION_BYTES + 2, ifTrue)
    program.setUint8(i * INSTRUCTION_BYTES + 3, ifFalse)
    program.setUint32(i * INSTRUCTION_BYTES + 4, operand, true)
  }
  // struct sock_fprog: a length in the first word, then the address.
  const header = new BigUint64Array([BigInt(PROGRAM.length), BigInt(ptr(program))])
  return libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, ptr(header), header.byteLength) === 0
}
