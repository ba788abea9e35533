import { afterEach, expect, test } from 'bun:test'
import { type Admin, startAdmin } from '../../../../server/admin/admin.ts'
import { figureRoutes } from '../../../../server/admin/routes/figures.ts'
import { Shell } from '../../../../server/admin/shell.ts'
import { nowDocumentSteps } from '../../../../server/control/history/now.ts'
import { type Asked, isRemembered, queried } from '../../../../server/control/history/query.ts'
import { queriedDays } from '../../../../server/control/history/query-days.ts'
import { TenMinutes } from '../../../../server/control/history/ten-minutes.ts'
import { inSlices } from '../../../../server/lib/slices.ts'
import { BY_ROLE } from '../../../support/by-role.ts'
import { controlFacts } from '../../../support/control-facts.ts'
import { HistoryWorld } from '../../control/history/history-world.ts'

const opened: Admin[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.stop()
})

/** The routes over a history of a minute with four requests in each second; nothing is on disk. */
function scene(): (query: string) => Promise<{ status: number; body: Record<string, unknown> }> {
  const world = new HistoryWorld()
  world.pass(60, () => world.requests(4, { bytes: 100 }))
  const tenMinutes = new TenMinutes({ figures: () => Promise.reject(new Error('none')), tell: () => {} })
  const { history } = world
  const facts = controlFacts({})
  const live = {
    ...facts.live,
    now: () => inSlices(nowDocumentSteps(history, world.wallMs)),
    figures: (asked: Asked) =>
      isRemembered(asked.windowS)
        ? Promise.resolve(queried(history, asked, world.wallMs))
        : queriedDays(asked, {
            ...{ history, tenMinutes, figures: null, wallMs: world.wallMs },
            pause: () => Promise.resolve(),
          }),
  }
  const shell = new Shell({ routes: figureRoutes({ live }), facts, authenticator: BY_ROLE })
  const admin = startAdmin({ bind: '127.0.0.1:0', shell }) as Admin
  opened.push(admin)
  return async (query) => {
    const headers = { Authorization: 'Bearer viewer' }
    const answer = await fetch(`http://${admin.address}/api/v1/stats${query}`, { headers })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
}

test('a quarter of an hour by backend is what is answered to who asks for nothing else', async () => {
  const { status, body } = await scene()('')
  expect([status, body['by'], body['window'], body['step_s'], body['left_out']]).toEqual([
    200,
    'backend',
    '15m',
    10,
    0,
  ])
  const [api] = body['series'] as Record<string, (number | null)[]>[]
  expect(api).toMatchObject({ name: 'api' })
  expect(api!['requests']!.length).toBe(90)
  expect(api!['requests']!.filter((one) => one === 40).length).toBeGreaterThanOrEqual(5)
  expect(api).not.toHaveProperty('server_errors')
  expect(Date.parse(String(body['to'])) - Date.parse(String(body['from']))).toBe(900_000)
})

test('steps are as they are asked for, where what is kept is as fine', async () => {
  const ask = scene()
  const of = async (query: string): Promise<unknown[]> => {
    const { body } = await ask(query)
    const [one] = body['series'] as Record<string, unknown[]>[]
    return [body['step_s'], body['resolution_s'], one?.['requests']?.length]
  }
  expect(await of('?window=1m&step=5s')).toEqual([5, 1, 12])
  expect(await of('?window=5m&step=1s')).toEqual([1, 1, 300])
  expect(await of('?window=2h&step=1s')).toEqual([10, 10, 720])
  expect(await of('?window=1d')).toEqual([60, 60, 1440])
  expect(await of('?window=1d&step=1h')).toEqual([3600, 60, 24])
  expect(await of('?window=90d')).toEqual([5400, 600, 1440])
  // A step is no longer than what is asked for.
  expect(await of('?window=10s&step=90d')).toEqual([10, 1, 1])
  expect(await of('?window=2d&step=90d')).toEqual([172_800, 600, 1])
})

test('a name that is not known has an empty list by kind, and zeros nowhere', async () => {
  const { body } = await scene()('?by=rule&name=nobody')
  expect(body['series']).toEqual([])
})

test('words that are none are refused, and named', async () => {
  const ask = scene()
  for (const [query, parameter] of [
    ['?by=weather', 'by'],
    ['?window=91d', 'window'],
    ['?window=0s', 'window'],
    ['?window=soon', 'window'],
    ['?step=5', 'step'],
    ['?step=-1s', 'step'],
  ] as const) {
    const { status, body } = await ask(query)
    expect([query, status, body['errors']]).toMatchObject([query, 400, [{ parameter }]])
  }
  expect((await ask('?widow=5m')).status).toBe(400)
})

test('now is per second, over the last ten', async () => {
  const { body } = await scene()('/now')
  expect(body).toMatchObject({
    over_s: 10,
    gateway: { requests_per_s: 4, bytes_out_per_s: 100, server_errors_per_s: 0 },
    backends: [{ name: 'api', requests_per_s: 4 }],
    servers: [{ backend: 'api', server: 'http://a', requests_per_s: 4 }],
  })
})
