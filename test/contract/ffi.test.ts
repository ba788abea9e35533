// What the relay's sockets lean on: memory that stays where it is, calls that take addresses as numbers, and
// the layouts of Linux.
import { ptr, read, toArrayBuffer, type Pointer } from 'bun:ffi'
import { describe, expect, test } from 'bun:test'
import { errno, libc } from '../../server/lib/native.ts'

const at = (pointer: number): Pointer => pointer as Pointer

describe.if(process.platform === 'linux')('libc by FFI', () => {
  test('a typed array on an ArrayBuffer of its own never moves, whatever is collected', () => {
    const lengths = [1, 4, 8, 28, 64, 1000, 4096, 100_000, 5_000_000]
    const arrays = lengths.map((length) => new Uint8Array(new ArrayBuffer(length)))
    const pointers = arrays.map((array) => ptr(array))
    let garbage: unknown[] = []
    for (let i = 0; i < 50; i++) {
      garbage.push(new Uint8Array(100_000), { i })
      if (i % 10 === 0) {
        garbage = []
        Bun.gc(true)
      }
    }
    for (const [i, array] of arrays.entries()) {
      expect(ptr(array)).toBe(pointers[i]!)
      expect(ptr(new DataView(array.buffer))).toBe(pointers[i]!)
      array[0] = i + 1
      expect(read.u8(pointers[i]!, 0)).toBe(i + 1)
    }
    expect(new Uint8Array(toArrayBuffer(pointers[8]!, 0, 1))[0]).toBe(9)
  })

  test('an address is a number below 2 to the 53, and arithmetic on it is exact', () => {
    const array = new Uint8Array(new ArrayBuffer(1 << 20))
    const pointer = ptr(array)
    expect(Number.isSafeInteger(pointer)).toBe(true)
    array[999_999] = 77
    expect(read.u8(at(pointer + 999_999), 0)).toBe(77)
  })

  test('struct epoll_event is packed on x86-64 and is not elsewhere', () => {
    const epoll = libc().epoll_create1(0x80000)
    const [ours, theirs] = pair()
    const words = process.arch === 'x64' ? 3 : 4
    const data = process.arch === 'x64' ? 1 : 2
    const event = new Int32Array(new ArrayBuffer(words * 4))
    event[0] = 1
    event[data] = 0x11223344
    event[data + 1] = -5
    expect(libc().epoll_ctl(epoll, 1, ours, ptr(event))).toBe(0)
    const other = libc().epoll_ctl(epoll, 1, theirs, ptr(event))
    expect(other).toBe(0)
    for (const fd of [ours, theirs]) libc().send(fd, Uint8Array.of(1), 1, 0)
    const events = new Int32Array(new ArrayBuffer(words * 4 * 3)).fill(7)
    expect(libc().epoll_wait(epoll, ptr(events), 3, 1000)).toBe(2)
    for (const i of [0, words]) {
      expect(events[i]).toBe(1)
      expect(events[i + data]).toBe(0x11223344)
      expect(events[i + data + 1]).toBe(-5)
    }
    expect(events[2 * words]).toBe(7)
    for (const fd of [ours, theirs, epoll]) libc().close(fd)
  })

  test('struct mmsghdr takes 64 bytes: the length stands at 56, the flags at 48, the lengths of name and control at 8 and 40', () => {
    const [ours, theirs] = pair(2)
    const bytes = new Uint8Array(new ArrayBuffer(64)).fill(9)
    const vectors = new BigUint64Array(new ArrayBuffer(32))
    const headers = new ArrayBuffer(128)
    const longs = new BigUint64Array(headers)
    const words = new Uint32Array(headers)
    for (const i of [0, 1]) {
      vectors[2 * i] = BigInt(ptr(bytes) + i * 32)
      vectors[2 * i + 1] = BigInt(i === 0 ? 32 : 4)
      longs[i * 8 + 2] = BigInt(ptr(vectors) + i * 16)
      longs[i * 8 + 3] = 1n
    }
    expect(libc().sendmmsg(theirs, ptr(words), 2, 0)).toBe(2)
    expect([words[14], words[30]]).toEqual([32, 4])
    vectors[1] = 20n
    words.fill(0xffff_ffff, 12, 16)
    expect(libc().recvmmsg(ours, ptr(words), 2, 0x40, null)).toBe(2)
    expect([words[14], words[30]]).toEqual([20, 4])
    const MSG_TRUNC = 0x20
    expect([words[12]! & MSG_TRUNC, words[28]! & MSG_TRUNC]).toEqual([MSG_TRUNC, 0])
    expect(libc().recvmmsg(ours, ptr(words), 2, 0x40, null)).toBe(-1)
    expect(errno()).toBe(11)
    for (const fd of [ours, theirs]) libc().close(fd)
  })

  test('counts of bytes come back as numbers, negative ones as well', () => {
    const [ours, theirs] = pair()
    const bytes = new Uint8Array(new ArrayBuffer(100))
    expect(libc().send(ours, ptr(bytes), 100, 0x40)).toBe(100)
    expect(libc().recv(theirs, ptr(bytes), 60, 0x40)).toBe(60)
    expect(libc().recvfrom(theirs, ptr(bytes), 100, 0x40, null, null)).toBe(40)
    expect(libc().recv(theirs, ptr(bytes), 100, 0x40)).toBe(-1)
    expect(errno()).toBe(11)
    for (const fd of [ours, theirs]) libc().close(fd)
    expect(libc().send(theirs, ptr(bytes), 1, 0x40)).toBe(-1)
    expect(errno()).toBe(9)
  })
})

/** Two connected Unix sockets: of type 1 (stream) or 2 (datagram). */
function pair(type = 1): [number, number] {
  const fds = new Int32Array(new ArrayBuffer(8))
  expect(libc().socketpair(1, type | 0x80000, 0, ptr(fds))).toBe(0)
  return [fds[0]!, fds[1]!]
}
