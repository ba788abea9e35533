// Answers that end with their connection, written in pieces of all sizes, told whole or cut: each is taken
// for what it is. Two bytes are as long as a word on the end would be.
import { expect, test } from 'bun:test'
import { Authority } from '../support/authority.ts'
import { type EngineOptions, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { seededRandom, seedOfRun } from '../support/random.ts'
import { TlsFront } from '../support/tls-front.ts'

const RUNS = Number(process.env['SLUICE_CUTS'] ?? 12)
const SIZES = [1, 2, 2, 3, 100, 5000, 16_384, 70_000]

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`answers in pieces, whole or cut (${version})`, async () => {
    const random = seededRandom(seedOfRun())
    const authority = new Authority()
    const certificate = authority.issue({ names: 'DNS:localhost' })
    let pieces: readonly number[] = []
    let isWhole = true
    await using origin = startOrigin(async (_, reply) => {
      await reply.raw('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n')
      for (const size of pieces) await reply.raw('z'.repeat(size))
      await reply.raw('#')
      if (isWhole) reply.fin()
    })
    const versions = { minVersion: version, maxVersion: version }
    await using front = await TlsFront.start(origin.port, { ...certificate, ...versions })
    const config = toServers([front.url], { tls: { ca: authority.file } })
    await using gateway = startEngine({ config } as EngineOptions)
    for (let run = 0; run < RUNS; run++) {
      pieces = Array.from({ length: random.below(12) }, () => SIZES[random.below(SIZES.length)] as number)
      isWhole = random.below(2) === 0
      const client = await gateway.client()
      client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      await client.readUntil('#')
      if (!isWhole) front.cut('fin')
      const isTold = (await client.readToEnd()).endsWith('0\r\n\r\n')
      expect({ seed: random.seed, run, pieces, isTold }).toMatchObject({ isTold: isWhole })
    }
    await gateway.settled()
  }, 60_000)
