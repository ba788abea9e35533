import { ptr, read, type Pointer } from 'bun:ffi'
import { expect, test } from 'bun:test'
import { KernelMemory } from '../../../server/sockets/memory.ts'

test('memory for the kernel is zeros, and what is written through a view stands at its address', () => {
  const memory = new KernelMemory(10_000)
  const words = new Int32Array(memory.bytes.buffer, 4096, 4)
  expect(memory.bytes.length).toBe(10_000)
  expect(memory.bytes.every((byte) => byte === 0)).toBeTrue()
  words[1] = 0x01020304
  expect(read.i32(memory.at as Pointer, 4100)).toBe(0x01020304)
  memory.free()
})

test('it stays where it is, whatever is collected around it', () => {
  const memory = new KernelMemory(1 << 20)
  memory.bytes.fill(0x5a)
  for (let round = 0; round < 50; round++) {
    let waste: Buffer[] = []
    for (let i = 0; i < 100; i++) waste.push(Buffer.alloc(10_000, round))
    waste = []
    Bun.gc(true)
    // A view asked for anew begins at the same address: nothing was copied.
    expect<number>(ptr(new Uint8Array(memory.bytes.buffer))).toBe(memory.at)
    expect(read.u8(memory.at as Pointer, (round * 20_011) % memory.length)).toBe(0x5a)
  }
  memory.free()
})

test('an address without its object is good: memory is the owner’s to free, not the collector’s', () => {
  const at = new KernelMemory(64 * 1024).at as Pointer
  for (let round = 0; round < 5; round++) Bun.gc(true)
  expect(read.u8(at, 65_535)).toBe(0)
})

test('views of freed memory have no bytes; to free it twice does nothing', () => {
  const memory = new KernelMemory(4096)
  const view = new Uint8Array(memory.bytes.buffer, 16, 16)
  memory.bytes[20] = 1
  memory.free()
  memory.free()
  expect([memory.bytes.length, view.length]).toEqual([0, 0])
  expect(memory.bytes[20]).toBeUndefined()
})

test('what cannot be mapped is an error that says how much was asked for', () => {
  expect(() => new KernelMemory(2 ** 50)).toThrow('no memory of 1125899906842624 bytes (errno 12)')
  expect(() => new KernelMemory(4096, { fd: -1, offset: 0 })).toThrow('errno 9')
})
