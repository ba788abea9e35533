import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { edit } from '../../../server/cli/edit.ts'
import { type Said, saidBy } from '../../support/command.ts'

const cwd = mkdtempSync(join(tmpdir(), 'sluice-edit-'))
afterAll(() => rmSync(cwd, { recursive: true, force: true }))

const TEXT = '\uFEFF# ours\nlisten: ":0"   # any\nbackends:\n  - url: http://a:1\n  - url: ${B}   # rack B\n'
const run = (...args: readonly string[]): Promise<Said> =>
  saidBy((io) => edit(args, io), { cwd, env: { B: 'http://b:1' } })
writeFileSync(join(cwd, 'sluice.yaml'), TEXT)

test('the text is printed with one setting changed, and the file is not touched', async () => {
  expect(await run('backends[1].weight', '5')).toEqual({
    code: 0,
    out: `${TEXT}    weight: 5\n`,
    err: '',
  })
  expect((await run('backends[2]', '{ url: "http://c:1" }')).out).toBe(`${TEXT}  - url: http://c:1\n`)
  expect((await run('--remove', 'backends[0]')).out).toBe(TEXT.replace('  - url: http://a:1\n', ''))
  expect(readFileSync(join(cwd, 'sluice.yaml'), 'utf8')).toBe(TEXT)
})

test('items come and go to places, keys get names, and the short form becomes the long one', async () => {
  expect((await run('--insert', 'backends[0]', '{ url: "http://c:1" }')).out).toBe(
    TEXT.replace('  - url: http://a:1\n', '  - url: http://c:1\n  - url: http://a:1\n'),
  )
  expect((await run('--move', 'backends[1]', '0')).out).toBe(
    '\uFEFF# ours\nlisten: ":0"   # any\nbackends:\n  - url: ${B}   # rack B\n  - url: http://a:1\n',
  )
  expect((await run('--rename', 'listen', 'lissen')).err).toContain('"lissen"')
  expect((await run('--long')).out).toBe(
    `\uFEFF# ours
listeners:
  default:
    bind: ":0"   # any
    status_endpoints: { health: /_health, metrics: /_metrics }

backends:
  default:
    servers:
      - url: http://a:1
      - url: \${B}   # rack B

rules:
  - name: default
    backend: default
`,
  )
})

test('a place of a list that is written as a name is told how it is written', async () => {
  const { code, err } = await run('backends.0.weight', '5')
  expect([code, err]).toEqual([1, expect.stringContaining('in brackets: backends[0].weight\n')])
})

test('what would be no valid config is refused with its problems', async () => {
  const { code, out, err } = await run('backends[1].weight', 'heavy')
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain(':6:13 backends[1].weight: found "heavy", allowed a whole number from 0 to 1000')
  expect(err).toEndWith('sluice edit: with this change the config would not be valid\n')
  writeFileSync(join(cwd, 'sluice.yaml'), `${TEXT}bogus: 1\n`)
  expect((await run('backends[1].weight', '2')).err).toContain('is not valid without this change either')
  writeFileSync(join(cwd, 'sluice.yaml'), TEXT)
  expect((await run('--remove', 'nothing')).err).toBe('sluice edit: there is no such setting\n')
})

test.each([
  [[], 'the path of a setting is missing'],
  [['workers'], 'the value is missing'],
  [['--remove', 'workers', '5'], 'a value beside --remove'],
  [['--move', 'backends[0]', 'up'], '"up" is no place: write 0 for the first'],
  [['--move', 'backends[0]'], 'the place is missing'],
  [['--rename', 'workers'], 'the new name is missing'],
  [['--insert', '--remove', 'workers'], '--insert and --remove exclude each other'],
  [['--long', 'workers'], 'a path beside --long'],
  [['workers', '[1'], '"[1" is no value in YAML'],
  [['workers', 'null'], '"null" is no value in YAML'],
  [['workers', ''], '"" is no value in YAML'],
] as const)('%j is wrong usage', async (args, why) => {
  expect(await run(...args)).toEqual({
    code: 2,
    out: '',
    err: `sluice edit: ${why}; "sluice edit -h" tells more\n`,
  })
})
