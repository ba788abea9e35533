// What is told of shares of a rule, splits and maintenance: what would become of the request, and what else
// could where chance decides.
import { expect, test } from 'bun:test'
import { explainedText } from '../../../../server/cli/explained-text.ts'
import { loadConfig } from '../../../../server/config/load.ts'
import type { AskedRequest } from '../../../../server/control/explain/asked-request.ts'
import { explain } from '../../../../server/control/explain/explain.ts'
import type { Explained, Ground } from '../../../../server/control/explain/explained.ts'
import { offlineGround } from '../../../../server/control/explain/offline.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import { STATE_DOWN } from '../../../../server/scoreboard/states.ts'

function groundOf(rules: readonly object[]): Ground {
  const servers = (port: number) => ({ servers: [{ name: 's', url: `http://127.0.0.1:${port}` }] })
  const words = {
    listeners: { web: { bind: '127.0.0.1:80' } },
    backends: { a: servers(1), b: servers(2) },
    rules,
  }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return offlineGround(loaded.config)
}

function told(ground: Ground, more: Partial<AskedRequest> = {}): Explained & { readonly text: string } {
  const asked = { method: 'GET', url: 'http://x/', headers: [], client: null, listener: null, ...more }
  const explained = atOnce(explain(asked, ground))
  if ('problem' in explained) throw new Error(explained.problem)
  return { ...explained, text: explainedText({ kind: 'request', ...explained }, false) }
}

const REST = { name: 'rest', backend: 'b' }

test('of a share by chance both ways are told', () => {
  const ground = groundOf([{ name: 'few', weight: 10, backend: 'a' }, REST])
  const one = told(ground)
  expect(one.rule?.name).toBe('few')
  expect(one.share).toEqual({ weight: 10, by: 'random', by_chance: true, others: { name: 'rest', place: 1 } })
  expect(one.text).toContain('share       10 of a hundred, by chance: the others go on to rule rest\n')
  const alone = told(groundOf([{ name: 'few', weight: 10, backend: 'a' }]))
  expect(alone.text).toContain('the others go on and no rule takes them\n')
  const two = told(
    groundOf([
      { name: 'few', weight: 10, backend: 'a' },
      { ...REST, weight: 50 },
    ]),
  )
  expect(two.share?.others?.name).toBe('rest')
})

test('of a share by client it is told whether this one is in it', () => {
  const ground = groundOf([{ name: 'few', weight: 30, weight_by: 'client_ip', backend: 'a' }, REST])
  const of = (n: number) => told(ground, { client: `10.0.0.${n}` })
  const all = Array.from({ length: 40 }, (_, n) => of(n))
  const [inside, outside] = [
    all.find(({ rule }) => rule?.name === 'few'),
    all.find(({ rule }) => rule?.name === 'rest'),
  ]
  expect(inside?.share).toEqual({ weight: 30, by: 'client_ip', by_chance: false, others: null })
  expect(outside?.share).toBeNull()
  expect(outside?.trace?.candidates[0]?.unmet).toMatchObject([
    { part: 'weight', wanted: ['30 of a hundred, by client_ip'], found: null },
  ])
  expect(outside?.text).toContain(
    'few (rules.0): no, it is none of those that it takes: 30 of a hundred, by client_ip\n',
  )
})

test('of a split the part is told, why, and what each gets', () => {
  const to = [
    { backend: 'a', weight: 99 },
    { name: 'green', backend: 'b', weight: 1 },
  ]
  const ground = groundOf([{ name: 'r', split: { to, by: 'cookie uid' } }])
  const drawn = told(ground)
  expect(drawn.split).toMatchObject({ part: 'a', by: 'cookie uid', by_chance: true, instead_of: null })
  expect(drawn.split?.parts).toMatchObject([
    { part: 'a', percent: 99, in_use: true },
    { part: 'green', backend: 'b', percent: 1 },
  ])
  const known = told(ground, { headers: [['Cookie', 'uid=7']] })
  expect(known.split).toMatchObject({
    part: known.backend?.backend === 'a' ? 'a' : 'green',
    by_chance: false,
  })

  const { board, slots } = ground.states
  board.setState(slots['a']?.servers['s']?.index ?? -1, STATE_DOWN)
  const instead = told(ground)
  expect([instead.split?.part, instead.split?.instead_of, instead.backend?.backend]).toEqual([
    'green',
    'a',
    'b',
  ])
  expect(instead.text).toContain(
    'split       part green, by chance, most go there, in place of a, which has no server in use\n',
  )
})

test('of maintenance it is told who is let through, and until when it is', () => {
  const until = '2999-01-01T00:00:00Z'
  const ground = groundOf([{ name: 'r', backend: 'a', maintenance: { until, allow: ['10.0.0.0/8'] } }])
  expect(told(ground)).toMatchObject({
    ...{
      outcome: 'refused',
      status: 503,
      fault: 'maintenance',
      detail: `maintenance of the rule until ${until}`,
    },
  })
  expect(told(ground, { client: '10.0.0.1' }).outcome).toBe('backend')
  expect(told(ground, { atMs: Date.parse(until) }).outcome).toBe('backend')
})
