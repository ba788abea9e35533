import { describe, expect, test } from 'bun:test'
import { keepable, lend, takeBack } from '../../../server/lib/read-piece.ts'
import { KernelMemory } from '../../../server/sockets/memory.ts'

describe('bytes that are kept', () => {
  test('are copied where more is read into the same memory', () => {
    const memory = Buffer.from('what was read')
    lend(memory.buffer)
    const kept = keepable(memory, 5, 13)
    const whole = keepable(memory, 0, 13)
    memory.fill(0xdd)
    expect([String(kept), String(whole)]).toEqual(['was read', 'what was read'])
    takeBack(memory.buffer)
    expect(keepable(memory, 0, 13).buffer).toBe(memory.buffer)
  })

  test('are copied though nobody but their memory was known for a while', () => {
    const read = new Uint8Array(64 * 1024)
    lend(read.buffer)
    Bun.gc(true)
    const bytes = Buffer.from(read.buffer)
    expect(keepable(bytes, 0, bytes.length).buffer).not.toBe(bytes.buffer)
    takeBack(read.buffer)
  })

  test('are copied from memory that the kernel holds', () => {
    const memory = new KernelMemory(4096)
    const kept = keepable(memory.bytes, 0, 4096)
    memory.free()
    expect(kept.length).toBe(4096)
  })

  test('stay where they are if that is theirs for the greater part', () => {
    const bytes = Buffer.from(new Uint8Array(100).buffer)
    expect(keepable(bytes, 40, 100).buffer).toBe(bytes.buffer)
    expect(keepable(bytes, 60, 100).buffer.byteLength).toBeLessThan(100)
  })
})
