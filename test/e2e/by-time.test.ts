// least_response_time over four workers, each with times of its own.
import { expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origin.ts'
import { pause, waitFor } from '../support/wait.ts'

const configOf = (...urls: string[]): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', backend: 'api' } },
  backends: {
    api: { algorithm: 'least_response_time', servers: urls.map((url) => ({ url })), retry: { attempts: 1 } },
  },
})

test('a server that was slow once is asked again, and has its part in the end', async () => {
  const QUICK_MS = 5
  let isSlow = true
  await using once = startOrigin(async (_request, reply) => {
    await pause(isSlow ? 400 : QUICK_MS)
    reply.send(200, 'once')
  })
  await using always = startOrigin(async (_request, reply) => {
    await pause(QUICK_MS)
    reply.send(200, 'always')
  })
  await using gateway = await startGateway({ config: configOf(once.url, always.url), workers: 4 })
  const load = startLoad(gateway.port(), { connections: 16, restMs: 2 })
  // Each worker has met it.
  await once.received(8)
  const { length } = always.requests
  await waitFor(() => always.requests.length > length + 400)
  const slow = once.requests.length
  expect(slow).toBeLessThan(always.requests.length / 4)
  isSlow = false
  const before = always.requests.length
  await waitFor(() => once.requests.length > slow + 400, { what: 'it to have its part' })
  // No less than a fourth of what came since, on a machine that measures one or the other as slower.
  await waitFor(() => once.requests.length - slow > (always.requests.length - before) / 3)
  expect((await load.stop()).failures).toEqual([])
})

test('a server that fails at once draws nobody to it', async () => {
  await using failing = startOrigin((_request, reply) => reply.send(500, 'failing'))
  await using good = startOrigin(async (_request, reply) => {
    await pause(5)
    reply.send(200, 'good')
  })
  await using gateway = await startGateway({ config: configOf(failing.url, good.url), workers: 4 })
  const load = startLoad(gateway.port(), { connections: 16, isRight: ({ complete }) => complete })
  await waitFor(() => good.requests.length > 1000)
  expect(failing.requests.length).toBeLessThan(good.requests.length / 2)
  expect(failing.requests.length).toBeGreaterThan(0)
  expect((await load.stop()).failures).toEqual([])
})
