import { beforeEach, expect, spyOn, test } from 'bun:test'
import { servedRevision } from '../../../../web/data/api.ts'
import type { Problem } from '../../../../web/data/problem.ts'
import { rebaseOn } from '../../../../web/data/rebasing.ts'
import {
  change,
  changes,
  clash,
  create,
  discard,
  draft,
  draftedOf,
  draftText,
  move,
  remove,
  settle,
} from '../../../../web/data/draft.ts'
import { leave } from '../../../../web/shell/leave.ts'
import { keepServing, type ServingListener } from '../../../../web/pages/certificates/listeners.ts'

const was = { etag: '"1"', configured: { url: 'http://a:80', weight: 1 } }
const SERVER = 'backends/api/servers/a'
const base = { text: 'a: 1\n', hash: 'h', revision: 3 }

beforeEach(() => {
  discard()
  clash.value = null
})

test('a field that is set back to what is written leaves the draft', () => {
  change(SERVER, was, { weight: 3 })
  expect(changes.value).toEqual([
    { op: 'update', resource: SERVER, etag: '"1"', base: was.configured, patch: { weight: 3 } },
  ])
  change(SERVER, was, { weight: 1 })
  expect(draft.value).toEqual({ kind: 'none' })
})

test('what is drafted while a draft is applied stays', () => {
  change(SERVER, was, { weight: 3 })
  move('rules/a', '"2"', { index: 0 })
  const applied = draft.value
  change('rules/b', { etag: '"3"', configured: {} }, { backend: 'api' })
  settle(applied)
  expect(changes.value.map(({ resource }) => resource)).toEqual(['rules/b'])
  settle(draft.value)
  expect(draft.value).toEqual({ kind: 'none' })
})

test('a change by a form takes the place of a text only once that was said', () => {
  draftText('a: 2\n', base)
  const text = draft.value
  change(SERVER, was, { weight: 3 })
  change(SERVER, was, { weight: 4 })
  create('rules', { name: 'new', backend: 'api' })
  remove('rules/old', { etag: '"4"', configured: {} })
  expect(draft.value).toBe(text)
  clash.value?.()
  expect(changes.value).toEqual([
    { op: 'update', resource: SERVER, etag: '"1"', base: was.configured, patch: { weight: 4 } },
    { op: 'create', resource: 'rules/new', value: { name: 'new', backend: 'api' } },
    { op: 'delete', resource: 'rules/old', etag: '"4"', base: {} },
  ])
})

test('a certificate that is kept after all is in the lists of its listeners again', () => {
  const listener = (name: string, written: unknown): ServingListener => {
    const configured = { certificates: written }
    const drafted = draftedOf(`listeners/${name}`, configured) ?? configured
    return {
      ...{ name, resource: `listeners/${name}`, etag: '"1"', configured, protocol: 'https', bind: [] },
      certificates: [drafted.certificates ?? []].flat() as string[],
      canServe: true,
    }
  }
  const all = (): ServingListener[] => [listener('a', ['x', 'y']), listener('b', 'x'), listener('c', ['z'])]
  const [a, b] = all()
  if (a === undefined || b === undefined) throw new Error('no listeners')
  change(a.resource, a, { certificates: ['y', 'new'] })
  change(b.resource, b, { certificates: [] })
  keepServing('x', all())
  expect(changes.value.map(({ resource }) => resource)).toEqual(['listeners/a'])
  expect(all().map(({ certificates }) => certificates)).toEqual([['x', 'y', 'new'], ['x'], ['z']])
})

test('signing out on purpose leaves no draft behind, which may hold secrets; one that fails leaves it', async () => {
  const answers = [new Response(null, { status: 502 }), new Response(null, { status: 204 })]
  const spied = spyOn(globalThis, 'fetch').mockImplementation((async () =>
    answers.shift()) as unknown as typeof fetch)
  change(SERVER, was, { weight: 3 })
  expect((await leave())?.status).toBe(502)
  expect(changes.value).toHaveLength(1)
  expect(await leave()).toBeNull()
  expect(draft.value).toEqual({ kind: 'none' })
  spied.mockRestore()
})

test('a draft that moves on is made from what the answer told, not from what came behind it', () => {
  change(SERVER, was, { weight: 3 })
  servedRevision.value = 9
  const problem = { code: 'etag_mismatch', current_revision: 7, conflicts: [] } as unknown as Problem
  expect(rebaseOn(problem, draft.value)).toBe('moved')
  expect(draft.value).toMatchObject({ kind: 'changes', baseRevision: 7 })
})
