// Several DNS servers, of which some are not there, or do not answer.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createSocket } from 'node:dgram'
import { Resolver } from '../../../server/lib/resolver.ts'
import { freePort } from '../../support/kernel.ts'
import { SampleDns } from '../../support/sample-dns.ts'

const dns = new SampleDns()
beforeAll(() => dns.start())
afterAll(() => dns.stop())

function asking(ports: readonly number[], timeout: number): Resolver {
  const servers = ports.map((port) => `127.0.0.1:${port}`)
  return new Resolver({ timeout, ttl_min: 1000, ttl_max: 300_000, servers }, () => 1_000_000, {
    searchFile: '/nowhere',
  })
}

const lookup = (from: Resolver, host: string) =>
  new Promise<{ addresses: readonly string[]; why: string | null }>((done) =>
    from.lookup(host, (addresses, why) => done({ addresses, why })),
  )

test.skipIf(process.platform !== 'linux')(
  'one that is not there is known to refuse, long before the time is over, and the next one is asked',
  async () => {
    const hour = 3_600_000
    dns.zones.set('next.test', { a: ['10.0.0.1'] })
    const nobody = freePort()
    expect((await lookup(asking([nobody], hour), 'next.test.')).why).toStartWith(
      'the DNS server refused the connection for next.test',
    )
    expect((await lookup(asking([nobody, dns.port], hour), 'next.test.')).addresses).toEqual(['10.0.0.1'])
  },
)

test('behind one that is silent the next one is asked', async () => {
  dns.zones.set('next.test', { a: ['10.0.0.1'] })
  const silent = createSocket('udp4')
  await new Promise<void>((done) => silent.bind(0, '127.0.0.1', done))
  const one = asking([silent.address().port, dns.port], 100)
  expect((await lookup(one, 'next.test.')).addresses).toEqual(['10.0.0.1'])
  silent.close()
})
