// What must hold for every certificate that a client may show, as servers are told of it: each line is ASCII
// without control characters, of one of our names, whatever stands in the certificate's own.
import { expect, test } from 'bun:test'
import { createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { certificateLines, type Judged } from '../../server/http/client-certificate.ts'
import { factsOf } from '../../server/tls/client-chain.ts'
import type { ClientPolicies } from '../../server/tls/client-policies.ts'
import { bits, element, integer, objectId, octets, sequence, setOf, time } from '../../server/tls/der.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'

const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 1500)
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
const ALGORITHM = sequence(objectId('1.2.840.10045.4.3.2'))
const LETTERS = [...'aZ0 ,+"\\<>;#=\r\n\0:/.@*é\u2028']

const many = <T>(random: Random, most: number, make: () => T): T[] =>
  Array.from({ length: random.below(most + 1) }, make)

function someText(random: Random): Uint8Array {
  if (random.below(3) === 0) return random.bytes(random.below(20))
  return Buffer.from(many(random, 20, () => random.pick(LETTERS)).join(''))
}

/** As strings of each kind, and as what is none. */
const someName = (random: Random): Buffer =>
  sequence(
    ...many(random, 3, () => {
      const id = objectId(random.pick(['2.5.4.3', '2.5.4.10', '2.5.4.6', '1.2.3.4.5']))
      const tag = random.pick([0x0c, 0x0c, 0x13, 0x14, 0x16, 0x1e, 0x30, 0x02])
      return setOf(sequence(id, element(tag, someText(random))))
    }),
  )

function someAlternative(random: Random): Buffer {
  const tag = random.pick([0x81, 0x82, 0x86, 0x87, 0x88, 0xa0])
  return element(tag, random.below(3) === 0 ? random.bytes(random.pick([4, 16, 3, 0])) : someText(random))
}

function someCertificate(random: Random): Buffer {
  const names = octets(sequence(...many(random, 5, () => someAlternative(random))))
  const body = sequence(
    element(0xa0, integer(Buffer.of(2))),
    integer(random.bytes(1 + random.below(20))),
    ALGORITHM,
    someName(random),
    sequence(time(Date.now() - 1e7), time(Date.now() + 1e9)),
    someName(random),
    publicKey,
    element(0xa3, sequence(sequence(objectId('2.5.29.17'), names))),
  )
  const whole = sequence(body, ALGORITHM, bits(sign('sha256', body, privateKey)))
  if (random.below(3) === 0) whole[random.below(whole.length)] = random.below(256)
  return whole
}

function linesOf(bytes: Buffer, headers: string): string | null {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(bytes)
  } catch {
    return null
  }
  const verdict = { fault: null, detail: null, found: null }
  const judged = { fault: null, verdict, shown: { certificate, facts: factsOf(certificate) } }
  const words = { headers } as ClientPolicies['words']
  return certificateLines(judged as unknown as Judged, words).toString('latin1')
}

test('certificates with strange names', () => {
  const seed = seedOfRun()
  let told = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(seed + run)
    const lines = linesOf(someCertificate(random), random.pick(['x-client-cert', 'client-cert', 'both']))
    if (lines === null) continue
    told++
    if (!/^(?:(?:X-Client-Cert-[A-Za-z-]+|Client-Cert): [ -~]*\r\n)*$/.test(lines))
      throw new Error(`SLUICE_SEED=${seed + run} SLUICE_FUZZ_RUNS=1: ${JSON.stringify(lines)}`)
  }
  if (RUNS > 100) expect(told).toBeGreaterThan(RUNS / 10)
})
