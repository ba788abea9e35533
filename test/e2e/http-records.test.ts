// What attempts tell of a server, and what that does to the next ones.
import { describe, expect, test } from 'bun:test'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { freePort } from '../support/kernel.ts'
import { waitFor } from '../support/wait.ts'

const refusing = (): string => `http://127.0.0.1:${freePort()}`

describe('a backup without a health check', () => {
  test('answers what all others have failed, within the same exchange', async () => {
    await using spare = startOrigin(answering('spare'))
    for (const others of [1, 2, 5]) {
      const servers = [
        ...Array.from({ length: others }, () => ({ url: refusing() })),
        { url: spare.url, backup: true },
      ]
      await using gateway = startEngine({ config: toServers(servers) })
      await using client = await gateway.client()
      const answer = await client.get('/')
      expect([answer.status, answer.body]).toEqual([200, 'spare'])
      expect(gateway.log[0]).toMatchObject({ attempts: Math.min(others + 1, 3), server: spare.url })
      await gateway.settled()
    }
  })

  test('is not asked while another one answers, nor for what may not be sent again', async () => {
    await using good = startOrigin(answering('good'))
    await using rude = startOrigin((_request, reply) => reply.rst())
    await using spare = startOrigin(answering('spare'))
    const backup = { url: spare.url, backup: true }
    await using gateway = startEngine({ config: toServers([good.url, backup]) })
    await using client = await gateway.client()
    for (let i = 0; i < 8; i++) expect((await client.get('/')).body).toBe('good')
    await using other = startEngine({ config: toServers([rude.url, backup]) })
    await using poster = await other.client()
    poster.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n')
    expect((await poster.readAnswer()).status).toBe(502)
    expect(spare.requests.length).toBe(0)
    await gateway.settled()
    await other.settled()
  })
})

describe('least_response_time', () => {
  test('is not drawn to servers that fail at once, whether they answer 500, hang up, break off or refuse', async () => {
    await using good = startOrigin(answering('good'))
    const failing = [
      startOrigin((_request, reply) => reply.send(500)),
      startOrigin((_request, reply) => reply.rst()),
      startOrigin(async (_request, reply) => {
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
        reply.rst()
      }),
    ]
    const urls = [good.url, ...failing.map(({ url }) => url), refusing()]
    await using gateway = startEngine({
      config: toServers(urls, { algorithm: 'least_response_time', retry: { attempts: 1 } }),
    })
    const ask = async (): Promise<void> => {
      await using client = await gateway.client()
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      await client.ending()
    }
    const failures = async (): Promise<number> => {
      const before = gateway.log.length
      for (let i = 0; i < 200; i++) await ask()
      expect(gateway.log.length).toBe(before + 200)
      return gateway.log.slice(before).filter(({ server }) => server !== good.url).length
    }
    // Each is found out by its first failure, and by a trial now and then.
    let failed = await failures()
    expect(failed).toBeGreaterThanOrEqual(4)
    // One slow answer of the good one, on a busy machine, makes it look bad for a while.
    for (let again = 0; again < 4 && failed >= 100; again++) failed = await failures()
    expect(failed).toBeLessThan(100)
    for (const origin of failing) origin.kill()
  })

  test('learns from those who did not wait for an answer', async () => {
    let isHanging = false
    await using origin = startOrigin((_request, reply) => (isHanging ? undefined : reply.send(200)))
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    await client.get('/')
    const { record } = gateway.servers[0]!.live
    const before = record.meanMs
    isHanging = true
    const impatient = await gateway.client()
    impatient.send('GET /hang HTTP/1.1\r\nHost: h\r\n\r\n')
    await waitFor(() => origin.requests.some(({ target }) => target === '/hang'))
    const sinceMs = performance.now()
    await waitFor(() => performance.now() - sinceMs > 10 * before)
    impatient.rst()
    await waitFor(() => record.meanMs > before)
    await gateway.settled()
  })
})
