import { afterEach, beforeEach, expect, test } from 'bun:test'
import type { Served } from '../../../server/control/change/apply.ts'
import { ServedRecord } from '../../../server/control/served-record.ts'
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
  const record = new ServedRecord()
  const hands = { store: keeperOf(world.store), env: {} }
  await record.served(served(1, 'a', 'file'), hands)
  expect(world.store.audit.list({ limit: 10 })).toEqual([])
  await record.served(served(2, 'b', 'file'), hands)
  await record.served(served(3, 'b', 'file'), hands)
  await record.served(served(4, 'c', 'api'), hands)
  expect(world.store.audit.list({ limit: 10 })).toMatchObject([
    {
      ...{ who: null, from: 'file', action: 'config.edit', result: 'done' },
      ...{ before: { hash: 'a' }, after: { revision: 2, hash: 'b' } },
    },
  ])
})

test('where nothing is kept nothing else happens', async () => {
  const record = new ServedRecord()
  const hands = {
    store: { open: () => Promise.reject(new StoreProblem('no', 'none')), keep: () => false },
    env: {},
  }
  for (const hash of ['a', 'b']) await record.served(served(1, hash, 'file'), hands)
  expect(world.store.audit.list({ limit: 1 })).toEqual([])
})
