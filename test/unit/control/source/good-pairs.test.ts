// What is remembered of pairs of files spares a start the work, and changes nothing of what is found.
import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../../../server/config/load.ts'
import { formatProblem, type Problem } from '../../../../server/config/problem.ts'
import { RememberedPairs } from '../../../../server/control/source/good-pairs.ts'
import type { PemPair } from '../../../../server/tls/certificate.ts'
import { certificateText } from '../../../../server/tls/read-certificate.ts'
import { selfSigned } from '../../../../server/tls/self-signed.ts'

const COUNT = 70
const DAY_MS = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'sluice-good-pairs-'))
const data = join(folder, 'data')
const kept = join(data, 'certificates', 'good-pairs.json')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const nowMs = Date.now()
const pairs = Array.from({ length: COUNT }, (_, place) => selfSigned([`n${place}.example.org`], { nowMs }))
const remembered = (): RememberedPairs => new RememberedPairs(data)
const keep = (some: readonly PemPair[] = pairs): Promise<void> =>
  remembered().keep(
    some.map((pair) => certificateText([pair])),
    () => true,
  )

function write(place: number, { cert, key }: PemPair): void {
  writeFileSync(join(folder, `${place}.pem`), cert)
  writeFileSync(join(folder, `${place}.key`), key)
}

beforeEach(() => {
  rmSync(data, { recursive: true, force: true })
  for (const [place, pair] of pairs.entries()) write(place, pair)
})

/** What is said of the config whose certificates they are, with what is remembered, and without. */
function check(days = 0): { readonly told: readonly string[]; readonly without: readonly string[] } {
  const file = join(folder, 'sluice.yaml')
  const names = pairs.map((_, place) => `c${place}`)
  const words = names.map((name, place) => `  ${name}: { cert: ${place}.pem, key: ${place}.key }`)
  writeFileSync(
    file,
    `listeners: { web: { bind: "127.0.0.1:0", protocol: https, certificates: [${names.join(', ')}] } }
rules: [{ name: here, respond: { body: "a" } }]
data: ./data
certificates:
${words.join('\n')}
`,
  )
  const at = nowMs + days * DAY_MS
  const linesOf = (more: object): string[] => {
    const loaded = loadConfig(file, {}, { nowMs: at, ...more })
    const problems: readonly Problem[] = loaded.ok ? loaded.warnings : loaded.problems
    return problems.map((problem) => formatProblem(problem).replace(file, ''))
  }
  return { told: linesOf({ goodPairs: () => remembered() }), without: linesOf({}) }
}

describe('pairs that were served', () => {
  test('are known by their texts, with what a plan needs of them', async () => {
    await keep()
    const again = remembered()
    for (const pair of pairs) {
      const { names, endsMs } = certificateText([pair])
      const facts = again.find(pair.cert, pair.key)
      expect(facts).toMatchObject({ names, endsMs })
      expect(Math.abs((facts?.fromMs ?? 0) - nowMs)).toBeLessThan(2 * DAY_MS)
    }
    const [one, two] = pairs as [PemPair, PemPair]
    expect(again.find(one.cert, two.key)).toBeUndefined()
    // Whatever of one text goes over to the other.
    expect(again.find(one.cert + one.key.slice(0, 9), one.key.slice(9))).toBeUndefined()
  })

  test('are in a file for the gateway alone, which says nothing of keys', async () => {
    await keep()
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    const text = readFileSync(kept, 'utf8')
    for (const { key } of pairs)
      for (const line of key.split('\n').slice(1, -2)) expect(text).not.toContain(line)
  })

  test('are forgotten when they are served no more, and few are not kept at all', async () => {
    await keep(pairs.slice(0, 10))
    expect(remembered().isEmpty).toBe(true)
    await keep()
    await keep(pairs.slice(5))
    const again = remembered()
    expect(pairs.map(({ cert, key }) => again.find(cert, key) !== undefined)).toEqual(
      pairs.map((_, place) => place >= 5),
    )
  })

  test('are not written while others take their place', async () => {
    await remembered().keep(
      pairs.map((pair) => certificateText([pair])),
      () => false,
    )
    expect(remembered().isEmpty).toBe(true)
  })
})

describe('a check that knows them', () => {
  test('reads no key and no certificate again', async () => {
    await keep()
    // Of these texts nobody could find more than what is said of them.
    const found: string[] = []
    const good = {
      isEmpty: false,
      find: () => (found.push('asked'), { names: ['a.example'], fromMs: 0, endsMs: nowMs }),
    }
    writeFileSync(join(folder, '3.key'), 'no key')
    expect(check().without).toEqual([expect.stringContaining('"3.key", without a key that can be read')])
    const loaded = loadConfig(join(folder, 'sluice.yaml'), {}, { nowMs: nowMs - 1, goodPairs: () => good })
    expect([loaded.ok, found.length]).toEqual([true, COUNT])
  })

  test.each([
    ['nothing, where nothing is wrong', () => {}, 0],
    ['that one has the key of another', () => write(7, { ...pairs[7]!, key: pairs[8]!.key }), 0],
    ['that a file is not there', () => rmSync(join(folder, '7.key')), 0],
    ['that one is cut', () => write(7, { ...pairs[7]!, cert: pairs[7]!.cert.slice(0, 200) }), 0],
    ['that two are for one name', () => write(7, pairs[8]!), 0],
    ['that all have expired', () => {}, 500],
    ['that none is valid yet', () => {}, -30],
  ])('says %s, as one that does not', async (_, change, days) => {
    await keep()
    change()
    const { told, without } = check(days)
    expect(told).toEqual(without)
    expect(told.length > 0).toBe(!_.startsWith('nothing'))
  })

  test.each([
    ['cut', (text: string) => text.slice(0, 500)],
    ['of other rules', (text: string) => text.replace('"rules":"', '"rules":"0')],
    ['nonsense', () => '{"rules":1,"pairs":[1]}'],
    ['empty', () => ''],
  ])('takes nothing of a file that is %s', async (_, spoil) => {
    await keep()
    writeFileSync(kept, spoil(readFileSync(kept, 'utf8')))
    expect(remembered().isEmpty).toBe(true)
    expect(check().told).toEqual([])
  })

  test('goes on where the folder cannot be written', async () => {
    mkdirSync(data, { recursive: true })
    writeFileSync(join(data, 'certificates'), 'no folder')
    await keep()
    expect([remembered().isEmpty, check().told]).toEqual([true, []])
  })
})
