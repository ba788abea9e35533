// What servers end that live: tried again, but not as if nobody had to bear it.
import { expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

test('the budget of retries is touched where one server after the other ends what it is asked: each request is tried once more, not at all of them', async () => {
  const resets = (): ReturnType<typeof startOrigin> => startOrigin((_request, reply) => reply.rst())
  await using one = resets()
  await using two = resets()
  await using three = resets()
  const origins = [one, two, three]
  await using gateway = startEngine({
    config: toServers(
      origins.map(({ url }) => url),
      { retry: { attempts: 3, backoff: '1ms', budget: { ratio: 0, least: 0 } } },
    ),
  })
  for (let n = 0; n < 6; n++) {
    await using client = await gateway.client()
    expect((await client.get('/')).status).toBe(502)
  }
  await waitFor(() => gateway.log.length === 6)
  for (const line of gateway.log) {
    expect(line.attempts).toBe(2)
    expect(line.detail).toContain('the retry budget of backend origin is used up')
  }
  expect(origins.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(12)
  await gateway.settled()
})
