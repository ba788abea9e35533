import { afterAll, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AcmeClient, readRetryAfter } from '../../../../server/control/acme/acme-client.ts'
import { hintFor, readProblem } from '../../../../server/control/acme/acme-problem.ts'
import { certificateRequest, newKey } from '../../../../server/control/acme/csr.ts'
import { renewalId, renewalOf } from '../../../../server/control/acme/renewal.ts'
import { StepLog } from '../../../../server/control/acme/step-log.ts'
import { wantedOf } from '../../../../server/control/acme/wanted.ts'
import type { AcmeConfig } from '../../../../server/control/acme/acme.options.ts'
import { testCertificate } from '../../../support/certificate.ts'
import { needs } from '../../../support/needs.ts'
import { pause } from '../../../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-acme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function openssl(...words: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['openssl', ...words], { cwd: folder })
  if (exitCode !== 0) throw new Error(stderr.toString())
  return stdout.toString()
}

for (const type of ['ecdsa', 'rsa'] as const)
  needs('openssl')(`a request for a certificate (${type}) has its names and its own signature`, async () => {
    const names = ['example.org', '*.example.org', '192.0.2.7', '2001:db8::1']
    writeFileSync(join(folder, 'csr'), certificateRequest(names, await newKey(type)))
    const text = openssl('req', '-inform', 'DER', '-in', 'csr', '-noout', '-text', '-verify')
    expect(text).toContain(
      'DNS:example.org, DNS:*.example.org, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:1',
    )
  })

needs('openssl')('what RFC 9773 calls a certificate is made of its issuer key and its number', () => {
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-keyout', 'key', '-out', 'cert', '-days', '90', '-subj', '/CN=x', '-set_serial', '0x87654321'],
    ...['-addext', 'subjectKeyIdentifier=69885B6B87464041E1B37B847BA0AE2CDE01C8D4'],
    ...['-addext', 'authorityKeyIdentifier=keyid:always'],
  )
  const cert = readFileSync(join(folder, 'cert'), 'utf8')
  // The example of §4.1, whose certificate has the same two.
  expect(renewalId(cert)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE')
  const { validFrom, validTo } = new X509Certificate(cert)
  const lifeMs = Date.parse(validTo) - Date.parse(validFrom)
  expect(renewalOf(cert, 0)).toBe(Math.round(Date.parse(validTo) - lifeMs / 3))
  expect(renewalOf(cert, 1)).toBeLessThan(renewalOf(cert, 0))
})

test('how long a CA asks us to wait is read as seconds or a date, and not believed without bound', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z')
  expect(readRetryAfter('120', nowMs, null)).toBe(nowMs + 120_000)
  expect(readRetryAfter('Thu, 01 Jan 2026 01:00:00 GMT', nowMs, null)).toBe(nowMs + 3_600_000)
  expect(readRetryAfter('Wed, 31 Dec 2025 01:00:00 GMT', nowMs, null)).toBe(nowMs)
  expect(readRetryAfter('999999999', nowMs, null)).toBe(nowMs + 7 * 86_400_000)
  for (const none of [null, '', 'soon', '-1']) expect(readRetryAfter(none, nowMs, null)).toBeNull()
  // A date is one of the CA's clock, whatever ours says.
  const theirs = 'Fri, 01 Jan 2027 00:00:00 GMT'
  expect(readRetryAfter('Fri, 01 Jan 2027 01:00:00 GMT', nowMs, theirs)).toBe(nowMs + 3_600_000)
})

test('a problem of a CA is read whatever it is, and shown on one line', () => {
  const fallback = { type: 'notAcme', detail: 'the CA answered 500', status: 500 }
  for (const none of [null, [], 'text', 7, { type: 7, detail: {} }])
    expect(readProblem(none, fallback)).toMatchObject({ type: 'notAcme', detail: 'the CA answered 500' })
  const problem = readProblem(
    {
      type: 'urn:ietf:params:acme:error:compound',
      detail: 'several\n\u001b[31mthings',
      subproblems: [
        { type: 'urn:ietf:params:acme:error:caa', detail: 'no', identifier: { type: 'dns', value: 'a.org' } },
        null,
      ],
    },
    fallback,
  )
  expect(problem.message).toBe('several [31mthings')
  expect(problem.names).toEqual(['a.org'])
  expect(hintFor(problem)).toStartWith('a.org: a CAA record of the domain forbids this CA')
})

test('a CA is not spoken to in the clear, and not believed beyond a MiB', async () => {
  const client = (directory: string, answer: () => Response): AcmeClient =>
    new AcmeClient({
      directory,
      ca: null,
      agent: 'sluice',
      nowMs: Date.now,
      signal: new AbortController().signal,
      fetch: (() => Promise.resolve(answer())) as unknown as typeof fetch,
    })
  const said = (directory: string, answer: () => Response): Promise<string> =>
    client(directory, answer)
      .directory()
      .then(
        () => 'nothing',
        (error: Error) => error.message,
      )
  expect(await said('http://ca.example/', () => Response.json({}))).toContain('which is no https URL')
  expect(await said('https://ca.example/', () => new Response('x'.repeat(1_100_000)))).toContain(
    'more than a MiB',
  )
  expect(await said('https://ca.example/', () => new Response('<html>'))).toContain(
    'is no directory of an ACME CA',
  )
})

test('a CA has half a minute for an answer, however it fills it, and leads nobody into the clear', async () => {
  const { cert, key } = testCertificate()
  const [pem, keyPem] = [readFileSync(cert, 'utf8'), readFileSync(key, 'utf8')]
  const drip = (everyMs: number, size: number): Response =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(Buffer.from('x'.repeat(size)))
          await pause(everyMs)
        },
      }),
    )
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert: pem, key: keyPem },
    fetch: ({ url }) => {
      const { pathname } = new URL(url)
      if (pathname === '/drip') return drip(20, 1)
      if (pathname === '/flood') return drip(0, 100_000)
      if (pathname === '/clear') return Response.redirect('http://127.0.0.1:1/dir')
      if (pathname === '/round') return Response.redirect('/round')
      return new Promise<Response>(() => {})
    },
  })
  // It takes connections, and never says a word of TLS.
  using mute = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const said = async (url: string, answerMs: number): Promise<string> => {
    const signal = new AbortController().signal
    const parts = { directory: url, ca: pem, agent: 'sluice', nowMs: Date.now, signal, answerMs }
    return new AcmeClient(parts).directory().then(String, String)
  }
  const at = (path: string, answerMs = 60_000): Promise<string> =>
    said(`https://127.0.0.1:${server.port}/${path}`, answerMs)
  expect(await at('never', 300)).toContain('did not answer within 0.3 s')
  expect(await at('drip', 300)).toContain('did not answer within 0.3 s')
  expect(await at('flood')).toContain('more than a MiB')
  expect(await at('clear')).toContain('which is no https URL')
  expect(await at('round')).toContain('leads nowhere')
  expect(await said(`https://127.0.0.1:${mute.port}/`, 300)).toContain('did not answer within 0.3 s')
})

test('names are wanted once each, in the spelling that CAs have for them', () => {
  const config = {
    domains: ['Example.ORG.', 'example.org', '*.Bücher.example', '2001:DB8:0::1'],
    directory: 'letsencrypt',
    fallbacks: ['https://ca.example:14000/dir'],
  } as unknown as AcmeConfig
  const { names, issuers } = wantedOf('site', config)
  expect(names).toEqual(['example.org', '*.xn--bcher-kva.example', '2001:db8::1'])
  expect(issuers.map(({ shown }) => shown)).toEqual(['letsencrypt', 'ca.example:14000'])
})

test('the step log keeps what was done lately, and does not grow without end', () => {
  let nowMs = 0
  const log = new StepLog(folder, () => (nowMs += 1000))
  for (let i = 0; i < 3000; i++) log.add(`step ${i} ${'x'.repeat(200)}`)
  const steps = log.read()
  expect(steps.at(-1)?.step).toStartWith('step 2999 ')
  expect(steps.length).toBeLessThan(1000)
  expect(steps.length).toBeGreaterThan(200)
  const { size, mode } = statSync(join(folder, 'steps.log'))
  expect(size).toBeLessThan(200_000)
  expect(mode & 0o777).toBe(0o600)
})
