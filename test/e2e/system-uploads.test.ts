// Large uploads through a gateway of processes while it is changed and stopped, and while clients and servers
// break them off.
import { expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { type OriginRequest, type Reply, startOrigin } from '../support/origin.ts'
import { descriptorsOf } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const LENGTH = 12_000_000
const BODY = Buffer.alloc(LENGTH)
for (let at = 0; at + 4 <= LENGTH; at += 4) BODY.writeUInt32BE((at * 2_654_435_761) >>> 0, at)
const SUM = String(Bun.hash(BODY))

const config = (url: string, fixed: string): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0', limits: { body: 2 ** 40 } } },
  rules: [
    { name: 'fixed', match: { path: '/fixed' }, respond: { body: fixed } },
    { name: 'all', backend: 'b' },
  ],
  backends: { b: { servers: [{ url }] } },
  drain: '20s',
})
const head = (length: number, method = 'POST'): string =>
  `${method} /upload HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n`

/** Answers with the sum of what came. */
async function sum(request: OriginRequest, reply: Reply): Promise<void> {
  await request.done
  if (request.complete) reply.send(200, String(Bun.hash(Buffer.from(request.body, 'latin1'))))
}

test('a reload and a stop in the middle of large uploads lose no byte of them', async () => {
  await using origin = startOrigin(sum, { when: 'head' })
  await using gateway = await startGateway({ config: config(origin.url, 'old') })
  const clients = await Promise.all(Array.from({ length: 4 }, () => gateway.client()))
  const send = (part: number): void => {
    for (const client of clients) client.send(BODY.subarray((part * LENGTH) / 4, ((part + 1) * LENGTH) / 4))
  }
  const arrived = (parts: number): Promise<unknown> =>
    waitFor(() => origin.requests.every(({ bodyLength }) => bodyLength === (parts * LENGTH) / 4))
  for (const [place, client] of clients.entries()) client.send(head(LENGTH, place % 2 === 0 ? 'POST' : 'PUT'))
  send(0)
  await origin.begun(4)
  await arrived(1)

  // Bytes are on their way while it is changed.
  send(1)
  await gateway.apply(config('http://127.0.0.1:1', 'new'))
  const other = await gateway.client()
  expect((await other.get('/fixed')).body).toBe('new')
  other.rst()
  await arrived(2)

  send(2)
  gateway.signal('SIGTERM')
  await gateway.event('draining')
  await arrived(3)
  send(3)
  for (const client of clients) {
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('connection')]).toEqual([200, SUM, 'close'])
  }
  expect(await gateway.exited()).toBe(0)
  expect(gateway.last('stopped')).toMatchObject({ event: 'stopped', aborted: 0 })
  const lines = (await gateway.accessLog()).filter(({ path }) => path !== '/fixed')
  expect(lines.map(({ bytes_in }) => bytes_in)).toEqual(Array.from({ length: 4 }, () => LENGTH))
})

test('clients and servers that break off large uploads leave no descriptor behind, and no byte', async () => {
  let round = 0
  let stopped: Reply | null = null
  await using origin = startOrigin(
    async (request, reply) => {
      const how = round % 3
      await waitFor(() => request.bodyLength > 1_000_000 || request.complete)
      if (how === 0) {
        reply.pause()
        stopped = reply
      }
      if (how === 1) reply.rst()
      if (how === 2) await sum(request, reply)
    },
    { when: 'head' },
  )
  await using gateway = await startGateway({ config: config(origin.url, 'old') })
  const worker = gateway.workers[0]!
  const one = async (): Promise<void> => {
    const how = round % 3
    const client = await gateway.client()
    client.send(head(how === 2 ? LENGTH : 2 * LENGTH)).send(BODY)
    if (how === 2) expect((await client.readAnswer()).body).toBe(SUM)
    else if (how === 1) expect((await client.readAnswer()).status).toBe(502)
    else await waitFor(() => stopped !== null)
    client.rst()
    stopped?.resume() // only then it sees its end
    stopped = null
    await waitFor(() => how === 2 || origin.open === 0, { what: 'the server to be let go' })
    origin.forget()
  }
  for (; round < 6; round++) await one()
  const before = descriptorsOf(worker)
  for (; round < 30; round++) await one()
  await waitFor(() => descriptorsOf(worker) <= before, { what: 'descriptors to be given back' })
})
