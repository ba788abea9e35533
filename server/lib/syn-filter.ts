// Takes no more handshakes on a listening socket, while those under way still complete: a classic BPF program
// on the socket that drops segments with SYN and without ACK (SO_ATTACH_FILTER, socket(7)). Who is dropped
// tries again a second later (RFC 6298 §2.1), and finds another socket of the port, or the next program that
// listens on it, or is refused.
import { attachProgram, type Instruction } from './classic-bpf.ts'

const SO_ATTACH_FILTER = 26

/** Byte of the TCP header that holds the flags, and the two that matter. */
const FLAGS_AT = 13
const SYN = 0x02
const ACK = 0x10

const PROGRAM: readonly Instruction[] = [
  [0x30, 0, 0, FLAGS_AT], // load the flags
  [0x54, 0, 0, SYN | ACK], // keep these two
  [0x15, 0, 1, SYN], // SYN alone?
  [0x06, 0, 0, 0], // then drop
  [0x06, 0, 0, 0xffff_ffff], // else take the whole segment
]

/** Drops further SYNs to this socket. False when the system does not do that. */
export const dropSyns = (fd: number): boolean => attachProgram(fd, SO_ATTACH_FILTER, PROGRAM)
