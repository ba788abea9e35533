// A stop in order: what is on its way arrives, in both directions.
import { expect, test } from 'bun:test'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { isRunning } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const config = (url: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
  backends: { b: { servers: [{ url, max_connections: 10_000 }] } },
  drain: '10s',
})

const BIG = 4 << 20

/** /slow waits for the gate; /download and /upload are of 4 MiB and stop half-way until then. */
function startSlow(gate: { opened: Promise<void> }): Origin {
  return startOrigin(
    async (request, reply) => {
      if (request.target === '/slow') {
        await gate.opened
        reply.send(200, 'late')
      } else if (request.target === '/download') {
        void reply.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n`)
        void reply.raw('x'.repeat(BIG / 2))
        await gate.opened
        await reply.raw('y'.repeat(BIG / 2))
      } else if (request.target === '/upload') {
        await request.done
        reply.send(200, String(request.bodyLength))
      } else reply.send(200, 'ok')
    },
    { when: 'head' },
  )
}

const GET = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

test('SIGTERM under load loses nothing: slow answers, half a download, half an upload, and kept connections', async () => {
  const gate = makeGate()
  await using origin = startSlow(gate)
  await using gateway = await startGateway({ config: config(origin.url), workers: 3 })
  const port = gateway.port()
  const slow = await Promise.all(Array.from({ length: 30 }, () => rawClient(port)))
  for (const client of slow) client.send(GET('/slow'))
  const [download, upload] = (await Promise.all([rawClient(port), rawClient(port)])) as [RawClient, RawClient]
  download.send(GET('/download'))
  upload.send(`POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: ${BIG}\r\n\r\n`).send('u'.repeat(BIG / 2))
  await origin.begun(32)
  await waitFor(() => download.reader.total > BIG / 4)
  const { workers } = gateway
  const load = keepAsking(port)
  await waitFor(() => load.served > 300)

  gateway.signal('SIGTERM')
  await gateway.event('draining')
  // They that keep asking are told to go, one after the other, until nobody is let in.
  await load.ended
  expect(load.failures).toEqual([])
  expect(isRunning(gateway.pid)).toBe(true)
  gate.open()
  upload.send('u'.repeat(BIG / 2))
  for (const client of slow) {
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('connection')]).toEqual([200, 'late', 'close'])
  }
  const whole = await download.readAnswer()
  expect([whole.complete, whole.bodyLength]).toEqual([true, BIG])
  expect((await upload.readAnswer()).body).toBe(String(BIG))
  expect(await gateway.exited()).toBe(0)
  expect(gateway.last('stopped')).toMatchObject({ event: 'stopped', aborted: 0 })
  expect(workers.filter(isRunning)).toEqual([])
  await expectAllLogged(gateway, load.served + 32)
})

test('connections that wait for a server with room are served before the end', async () => {
  const gate = makeGate()
  await using origin = startSlow(gate)
  const words = config(origin.url)
  await using gateway = await startGateway({
    config: { ...words, backends: { b: { servers: [{ url: origin.url, max_connections: 2 }] } } },
    workers: 2,
  })
  const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(gateway.port())))
  for (const client of clients) client.send(GET('/slow'))
  await origin.begun(2)
  gateway.signal('SIGTERM')
  await gateway.event('draining')
  gate.open()
  for (const client of clients) {
    expect((await client.readAnswer()).body).toBe('late')
    client.rst()
  }
  expect(await gateway.exited()).toBe(0)
  expect(gateway.last('stopped')?.['aborted']).toBe(0)
})

test('the end of a drain under workers: 0 is the same', async () => {
  const gate = makeGate()
  await using origin = startSlow(gate)
  await using gateway = await startGateway({ config: config(origin.url), workers: 0 })
  await using client = await rawClient(gateway.port())
  client.send(GET('/slow'))
  await origin.begun()
  const load = startLoad(gateway.port(), { connections: 2 })
  await waitFor(() => load.answered > 50)
  expect((await load.stop()).failures).toEqual([])
  gateway.signal('SIGTERM')
  await gateway.event('draining')
  gate.open()
  const answer = await client.readAnswer()
  expect([answer.body, answer.get('connection')]).toEqual(['late', 'close'])
  client.rst()
  expect(await gateway.exited()).toBe(0)
})

interface Asking {
  readonly served: number
  readonly failures: string[]
  /** All were refused at last. */
  readonly ended: Promise<void[]>
}

/**
 * Clients that go on until they are refused a connection. An idle connection that ends under a request is
 * tried anew, as the standard wants it.
 */
function keepAsking(port: number): Asking {
  let served = 0
  const failures: string[] = []
  const ask = async (): Promise<void> => {
    for (;;) {
      const client = await rawClient(port).catch(() => null)
      if (client === null) return
      for (let isFirst = true; ; isFirst = false) {
        const before = client.reader.total
        const answer = await client.get('/quick').catch(() => null)
        if (answer?.complete === true && answer.status === 200) served++
        else if (isFirst || client.reader.total > before || client.reader.ending !== 'fin')
          failures.push(
            `${client.reader.ending} after ${client.reader.total - before} bytes, first: ${isFirst}`,
          )
        if (answer === null || answer.get('connection') === 'close') break
      }
      client.rst()
    }
  }
  const ended = Promise.all(Array.from({ length: 12 }, ask))
  return {
    get served() {
      return served
    },
    failures,
    ended,
  }
}

/** Each exchange has its line, those of the last moment too. */
async function expectAllLogged(gateway: Gateway, count: number): Promise<void> {
  const lines = await gateway.accessLog()
  expect(lines.filter(({ status }) => status === 200)).toHaveLength(count)
}
