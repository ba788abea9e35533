import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { example, EXAMPLES } from '../../../server/cli/example.ts'
import { schema } from '../../../server/cli/schema.ts'
import { saidBy } from '../../support/command.ts'

const CONFIG = join(import.meta.dir, '../../../config')
const said = (...args: readonly string[]) => saidBy((io) => example(args, io))

test('every example is carried along, byte for byte', async () => {
  const all = readdirSync(join(CONFIG, 'examples'), { recursive: true, withFileTypes: true })
  const files = all.flatMap((one) =>
    one.isFile() ? [relative(join(CONFIG, 'examples'), join(one.parentPath, one.name))] : [],
  )
  expect((await said('--list')).out.trim().split('\n').toSorted()).toEqual(
    ['sluice.yaml', ...files].toSorted(),
  )
  for (const file of files)
    expect((await said(file)).out).toBe(readFileSync(join(CONFIG, 'examples', file), 'utf8'))
})

test('without a name it is the one that explains every setting', async () => {
  expect((await said()).out).toBe(readFileSync(join(CONFIG, 'sluice.yaml'), 'utf8'))
})

test('the ending of a name may be left out, and one that is not there is told with those that are', async () => {
  expect((await said('turn-users')).out).toBe(EXAMPLES['turn-users.yaml'] ?? '')
  expect(await said('wieghted.yaml')).toEqual({
    code: 1,
    out: '',
    err: 'sluice example: there is no example "wieghted.yaml"; did you mean "weighted.yaml"?\n',
  })
  expect((await said('nothing-like-it')).err).toContain('there are: sluice.yaml, minimal.yaml')
  expect((await said('--list')).out.split('\n')).toContain('hash.toml')
})

test('the schema is the one that editors find in the project', async () => {
  const { code, out } = await saidBy((io) => schema([], io))
  expect([code, out]).toEqual([0, readFileSync(join(CONFIG, 'schema.json'), 'utf8')])
})
