import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Served } from '../../../server/control/change/apply.ts'
import { ServedRecord } from '../../../server/control/served-record.ts'
import type { ApplyProblem } from '../../../server/control/problem.ts'
import { StoreProblem } from '../../../server/control/store/store-problem.ts'
import { keeperOf, storeWorld, type StoreWorld } from '../../support/store-world.ts'

let world: StoreWorld
beforeEach(() => {
  world = storeWorld()
  world.addUser('anna', 'admin')
})
afterEach(() => world.close())

const served = (revision: number, hash: string, from: string): Served =>
  ({ revision, edition: { hash, from, config: { admin: {} } } }) as unknown as Served

test('an edit of the file is in the audit once; what came by the API, or is read again, is not', async () => {
  const record = new ServedRecord({ store: keeperOf(world.store), env: {} })
  await record.served(served(1, 'a', 'file'))
  expect(world.store.audit.list({ limit: 10 })).toEqual([])
  await record.served(served(2, 'b', 'file'))
  await record.served(served(3, 'b', 'file'))
  await record.served(served(4, 'c', 'api'))
  expect(world.store.audit.list({ limit: 10 })).toMatchObject([
    {
      ...{ who: null, from: 'file', action: 'config.edit', result: 'done' },
      ...{ before: { hash: 'a' }, after: { revision: 2, hash: 'b' } },
    },
  ])
})

test('where nothing is kept nothing else happens', async () => {
  const hands = {
    store: { open: () => Promise.reject(new StoreProblem('no', 'none')), keep: () => false },
    env: {},
  }
  const record = new ServedRecord(hands)
  for (const hash of ['a', 'b']) await record.served(served(1, hash, 'file'))
  expect(world.store.audit.list({ limit: 1 })).toEqual([])
})

test('a file that is refused is in the audit once, with why; secrets are not', async () => {
  const record = new ServedRecord({ store: keeperOf(world.store), env: {} })
  await record.served(served(1, 'a', 'file'))
  const problems: ApplyProblem[] = [
    { path: 'workers', message: 'found "x"; allowed is a number', code: 'invalid', line: 4 },
    { path: 'a', message: 'found "http://anna:hunter2-planted@example.org"' },
  ]
  for (const hash of ['b', 'b', 'c', null, null]) record.refused(hash, problems)
  await record.served(served(2, 'a', 'file'))
  record.refused('b', [])
  const entries = world.store.audit.list({ limit: 10 }).toReversed()
  expect(entries.map(({ after }) => (after as { hash: string | null }).hash)).toEqual(['b', 'c', null, 'b'])
  expect(entries[0]).toMatchObject({
    ...{ who: null, from: 'file', action: 'config.edit', result: 'refused', before: { hash: 'a' } },
    after: { problems: [{ path: 'workers', line: 4, message: problems[0]?.message }, { path: 'a' }] },
    message: 'the config file was changed, and is not served: 2 problems',
  })
  expect(JSON.stringify(entries)).not.toContain('hunter2-planted')
})
