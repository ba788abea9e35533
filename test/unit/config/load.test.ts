import { afterAll, describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify as stringifyToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { loadConfig } from '../../../server/config/load.ts'
import { readBounded } from '../../../server/lib/read-bounded.ts'
import { formatProblem } from '../../../server/config/problem.ts'
import type { SchemaNode } from '../../../server/config/schema-node.ts'
import { ConfigOptions } from '../../../server/config/schema.ts'
import { EXAMPLE_SECRETS } from '../../support/example-secrets.ts'
import { configOf, linesOf, parse, problemsOf, withTurn } from './parse.ts'
import { exampleFiles } from '../../support/example-config.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const SHORT = 'listen: ":0"\nbackends: [{ url: "http://a:1" }]\n'

describe('loading a file', () => {
  test('gives config, text and hash, with paths that start at its folder', () => {
    const file = join(folder, 'good.yaml')
    const text = `${SHORT}logs: { access: { file: logs/access.log } }\n`
    writeFileSync(file, text)
    const loaded = loadConfig(file, {})
    if (!loaded.ok) throw new Error('not valid')
    expect(loaded.config.data).toBe(join(folder, 'data'))
    expect(loaded.config.logs.access.file).toBe(join(folder, 'logs/access.log'))
    expect(loaded.text).toBe(text)
    expect(loaded.hash).toBe(createHash('sha256').update(text).digest('hex'))
    expect(loaded.warnings).toEqual([])
  })

  test('a default path starts at the folder of each file anew', () => {
    for (const file of ['/one/a.yaml', '/two/b.yaml', '/one/c.yaml'])
      expect(configOf(SHORT, { file }).data).toBe(resolve(file, '../data'))
  })

  test('files of listeners are absolute where they stand, and problems quote them as written', () => {
    const tls = 'tls: { bind: ":5349", cert: tls/turn.pem, key: ../turn.key }'
    const lines = linesOf(withTurn(tls))
    expect(lines.find((line) => line.includes('tls.cert'))).toContain(
      'found "tls/turn.pem", which cannot be read, allowed a readable file; it is /etc/sluice/tls/turn.pem',
    )
    expect(lines.join('\n')).toContain(
      'found "../turn.key", which cannot be read, allowed a readable file; it is /etc/turn.key',
    )
  })

  test('absolute paths stay, and no access log file stays none', () => {
    expect(configOf(`${SHORT}data: /var/lib/sluice\n`).data).toBe('/var/lib/sluice')
    expect('file' in configOf(SHORT).logs.access).toBe(false)
  })

  test('a file that is gone, no file, or unreadable is a problem with its name', () => {
    const linesAbout = (file: string): string[] => {
      const loaded = loadConfig(file, {})
      return loaded.ok ? [] : loaded.problems.map(formatProblem)
    }
    const gone = join(folder, 'gone.yaml')
    expect(linesAbout(gone)).toEqual([
      `${gone}:1:1: found no file of this name, allowed a file that can be read`,
    ])
    expect(linesAbout(folder)).toEqual([`${folder}:1:1: found a folder, allowed a file that can be read`])
    expect(linesAbout('/dev/zero')).toHaveLength(1)
    const empty = join(folder, 'empty.yaml')
    writeFileSync(empty, '')
    expect(linesAbout(empty)[0]).toStartWith(`${empty}:1:1: found nothing in the file`)
    const secret = join(folder, 'secret.yaml')
    writeFileSync(secret, SHORT)
    chmodSync(secret, 0)
    // Root may read everything.
    if (process.getuid?.() !== 0) expect(linesAbout(secret)[0]).toContain('found a file that we may not read')
  })

  test('a file that is too large, or no text, is refused', () => {
    expect(problemsOf(`# ${'x'.repeat(17 * 1024 * 1024)}`)[0]).toMatchObject({ code: 'file' })
    const file = join(folder, 'latin1.yaml')
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xe4]))
    const loaded = loadConfig(file, {})
    expect(loaded.ok ? [] : loaded.problems[0]?.found).toBe('bytes that are no UTF-8')
  })

  test('a byte that is no UTF-8 is found where it stands, also behind a sign for such bytes', () => {
    const file = join(folder, 'place.yaml')
    const written = Buffer.from('\ufeff# é \ufffd\ufffd\nlisten: ')
    writeFileSync(file, Buffer.concat([written, Buffer.from([0xff, 0x0a, 0xfe])]))
    const loaded = loadConfig(file, {})
    expect(loaded.ok ? [] : loaded.problems).toMatchObject([{ line: 2, column: 9 }])
  })

  test('reading keeps to its bound', () => {
    const file = join(folder, 'bytes')
    writeFileSync(file, Buffer.alloc(100_000, 1))
    expect(readBounded(file, 100_000)).toHaveLength(100_000)
    expect(() => readBounded(file, 99_999)).toThrow('larger than 99999 bytes')
  })

  test('warnings come with a valid config, and not beside errors', () => {
    const text =
      'listeners: { web: { bind: ":0", backend: a } }\nbackends: { a: { servers: [{ url: "http://a" }] }, b: { servers: [{ url: "http://a" }] } }\n'
    const parsed = parse(text)
    expect(parsed.ok && parsed.warnings.map(({ code }) => code)).toEqual(['unused'])
    expect(linesOf(`${text}x: 1`)).toHaveLength(1)
  })
})

describe('examples', () => {
  const root = resolve(import.meta.dir, '../../../config')
  const files = [join(root, 'sluice.yaml'), ...exampleFiles().map((name) => join(root, 'examples', name))]

  test('there are some of each format', () => {
    for (const ending of ['.yaml', '.toml', '.json'])
      expect(files.some((file) => file.endsWith(ending))).toBe(true)
  })

  test.each(files)('%s is valid, without warnings', (file) => {
    const loaded = loadConfig(file, EXAMPLE_SECRETS)
    expect(loaded.ok ? loaded.warnings.map(formatProblem) : loaded.problems.map(formatProblem)).toEqual([])
  })

  test.each(files.filter((file) => file.endsWith('.yaml')))(
    '%s says the same in JSON and in TOML',
    (file) => {
      const text = readFileSync(file, 'utf8')
      expect(text).toMatch(/^# yaml-language-server: \$schema=(\.\.?)\/schema\.json\n/)
      const value: unknown = parseYaml(text)
      const env = EXAMPLE_SECRETS
      const config = configOf(text, { env })
      expect(configOf(JSON.stringify(value), { file: '/etc/sluice/a.json', env })).toEqual(config)
      expect(configOf(stringifyToml(value), { file: '/etc/sluice/a.toml', env })).toEqual(config)
    },
  )

  test('each setting that is commented out is a known one, with a value that it may have', () => {
    const text = readFileSync(join(root, 'sluice.yaml'), 'utf8')
    const setting = /^( *)# ( *(?:- )?[a-z_]+:(?: .*)?)$/gm
    const whole = text.replace(setting, '$1$2')
    expect(whole.match(/^ *[a-z_]+:/gm)?.length).toBeGreaterThan(60)
    // Together they contradict each other, and name files that are not there; nothing else may be wrong.
    expect(
      problemsOf(whole, { env: EXAMPLE_SECRETS }).filter(
        ({ code }) => code !== 'conflict' && code !== 'file',
      ),
    ).toEqual([])
  })

  test('sluice.yaml mentions every setting', () => {
    const text = readFileSync(join(root, 'sluice.yaml'), 'utf8')
    const keys = keysOf(ConfigOptions as SchemaNode)
    expect(keys.size).toBeGreaterThan(100)
    expect([...keys].filter((key) => !new RegExp(`\\b${key}:`).test(text))).toEqual([])
  })
})

function keysOf(schema: SchemaNode, above: readonly unknown[] = []): Set<string> {
  const { properties = {}, additionalProperties, items, anyOf = [] } = schema
  // Conditions hold themselves.
  if (above.includes(properties)) return new Set()
  const below = [...Object.values(properties), additionalProperties, items, ...anyOf].filter((one) => !!one)
  return new Set([
    ...Object.keys(properties),
    ...below.flatMap((one) => [...keysOf(one, [...above, properties])]),
  ])
}

test('a file beside another folder is found from where the config file is', () => {
  mkdirSync(join(folder, 'conf'))
  writeFileSync(join(folder, 'conf/port'), '81\n')
  const file = join(folder, 'conf/sluice.yaml')
  writeFileSync(file, 'listen: ":0"\nbackends: [{ url: "http://a:${file:port}" }]')
  const loaded = loadConfig(file, {})
  expect(loaded.ok && loaded.config.backends['default']?.servers[0]?.url).toBe('http://a:81')
  expect(loaded.ok && loaded.files).toEqual([join(folder, 'conf/port')])
})

describe('lists that are too long', () => {
  test('are counted before what is in them is looked at', () => {
    const servers = Array.from({ length: 20_001 }, (_, i) => `{ url: ${i} }`).join(', ')
    const lines = linesOf(
      `listeners: { web: { bind: ":0", backend: a } }\nbackends: { a: { servers: [${servers}] } }`,
    )
    expect(lines).toEqual(['2:27 backends.a.servers: found 20001 items, allowed at most 20000'])
    expect(linesOf(`listen: ":0"\nbackends: [${servers}]`)).toEqual([
      '2:11 backends: found 20001 items, allowed at most 20000',
    ])
  })

  test('rules as well', () => {
    const rules = '  - {}\n'.repeat(100_001)
    expect(linesOf(`listeners: { web: { bind: ":0" } }\nrules:\n${rules}backends: {}`)).toEqual([
      '3:3 rules: found 100001 items, allowed at most 100000',
    ])
  })
})
