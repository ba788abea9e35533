// However a connection of a tcp listener ends, its descriptors are reckoned with no longer: what is not given
// back would have idle connections to servers end, one for each new client, for good.
import { expect, test } from 'bun:test'
import { connectionsReckoned } from '../../server/lib/descriptor-budget.ts'
import { freePort } from '../support/kernel.ts'
import { RawServer } from '../support/raw-server.ts'
import { joined, relayTo } from '../support/tcp-relay.ts'
import { waitFor } from '../support/wait.ts'

test('in order, by a reset of either side, refused by all servers, waiting, or at a stop', async () => {
  const before = connectionsReckoned()
  using server = new RawServer()
  {
    await using gateway = relayTo([{ url: server.url, max_connections: 4 }], {
      queue: { timeout: '1m' },
    })
    for (const [by, end] of [
      ['client', 'fin'],
      ['server', 'fin'],
      ['client', 'rst'],
      ['server', 'rst'],
    ] as const) {
      const [client, behind] = await joined(gateway, server)
      // Its own, and that of the server.
      expect(connectionsReckoned()).toBe(before + 2)
      const [first, other] = by === 'client' ? [client, behind] : [behind, client]
      first.send('x')
      await other.readUntil('x')
      first[end]()
      if (end === 'rst') await other.closed()
      else await other.ending()
      other.fin()
      await gateway.connectionLogged()
    }
    const all = []
    for (let i = 0; i < 4; i++) all.push(await joined(gateway, server))
    const waiting = await gateway.client()
    await waitFor(() => gateway.backend().queue.length === 1)
    waiting.rst()
    await waitFor(() => gateway.backend().queue.length === 0)
    expect(connectionsReckoned()).toBe(before + 8)
  }
  await waitFor(() => connectionsReckoned() === before)
  const gone = [await freePort(), await freePort()].map((port) => `tcp://127.0.0.1:${port}`)
  await using gateway = relayTo(gone, { retry: { attempts: 3 } })
  await (await gateway.client()).closed()
  expect((await gateway.connectionLogged()).attempts).toBe(3)
  await waitFor(() => connectionsReckoned() === before)
})
