// Changes that were made from what is not served any more: all that stands against them is told at once.
import { expect, test } from 'bun:test'
import { changedFields } from '../../../server/admin/resources/changed-fields.ts'
import type { Value } from '../../../server/config/edit/values.ts'
import { ResourceWorld } from '../../support/resource-world.ts'

const TEXT = `listeners: { web: { bind: "127.0.0.1:8080" } }
backends:
  api:
    algorithm: round_robin   # how
    servers:
      - { url: "http://10.0.0.1:80", name: one, weight: 3 }
      - { url: "http://10.0.0.2:80", name: two }
  old: { servers: [{ url: "http://10.0.0.9:80" }] }
rules:
  - { name: all, backend: api, middleware: [{ headers: { request: { set: { X-Key: secret-key } } } }] }
`
const etagOf = async (w: ResourceWorld, path: string): Promise<string> =>
  (await w.ask('GET', `/${path}`)).body.etag

test('a dry run tells the whole text that the file would have, and its hash is that of the change', async () => {
  using w = new ResourceWorld(TEXT)
  const ops = [{ op: 'update', resource: 'backends/api', value: { algorithm: 'random' } }]
  const tried = await w.ask('POST', '/changesets?dry_run=true', { body: { ops } })
  expect(tried.body).toMatchObject({ text: TEXT.replace('round_robin', 'random'), base: { revision: 1 } })
  const one = await w.ask('PATCH', '/backends/api?dry_run=true', { body: { algorithm: 'random' } })
  expect(one.body.text).toBe(tried.body.text)
  expect(w.text).toBe(TEXT)
  const made = await w.ask('POST', '/changesets', { body: { ops } })
  expect([made.body.change.hash, w.text]).toEqual([tried.body.hash, tried.body.text])
})

test('all operations that meet what others have changed are told at once, with who, when and which fields', async () => {
  using w = new ResourceWorld(TEXT)
  const [api, one, rule, old] = await Promise.all(
    ['backends/api', 'backends/api/servers/one', 'rules/all', 'backends/old'].map((path) => etagOf(w, path)),
  )
  const anna = TEXT.replace('weight: 3', 'weight: 4, max_connections: 9')
  w.serve(anna, 'anna')
  w.serve(
    anna
      .replace(/ {2}old: .*\n/, '')
      .replace('rules:\n', '  extra: { servers: [{ url: "http://x:1" }] }\nrules:\n'),
    'bert',
  )
  const ops = [
    { op: 'update', resource: 'backends/api/servers/one', value: { weight: 5 }, if_match: one },
    { op: 'update', resource: 'rules/all', value: { match: { path: '/x' } }, if_match: rule },
    { op: 'update', resource: 'backends/api', value: { algorithm: 'random' }, if_match: api },
    { op: 'delete', resource: 'backends/old', if_match: old },
    { op: 'create', resource: 'backends/extra', value: { servers: [{ url: 'http://y:1' }] } },
  ]
  const { status, body } = await w.ask('POST', '/changesets', { body: { ops, base_revision: 1 } })
  expect([status, body.code, body.current_revision, body.op_index]).toEqual([412, 'etag_mismatch', 3, 0])
  expect(body.detail).toBe(
    'Revision 3 is served, not 1: 4 of 5 operations meet what somebody else has changed.',
  )
  expect(body.conflicts).toMatchObject([
    {
      ...{ op_index: 0, resource: 'backends/api/servers/one', what: 'changed' },
      current: { url: 'http://10.0.0.1:80', name: 'one', weight: 4, max_connections: 9 },
      current_etag: await etagOf(w, 'backends/api/servers/one'),
      ...{ changed_by: 'anna', changed_at: '1970-01-01T00:00:02.000Z', changed_revision: 2 },
      changed_fields: ['/weight', '/max_connections'],
    },
    { op_index: 2, what: 'changed', changed_by: 'anna', changed_fields: ['/servers'] },
    { op_index: 3, what: 'gone', current: null, current_etag: null, changed_by: 'bert', changed_fields: [] },
    { op_index: 4, what: 'exists', changed_by: 'bert', changed_revision: 3, changed_fields: null },
  ])
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
    '/ops/0',
    '/ops/2',
    '/ops/3',
    '/ops/4',
  ])
  expect(JSON.stringify(body)).not.toContain('secret-key')
  expect(w.applied).toEqual([])
})

test('where nothing of it was touched by others the answer says so, and the same is made from the new revision', async () => {
  using w = new ResourceWorld(TEXT)
  const if_match = await etagOf(w, 'rules/all')
  w.serve(TEXT.replace('weight: 3', 'weight: 4'), 'anna')
  const ops = [{ op: 'update', resource: 'rules/all', value: { match: { path: '/x' } }, if_match }]
  const late = await w.ask('POST', '/changesets', { body: { ops, base_revision: 1 } })
  expect([late.status, late.body.conflicts, late.body.current_revision]).toEqual([412, [], 2])
  const again = await w.ask('POST', '/changesets', {
    body: { ops, base_revision: late.body.current_revision },
  })
  expect(again.status).toBe(200)
})

test('an operation does not stand in the way of one behind it that was made from the same', async () => {
  using w = new ResourceWorld(TEXT)
  const [api, one] = await Promise.all(
    ['backends/api', 'backends/api/servers/one'].map((path) => etagOf(w, path)),
  )
  const ops = [
    { op: 'update', resource: 'backends/api/servers/one', value: { weight: 5 }, if_match: one },
    { op: 'update', resource: 'backends/api', value: { algorithm: 'random' }, if_match: api },
  ]
  expect((await w.ask('POST', '/changesets', { body: { ops, base_revision: 1 } })).status).toBe(200)
  expect(w.text).toBe(TEXT.replace('weight: 3', 'weight: 5').replace('round_robin', 'random'))
})

test('of a single resource the answer itself has who changed it and what', async () => {
  using w = new ResourceWorld(TEXT)
  const headers = { 'If-Match': await etagOf(w, 'backends/api/servers/one') }
  w.serve(TEXT.replace('weight: 3', 'weight: 4'), 'anna')
  const { status, body } = await w.ask('PATCH', '/backends/api/servers/one', { body: { weight: 9 }, headers })
  expect(status).toBe(412)
  expect(body).toMatchObject({ current: { weight: 4 }, changed_by: 'anna', changed_fields: ['/weight'] })
  // Nobody knows what that was made from.
  const odd = await w.ask('PATCH', '/backends/api/servers/one', {
    body: { weight: 9 },
    headers: { 'If-Match': '"none"' },
  })
  expect(odd.body).toMatchObject({ changed_by: 'anna', changed_fields: null })
})

test('fields that differ are named by pointers, lists as a whole', () => {
  const before: Value = new Map<string, Value>([
    ['a/b', new Map([['c~', 1]])],
    ['gone', new Map([['x', 1]])],
  ])
  const after: Value = new Map<string, Value>([
    ['a/b', new Map([['c~', 2]])],
    ['list', [1, 2]],
  ])
  expect(changedFields(before, after)).toEqual(['/a~1b/c~0', '/gone', '/list'])
})
