// config/examples/split.yaml: parts by weight, shares of a rule and maintenance, over four workers.
import { expect, test } from 'bun:test'
import { explain } from '../../server/cli/explain.ts'
import { rawClient } from '../support/client.ts'
import { saidBy } from '../support/command.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

const AT_ONCE = 8
const NAMES: Readonly<Record<number, string>> = { 9001: 'stable', 9002: 'canary', 9003: 'other' }

/** What is answered to each of these requests, asked on many connections, so that each worker gets some. */
async function askAll(
  gateway: Gateway,
  list: readonly (readonly [target: string, fields: string])[],
): Promise<string[]> {
  const answers: string[] = []
  let next = 0
  const client = async (): Promise<void> => {
    while (next < list.length) {
      await using connection = await rawClient(gateway.port('web'))
      for (let n = 0; n < 25 && next < list.length; n++) {
        const at = next++
        const [target, fields] = list[at] as (typeof list)[number]
        answers[at] = (await connection.get(target, fields)).body
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
  return answers
}

const countOf = (list: readonly string[], one: string): number => list.filter((other) => other === one).length
/** Five standard deviations: one run in two million is beyond it. */
const expectShare = (count: number, of: number, share: number): void =>
  expect(Math.abs(count - of * share)).toBeLessThanOrEqual(5 * Math.sqrt(of * share * (1 - share)))
const many = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))

test('split.yaml: the same users go to the same part at each worker, and shares are what is written', async () => {
  const origins: Record<number, Origin> = Object.fromEntries(
    PORTS.map((port) => [port, startOrigin((_, reply) => reply.send(200, NAMES[port]))]),
  )
  await using stack = new AsyncDisposableStack()
  for (const origin of Object.values(origins)) stack.use(origin)
  const text = `${adapted('split.yaml', origins)}\nworkers: 4\n`
  await using gateway = await startGateway({ config: text, file: 'split.yaml' })
  expect(gateway.workers).toHaveLength(4)

  const users = many(600, (n) => ['/account/a', `X-User: user-${n}\r\n`] as const)
  const [first, second] = [await askAll(gateway, users), await askAll(gateway, users.toReversed())]
  expect(second.toReversed()).toEqual(first)
  expectShare(countOf(first, 'canary'), users.length, 0.1)

  const blue = await askAll(
    gateway,
    many(100, () => ['/shop/a', ''] as const),
  )
  expect(countOf(blue, 'stable')).toBe(100)

  const drawn = await askAll(
    gateway,
    many(600, () => ['/pages/a', ''] as const),
  )
  expectShare(countOf(drawn, 'canary'), drawn.length, 0.5)

  // One client: always, or never.
  const search = new Set(
    await askAll(
      gateway,
      many(50, () => ['/search', 'X-Beta: 1\r\n'] as const),
    ),
  )
  expect(search.size).toBe(1)
  expect(await askAll(gateway, [['/search', '']])).toEqual(['stable'])

  await using client = await rawClient(gateway.port('web'))
  const closed = await client.get('/billing/a', 'Accept: text/html\r\n')
  expect([closed.status, closed.get('retry-after')]).toEqual([503, '600'])
  expect(closed.body).toContain('Invoices are back at six.')
  expect([(await client.get('/invoices/1')).status, (await client.get('/')).body]).toEqual([503, 'stable'])

  expect((await client.get('/reports/q?secret=1')).body).toBe('stable')
  const differs = await gateway.event('mirror_differs')
  expect(differs).toMatchObject({ rule: 'reports', backend: 'canary', method: 'GET', path: '/reports/q' })
  expect(differs).toMatchObject({
    differs: ['body'],
    status: 200,
    mirror_status: 200,
    bytes: 6,
    mirror_bytes: 6,
  })
  expect(JSON.stringify(differs)).not.toContain('secret')

  // The weights are swapped: who was with blue is with green.
  await gateway.apply(
    text.replace('weight: 100', 'weight: 0').replace('canary, weight: 0', 'canary, weight: 100'),
  )
  expect(
    countOf(
      await askAll(
        gateway,
        many(100, () => ['/shop/a', ''] as const),
      ),
      'canary',
    ),
  ).toBe(100)
  // Of the users of the canary none moved, as nothing was changed for them.
  expect(await askAll(gateway, users)).toEqual(first)

  const said = async (path: string, ...args: string[]): Promise<string> =>
    (
      await saidBy((io) => explain([`http://a.example${path}`, '-c', 'split.yaml', ...args], io), {
        cwd: gateway.folder,
      })
    ).out
  const canary = first.indexOf('canary')
  const told = await said('/account/a', '-H', `X-User: user-${canary}`)
  expect(told).toContain('split       part canary, by header X-User\n')
  expect(told).toContain('canary: 10 of a hundred (weight 10), backend canary\n')
  expect(await said('/pages/a')).toContain('split       part stable, by chance, most go there\n')
  expect(await said('/reports/a')).toContain('mirror      copies of 100 of a hundred to backend canary\n')
  expect(await said('/billing/a')).toContain('outcome     503 maintenance: maintenance of the rule\n')
}, 60_000)
