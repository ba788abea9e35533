// What is kept of ACME in the data folder, where clocks and CAs do odd things.
import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AcmeConfig } from '../../../../server/control/acme/acme.options.ts'
import { AcmeProblem } from '../../../../server/control/acme/acme-problem.ts'
import { afterRefusals } from '../../../../server/control/acme/after-refusals.ts'
import { keysOf } from '../../../../server/control/acme/followed.ts'
import { type KeptCertificate, Store } from '../../../../server/control/acme/store.ts'
import { wantedOf } from '../../../../server/control/acme/wanted.ts'
import { selfSigned } from '../../../../server/tls/self-signed.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-acme-kept-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-03-01T12:00:00Z')
const [first, second] = ['https://one.example/dir', 'https://two.example/dir'] as const
const config: AcmeConfig = {
  domains: ['a.example', '*.a.example'],
  agree_to_terms: true,
  directory: first,
  fallbacks: [second],
  challenge: 'dns-01',
  key_type: 'ecdsa',
}
const wanted = wantedOf('site', config)

const keptOf = (directory: string, obtainedMs: number): KeptCertificate => ({
  ...selfSigned(wanted.names, { nowMs: NOW_MS }),
  names: wanted.names,
  directory,
  keyType: 'ecdsa',
  obtainedMs,
  renewAtMs: NOW_MS + 60 * DAY_MS,
  advice: null,
  adviseAtMs: 0,
})

test('the last one is taken; but one that a clock that was ahead dates later than now hides none of today', () => {
  const store = new Store(join(folder, 'ahead'))
  const taken = (): string | undefined => store.certificate(wanted, NOW_MS)?.directory
  store.keepCertificate('site', keptOf(second, NOW_MS + 3650 * DAY_MS))
  expect(taken()).toBe(second)
  store.keepCertificate('site', keptOf(first, NOW_MS - DAY_MS))
  expect(taken()).toBe(first)
  // The clock of another gateway on this folder is a little ahead.
  store.keepCertificate('site', keptOf(second, NOW_MS + 60_000))
  expect(taken()).toBe(second)
})

test('what is kept and cannot be read is told, and not taken for nothing; what is no JSON is', () => {
  const store = new Store(join(folder, 'unread'))
  store.keepFailures({})
  const file = join(folder, 'unread', 'acme', 'failures.json')
  writeFileSync(file, '{"a')
  expect(store.failures()).toEqual({})
  writeFileSync(file, Buffer.alloc(64 * 1_048_576 + 1, 32))
  expect(() => store.failures()).toThrow('larger than')
  rmSync(file)
  mkdirSync(file)
  expect(() => store.failures()).toThrow('a folder')
})

test('names wait that were asked for and no others, whatever a CA tells; and its words are kept in part', () => {
  const problem = new AcmeProblem({
    type: 'compound',
    detail: 'x'.repeat(5000),
    names: ['victim.example', '*.A.example'],
    subproblems: Array.from({ length: 100 }, (_, i) => ({
      type: 'dns',
      detail: 'y'.repeat(900),
      name: `n${i}.x`,
    })),
  })
  const [issuer] = wanted.issuers
  const now = { nowMs: NOW_MS, chance: () => 0 }
  const counted = afterRefusals({}, wanted, [{ issuer: issuer!, problem }], now)
  expect(Object.keys(counted?.failures ?? {}).toSorted()).toEqual(keysOf(wanted).slice(0, 2).toSorted())
  expect(counted?.why.text.length).toBeLessThan(2100)
})
