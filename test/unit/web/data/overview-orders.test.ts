import { afterEach, expect, spyOn, test } from 'bun:test'
import { carryOut } from '../../../../web/pages/overview/problem-orders.ts'

const sent: { readonly route: string; readonly tag: string | null }[] = []
let revision = 3
const given = (): ReturnType<typeof spyOn> =>
  spyOn(globalThis, 'fetch').mockImplementation((async (url: string, { method, headers }: RequestInit) => {
    const route = `${method} ${String(url).replace(/^.*\/api\/v1/, '')}`
    const document = { running: { revision, hash: 'runs' }, disk: { hash: 'disk' }, revision: 4 }
    if (method !== 'GET') sent.push({ route, tag: (headers as Headers).get('If-Match') })
    return new Response(JSON.stringify(document), { headers: { 'Content-Type': 'application/json' } })
  }) as unknown as typeof fetch)
let spied: ReturnType<typeof spyOn> | null = null
afterEach(() => spied?.mockRestore())

const order = (kind: 'confirm' | 'roll_back' | 'restore') =>
  carryOut({ kind, label: '', role: 'editor', revision: 3 }, () => undefined)

test('what a button does to the config, it does to what it was told of and to nothing else', async () => {
  spied = given()
  for (const kind of ['confirm', 'roll_back', 'restore'] as const)
    expect([kind, (await order(kind)).isWell]).toEqual([kind, true])
  expect(sent).toEqual([
    { route: 'POST /config/confirm', tag: '"runs"' },
    { route: 'POST /config/rollback', tag: '"runs"' },
    // The file is another one than what runs: only who names it writes over it.
    { route: `PUT /config?message=${encodeURIComponent('r3 put back into the file')}`, tag: '"disk"' },
  ])
  revision = 5
  expect(await order('roll_back')).toMatchObject({ isWell: false })
  expect(sent).toHaveLength(3)
})
