// What comes through a tunnel in volume goes past the engine where sockets can.
import { expect, spyOn, test } from 'bun:test'
import { Pipe, pipes } from '../../server/sockets/pipes.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { socketsWanted } from '../support/sockets.ts'
import { waitFor } from '../support/wait.ts'

const LENGTH = 4_000_000
const pours = socketsWanted() === 'epoll' || socketsWanted() === 'io_uring'
const filled = spyOn(Pipe.prototype, 'fill')
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n'

for (const before of ['nothing', 'a body'])
  test(`what a client that has sent ${before} before sends through a tunnel is poured`, async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        await request.done
        if (request.method === 'POST') reply.send(200, 'ok')
        else await reply.raw(SWITCHED)
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    if (before === 'a body') {
      client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody')
      expect((await client.readAnswer()).body).toBe('ok')
    }
    client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n')
    await client.readUntil('\r\n\r\n')
    const received = origin.bytesReceived
    filled.mockClear()
    client.send(Buffer.alloc(LENGTH, 'volume '))
    await waitFor(() => origin.bytesReceived - received === LENGTH)
    if (pours) expect(filled).toHaveBeenCalled()
    client.rst()
    await waitFor(() => gateway.log.at(-1)?.status === 101)
    expect(gateway.log.at(-1)!.bytesIn).toBe(LENGTH)
    await gateway.settled()
    expect(pipes.open).toBe(pipes.spare)
  })
