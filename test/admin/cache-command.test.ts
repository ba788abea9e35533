// sluice cache and its routes over two workers: what they tell, what a purge takes out of both, and what a
// request changes at one is not given by the other.
import { expect, test } from 'bun:test'
import { rawClient, type RawClient } from '../support/client.ts'
import { cache } from '../../server/cli/cache.ts'
import { saidBy } from '../support/command.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

test('a purge reaches all workers, and so does what a request has changed', async () => {
  let version = 1
  await using origin = startOrigin(({ method, target }, reply) => {
    if (method === 'POST') version++
    reply.send(200, `${target} ${version}`, ['Cache-Control: max-age=600', 'Surrogate-Key: all news'])
  })
  await using gateway = await startGateway({
    workers: 2,
    config: {
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: [{ name: 'site', middleware: [{ cache: {} }], backend: 'app' }],
      backends: { app: { servers: [{ url: origin.url }] } },
    },
  })
  await using clients = new AsyncDisposableStack()
  const stored = async (): Promise<number[]> => {
    const document = (await (await fetch(`${gateway.admin}/metrics`)).text()).matchAll(
      /^lb_cache_entries\{process="worker-(\d)"\} (\d+)$/gm,
    )
    return [...document].map(([, , entries]) => Number(entries))
  }
  /** One connection at each worker: which one a client comes to is the kernel's choice. */
  const all: RawClient[] = []
  const ask = async (target: string): Promise<string[]> => {
    const bodies: string[] = []
    for (const client of all) bodies.push((await client.get(target)).body)
    return bodies
  }
  await waitFor(
    async () => {
      const client = clients.use(await rawClient(gateway.port('web')))
      all.push(client)
      await client.get('/both')
      return (await stored()).filter((entries) => entries > 0).length === 2
    },
    { what: 'a client at each worker', everyMs: 100 },
  )
  const run = (...args: string[]) => saidBy((io) => cache([...args, '-c', gateway.configFile], io))
  const told = await run()
  expect(told.out).toMatch(/^\d+ answers in \d+ KiB of 128 MiB\n\nRULE +GIVEN +HIT .*\nsite +\d+ %/)
  await ask('/a/1')
  await ask('/b')
  version = 2
  expect(new Set(await ask('/a/1'))).toEqual(new Set(['/a/1 1']))
  expect((await run('purge', '/a/*')).out).toBe('2 answers are out of the caches\n')
  expect(new Set(await ask('/a/1'))).toEqual(new Set(['/a/1 2']))
  expect(new Set(await ask('/b'))).toEqual(new Set(['/b 1']))
  expect((await run('purge', '--tag', 'news')).out).toBe('6 answers are out of the caches\n')
  expect(new Set(await ask('/b'))).toEqual(new Set(['/b 2']))
  all[0]?.send('POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')
  await all[0]?.readAnswer()
  await waitFor(async () => new Set(await ask('/b')).size === 1 && (await ask('/b'))[0] === '/b 3', {
    what: 'what the request has changed, from both workers',
  })
  const refused = await run('purge', 'a b')
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('"a b" is no URL and no path')])
  expect((await run('purge')).code).toBe(2)
  expect((await run('purge', '--all', '--json')).out).toMatch(/^\{"removed":\d+,"silent":\[\]\}\n$/)
})
