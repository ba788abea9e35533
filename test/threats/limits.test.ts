// Threat: one client asks for more than anybody needs, until what is left for others is nothing: heads,
// bodies, connections, requests without end.
//
// Each limit of an http listener is reached exactly and then passed by one. The table is of the schema's own
// keys: a limit that is added does not compile without its line here.
import { describe, expect, test } from 'bun:test'
import type { HttpListenerConfig } from '../../server/http/listener.options.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

type Limit = keyof HttpListenerConfig['limits']

interface Trial {
  readonly value: number
  /** At the limit: all of it is served. Beyond: what the client gets, and what is told of it. */
  within(gateway: TestEngine, origin: Origin): Promise<void>
  beyond(gateway: TestEngine): Promise<{ readonly status: number | null; readonly fault: string | null }>
  /** Whether a refusal is told to operators by where the limit is set. */
  readonly isTold: boolean
}

const HEAD = 'GET / HTTP/1.1\r\nHost: h\r\n'
const padded = (bytes: number): string => `${HEAD}X: ${'x'.repeat(bytes - HEAD.length - 7)}\r\n\r\n`
const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`

/** Sends this on a connection of its own; what became of it. */
async function ask(
  gateway: TestEngine,
  request: string,
): Promise<{ readonly status: number; readonly fault: string | null }> {
  const client = await gateway.client()
  const { status } = await client.send(request).readAnswer()
  return { status, fault: (await gateway.logged()).fault }
}

const OK = { status: 200, fault: null }

const TRIALS: Readonly<Record<Limit, Trial>> = {
  head: {
    value: 256,
    within: async (gateway) => expect(await ask(gateway, padded(256))).toEqual(OK),
    beyond: (gateway) => ask(gateway, padded(257)),
    isTold: true,
  },
  fields: {
    value: 4,
    within: async (gateway) => expect(await ask(gateway, `${HEAD}A: 1\r\nB: 2\r\nC: 3\r\n\r\n`)).toEqual(OK),
    beyond: (gateway) => ask(gateway, `${HEAD}A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n`),
    isTold: true,
  },
  target: {
    value: 16,
    within: async (gateway) =>
      expect(await ask(gateway, `GET /${'t'.repeat(15)} HTTP/1.1\r\nHost: h\r\n\r\n`)).toEqual(OK),
    beyond: (gateway) => ask(gateway, `GET /${'t'.repeat(16)} HTTP/1.1\r\nHost: h\r\n\r\n`),
    isTold: true,
  },
  body: {
    value: 8,
    async within(gateway) {
      expect(await ask(gateway, post('Content-Length: 8\r\n', '12345678'))).toEqual(OK)
      expect(
        await ask(gateway, post('Transfer-Encoding: chunked\r\n', '8\r\n12345678\r\n0\r\n\r\n')),
      ).toEqual(OK)
    },
    async beyond(gateway) {
      const chunked = post('Transfer-Encoding: chunked\r\n', '8\r\n12345678\r\n1\r\n9\r\n0\r\n\r\n')
      const [first, second] = [
        await ask(gateway, post('Content-Length: 9\r\n', '123456789')),
        await ask(gateway, chunked),
      ]
      expect(second).toEqual(first)
      return first
    },
    isTold: true,
  },
  rate_min: {
    value: 1000,
    async within(gateway, origin) {
      const client = await gateway.client()
      client.send(post('Content-Length: 100000\r\n', 'x'.repeat(20_000)))
      await waitFor(() => origin.bytesReceived > 20_000)
      // The first five seconds are a grace: these bytes are enough for twenty more.
      gateway.runAhead(20_000)
      expect(gateway.log).toEqual([])
      client.rst()
      expect((await gateway.logged()).fault).toBe('client_abort')
    },
    async beyond(gateway) {
      const client = await gateway.client()
      client.send(post('Content-Length: 100000\r\n', 'a little'))
      await waitFor(() => gateway.inFlight === 1)
      gateway.runAhead(25_000)
      const { status } = await client.readAnswer()
      return { status, fault: (await gateway.logged()).fault }
    },
    isTold: false,
  },
  connections: {
    value: 2,
    async within(gateway) {
      const all = [await gateway.client(), await gateway.client()]
      for (const client of all) expect((await client.get('/')).status).toBe(200)
    },
    async beyond(gateway) {
      // It may be gone before its side of the connection was seen to stand.
      const third = await gateway.client().catch(() => null)
      await third?.closed()
      expect(third?.reader.total ?? 0).toBe(0)
      return { status: null, fault: null }
    },
    isTold: true,
  },
  requests: {
    value: 2,
    async within(gateway) {
      const client = await gateway.client()
      expect((await client.get('/')).get('connection')).toBeNull()
      expect((await client.get('/')).get('connection')).toBe('close')
    },
    async beyond(gateway) {
      const client = await gateway.client()
      client.send(`${HEAD}\r\n`.repeat(3))
      for (let n = 0; n < 2; n++) expect((await client.readAnswer()).status).toBe(200)
      expect(await client.readToEnd()).toBe('')
      return { status: null, fault: null }
    },
    isTold: false,
  },
}

const REFUSALS: Readonly<Record<Limit, { readonly status: number | null; readonly fault: string | null }>> = {
  head: { status: 431, fault: 'head_too_large' },
  fields: { status: 431, fault: 'head_too_large' },
  target: { status: 414, fault: 'target_too_long' },
  body: { status: 413, fault: 'body_too_large' },
  rate_min: { status: 408, fault: 'request_timeout' },
  connections: { status: null, fault: null },
  requests: { status: null, fault: null },
}

describe.each(Object.entries(TRIALS) as [Limit, Trial][])('limits.%s', (name, trial) => {
  test('is what is served, and one more is not; operators hear which limit it was', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { [name]: trial.value } },
    })
    await trial.within(gateway, origin)
    expect(gateway.events).toEqual([])
    expect(await trial.beyond(gateway)).toEqual(REFUSALS[name])
    const told = { event: 'limit_reached', limit: `listeners.web.limits.${name}`, value: trial.value }
    expect(gateway.events).toMatchObject(trial.isTold ? [told] : [])
    await gateway.settled()
  })
})
