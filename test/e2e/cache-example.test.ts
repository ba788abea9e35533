// config/examples/cache.yaml: what it stores, for how long, and for whom.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'

test('assets are stored without a word of servers, articles by what they say, and the log tells it', async () => {
  let asked = 0
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin(({ target }, reply) => {
        asked++
        const fields = target.startsWith('/articles')
          ? ['Cache-Control: max-age=60', 'Surrogate-Key: news']
          : []
        reply.send(200, `${target} ${asked}`, fields)
      }),
    ]),
  )
  const config = `${adapted('cache.yaml', origins)}workers: 1\n`
  await using gateway = await startGateway({ config, file: 'cache.yaml' })
  await using client = await rawClient(gateway.port('web'))
  const get = async (target: string): Promise<string> => (await client.get(target)).body
  expect([await get('/assets/a.css?v=1'), await get('/assets/a.css?v=2')]).toEqual([
    '/assets/a.css?v=1 1',
    '/assets/a.css?v=1 1',
  ])
  expect([await get('/articles/1?utm_source=x'), await get('/articles/1')]).toEqual([
    '/articles/1?utm_source=x 2',
    '/articles/1?utm_source=x 2',
  ])
  expect([await get('/other'), await get('/other')]).toEqual(['/other 3', '/other 4'])
  for (const origin of Object.values(origins)) await origin[Symbol.asyncDispose]()
})
