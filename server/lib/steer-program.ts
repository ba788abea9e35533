// Which of the sockets that share an address gets a client, by the client's address alone: a classic BPF
// program that answers with a socket's index. An address of IPv6 counts by its first 64 bits, as a client has
// all that follow; one of IPv4 whole, on sockets of `::` as well, as its packets are those of IPv4.
import type { Instruction } from './classic-bpf.ts'

/** Where the IP header begins, as loads name it (SKF_NET_OFF): other places begin behind TCP's. */
const IP = 0xfff0_0000
const VERSION_AT = IP
const IPV4_SOURCE_AT = IP + 12
const IPV6_SOURCE_AT = IP + 8

/** As linux/bpf_common.h puts the codes together. */
const LOAD_BYTE = 0x30 // A = the byte there
const LOAD_WORD = 0x20 // A = the four bytes there, the first one highest
const SET_X = 0x01 // X = k
const COPY_TO_X = 0x07 // X = A
const XOR_X = 0xac // A ^= X
const MULTIPLY = 0x24 // A *= k, of which the low 32 bits stay
const SHIFT_RIGHT = 0x74 // A >>= k
const REMAINDER = 0x94 // A %= k
const ADD = 0x04 // A += k
const SKIP = 0x05 // k instructions
const SKIP_UNLESS = 0x15 // so many as the third number says, where A is not k
const ANSWER = 0x16 // A

/**
 * For `count` sockets, from the index `first` on. Where the index is none the kernel chooses by itself, as it
 * does without a program.
 */
export const steerProgram = (count: number, first = 0): readonly Instruction[] => [
  // The first 64 bits of the address, in A and X.
  [LOAD_BYTE, 0, 0, VERSION_AT],
  [SHIFT_RIGHT, 0, 0, 4], // its high half is the version
  [SKIP_UNLESS, 0, 5, 6], // to IPv4
  [LOAD_WORD, 0, 0, IPV6_SOURCE_AT],
  [MULTIPLY, 0, 0, 0x85eb_ca6b], // or what is swapped between the halves would meet the same worker
  [COPY_TO_X, 0, 0, 0],
  [LOAD_WORD, 0, 0, IPV6_SOURCE_AT + 4],
  [SKIP, 0, 0, 2],
  [SET_X, 0, 0, 0],
  [LOAD_WORD, 0, 0, IPV4_SOURCE_AT],

  // Every bit is to bear on the high half: neighbours differ in the low one.
  [XOR_X, 0, 0, 0],
  [MULTIPLY, 0, 0, 0x9e37_79b1],
  [COPY_TO_X, 0, 0, 0],
  [SHIFT_RIGHT, 0, 0, 15],
  [XOR_X, 0, 0, 0],
  [MULTIPLY, 0, 0, 0x2c1b_3c6d],
  [SHIFT_RIGHT, 0, 0, 16], // the low bits of a product are the worst

  [REMAINDER, 0, 0, count],
  [ADD, 0, 0, first],
  [ANSWER, 0, 0, 0],
]
