import { describe, expect, test } from 'bun:test'
import { formatSize, parseSize } from '../../../server/lib/sizes.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

describe('sizes', () => {
  test.each([
    ['0', 0],
    ['512', 512],
    ['512B', 512],
    ['10KiB', 10_240],
    ['10MiB', 10_485_760],
    ['1GiB', 1_073_741_824],
    ['1.5MiB', 1_572_864],
    ['10KB', 10_000],
    ['10kB', 10_000],
    ['2MB', 2_000_000],
    ['3 GB', 3_000_000_000],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes)
  })

  test.each([
    '',
    'KiB',
    '-1',
    '10mb',
    '10m',
    '1.3',
    '0.0001KB',
    '1e3',
    '0x10',
    '99999999999999999',
    '10 K iB',
    'toString',
  ])('"%s" is no size', (text) => {
    expect(parseSize(text)).toBeNull()
  })

  test('what is written is read back as the same, in the largest unit that divides it', () => {
    expect(formatSize(65_536)).toBe('64KiB')
    expect(formatSize(1000)).toBe('1KB')
    expect(formatSize(1001)).toBe('1001')
    const random = seededRandom(seedOfRun())
    for (let i = 0; i < 1000; i++) {
      const bytes = random.below(2 ** 45)
      expect(parseSize(formatSize(bytes))).toBe(bytes)
    }
  })
})
