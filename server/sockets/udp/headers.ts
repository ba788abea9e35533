// Arrays of what recvmmsg and sendmmsg read and write (recvmmsg(2)), on 64-bit Linux of either kind of
// processor.
//
//   mmsghdr   name* · u32 namelen · gap · iov* · iovlen · control* · controllen · i32 flags · gap · u32 length · gap           64 bytes
//   cmsghdr   u64 length · i32 level · i32 type · data, filled up to 8                       in_pktinfo: 32 bytes, in6_pktinfo: 40
import { ptr, type Pointer } from 'bun:ffi'
import { IPPROTO_IP, IPPROTO_IPV6, IP_PKTINFO, IPV6_PKTINFO } from '../calls.ts'

export const HEADER_BYTES = 64
/** In words of 32 bits. */
export const HEADER_WORDS = 16
export const NAME_LENGTH_WORD = 2
export const CONTROL_LENGTH_WORD = 10
export const FLAGS_WORD = 12
export const LENGTH_WORD = 14

/** Room for a cmsghdr with packet info; those of IPv6 are the longer. */
export const CONTROL_BYTES = 40
export const CONTROL_WORDS = CONTROL_BYTES / 4
export const CONTROL_DATA_WORD = 4

export interface HeaderParts {
  readonly count: number
  readonly family: 4 | 6
  /** Where the first name and the first vector stand, and how many bytes lie from one to the next. */
  readonly namesAt: number
  readonly nameBytes: number
  readonly vectorsAt: number
  readonly vectorBytes: number
  /** Whether packet info goes with each datagram. */
  readonly hasControl: boolean
}

/** An array of mmsghdr, each with one vector; and their control bytes. */
export class Headers {
  readonly words: Uint32Array
  readonly at: Pointer
  /** Control bytes of all, CONTROL_BYTES each; empty without. */
  readonly control: Uint32Array
  readonly #controlLength: number

  constructor({ count, family, namesAt, nameBytes, vectorsAt, vectorBytes, hasControl }: HeaderParts) {
    const buffer = new ArrayBuffer(count * HEADER_BYTES)
    const longs = new BigUint64Array(buffer)
    this.words = new Uint32Array(buffer)
    this.at = ptr(this.words)
    this.control = new Uint32Array(new ArrayBuffer(hasControl ? count * CONTROL_BYTES : 8))
    this.#controlLength = hasControl ? (family === 4 ? 32 : 40) : 0
    const controlAt = ptr(this.control)
    for (let i = 0; i < count; i++) {
      const at = i * 8
      longs[at] = BigInt(namesAt + i * nameBytes)
      this.words[i * HEADER_WORDS + NAME_LENGTH_WORD] = family === 4 ? 16 : 28
      longs[at + 2] = BigInt(vectorsAt + i * vectorBytes)
      longs[at + 3] = 1n
      if (!hasControl) continue
      longs[at + 4] = BigInt(controlAt + i * CONTROL_BYTES)
      this.openControl(i)
    }
  }

  /** Says again how much room there is for control bytes: the kernel writes over it what it has used. */
  openControl(i: number): void {
    this.words[i * HEADER_WORDS + CONTROL_LENGTH_WORD] = this.#controlLength
  }

  /** Writes what stands before the packet info in control bytes that are to be sent. */
  fillControl(i: number, family: 4 | 6): void {
    const at = i * CONTROL_WORDS
    this.control[at] = family === 4 ? 16 + 12 : 16 + 20
    this.control[at + 2] = family === 4 ? IPPROTO_IP : IPPROTO_IPV6
    this.control[at + 3] = family === 4 ? IP_PKTINFO : IPV6_PKTINFO
  }
}
