import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import {
  givenAt,
  isOver,
  type Opened,
  SEALED_LENGTH,
  StickySeal,
} from '../../../server/backends/sticky-seal.ts'

const SECRET = 'a secret of the tests'
const OTHER = 'another secret of the tests'
const GIVEN_S = 1_800_000_000

/** Among other bytes, as it comes. */
function open(seal: StickySeal, value: string): Opened | null {
  const bytes = Buffer.from(`; a=${value}; b`, 'latin1')
  return seal.open(bytes, 4)
}

describe('a sealed cookie', () => {
  test('is short, of letters that need no quotes, and tells nothing of its server', () => {
    const value = new StickySeal('api', [SECRET]).seal('http://10.1.2.3:8080', GIVEN_S)
    expect(value).toHaveLength(SEALED_LENGTH)
    expect(value).toMatch(/^[\w-]+$/)
    const bytes = Buffer.from(value, 'base64url')
    expect(bytes).toHaveLength(30)
    const telling = ['10.1.2.3', 'http', '8080'].map((text) => bytes.includes(text))
    expect(telling).toEqual([false, false, false])
    // Nor is it a hash that anyone could make of a guess.
    const plain = createHmac('sha256', SECRET).update('http://10.1.2.3:8080').digest().subarray(0, 9)
    expect(bytes.subarray(1, 10)).not.toEqual(plain)
  })

  test('is read by all who have the secret, and says the server and when it was given', () => {
    const value = new StickySeal('api', [SECRET]).seal('b', GIVEN_S)
    const there = new StickySeal('api', [SECRET])
    expect(open(there, value)).toEqual({ secret: 0, server: there.nameOf(0, 'b'), givenS: GIVEN_S })
    expect(there.nameOf(0, 'b')).not.toBe(there.nameOf(0, 'a'))
  })

  test('is none of ours with one bit changed, wherever it is', () => {
    const seal = new StickySeal('api', [SECRET])
    const bytes = Buffer.from(seal.seal('a', GIVEN_S), 'base64url')
    let opened = 0
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      if (open(seal, changed.toString('base64url')) !== null) opened++
    }
    expect(opened).toBe(0)
  })

  test('is none of ours under another secret, of another backend, or spelled in another way', () => {
    const value = new StickySeal('api', [SECRET]).seal('a', GIVEN_S)
    const seal = new StickySeal('api', [SECRET])
    expect(open(new StickySeal('api', [OTHER]), value)).toBeNull()
    expect(open(new StickySeal('web', [SECRET]), value)).toBeNull()
    for (const wrong of [
      `${value.slice(1)}A`,
      `${value.slice(0, -1)}=`,
      `${value.slice(0, -1)}.`,
      'A'.repeat(40),
    ])
      expect(open(seal, wrong)).toBeNull()
    // Any of the alphabet's two letters that differ: one of many values has one.
    const odd = Array.from({ length: 64 }, (_, at) => seal.seal('a', at)).find((one) => /[-_]/.test(one))!
    expect(open(seal, odd)).not.toBeNull()
    expect(open(seal, Buffer.from(odd, 'base64url').toString('base64'))).toBeNull()
  })

  test('is signed by the first of several secrets, and known by each', () => {
    const old = new StickySeal('api', [OTHER]).seal('a', GIVEN_S)
    const both = new StickySeal('api', [SECRET, OTHER])
    expect(open(both, old)).toEqual({ secret: 1, server: both.nameOf(1, 'a'), givenS: GIVEN_S })
    expect(open(new StickySeal('api', [SECRET]), both.seal('a', GIVEN_S))?.secret).toBe(0)
    expect(open(new StickySeal('api', [OTHER]), both.seal('a', GIVEN_S))).toBeNull()
  })

  test('is read alike after more others than are remembered', () => {
    const seal = new StickySeal('api', [SECRET])
    const wrong = Array.from({ length: 40_000 }, (_, at) => {
      const opened = open(seal, seal.seal('a', at))
      return opened?.givenS === at ? 0 : 1
    }).filter((one) => one === 1)
    expect(wrong).toEqual([])
    expect(open(seal, seal.seal('a', 7))?.givenS).toBe(7)
  })

  test('is compared by backend and secrets, each by itself', () => {
    expect(new StickySeal('api', [SECRET]).isOf('api', [SECRET])).toBe(true)
    expect(new StickySeal('api', [SECRET]).isOf('api', [OTHER])).toBe(false)
    expect(new StickySeal('api', ['a', 'b']).isOf('api', ['a"', 'b'])).toBe(false)
    expect(new StickySeal('web', [SECRET]).isOf('api', [SECRET])).toBe(false)
  })
})

describe('the time of a cookie', () => {
  test('is alike for those of a 64th of its ttl, and never before they came', () => {
    const given = new Set(Array.from({ length: 3600 }, (_, second) => givenAt(GIVEN_S + second, 3600)))
    expect(given.size).toBeLessThanOrEqual(66)
    expect(Math.min(...given)).toBeGreaterThanOrEqual(GIVEN_S)
    expect(givenAt(GIVEN_S + 1, 10)).toBe(GIVEN_S + 1)
    expect(givenAt(GIVEN_S, 0)).toBe(0)
  })

  test('ends it with its ttl, and so does one that no clock of ours can have said', () => {
    expect(isOver(GIVEN_S, GIVEN_S + 3600, 3600)).toBe(false)
    expect(isOver(GIVEN_S, GIVEN_S + 3601, 3600)).toBe(true)
    expect(isOver(GIVEN_S + 300, GIVEN_S, 3600)).toBe(false)
    expect(isOver(GIVEN_S + 86_400, GIVEN_S, 3600)).toBe(true)
    expect(isOver(GIVEN_S, GIVEN_S + 1e8, 0)).toBe(false)
  })
})
