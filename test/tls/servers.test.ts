// Servers that are spoken to by TLS: whom they have to be, what is told when they are not, and that requests
// go the way they go to plain ones.
import { expect, test } from 'bun:test'
import { Authority, type Issued, issued } from '../support/authority.ts'
import { testCertificate } from '../support/certificate.ts'
import { answering, type EngineOptions, startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { TlsFront } from '../support/tls-front.ts'
import { waitFor } from '../support/wait.ts'

const authority = new Authority()
const local = authority.issue({ names: 'DNS:localhost' })

type Words = Readonly<Record<string, unknown>>

const engineTo = (url: string, tls: Words = {}, backend: Words = {}): TestEngine =>
  startEngine({
    config: toServers([url], { tls: { ca: authority.file, ...tls }, ...backend }),
  } as EngineOptions)

/** What becomes of a request to a server with this certificate. */
async function fateOf({ cert, key }: Pick<Issued, 'cert' | 'key'>, tls: Words = {}, host = 'localhost') {
  await using origin = startOrigin(answering('hello'))
  await using front = await TlsFront.start(origin.port, { cert, key })
  await using gateway = engineTo(`https://${host}:${front.port}`, tls, { retry: { attempts: 1 } })
  const client = await gateway.client()
  const answer = await client.get('/')
  const { fault, detail, sent, tries } = await gateway.logged()
  const { serverName } = front.handshakes[0] ?? { serverName: null }
  const status = answer.get('proxy-status')?.replace(/^.*?; /, '') ?? null
  await gateway.settled()
  return {
    status: answer.status,
    fault,
    detail,
    sent,
    phase: tries?.[0]?.phase ?? null,
    serverName,
    proxyStatus: status,
    requests: origin.requests.length,
  }
}

const GOOD = { status: 200, fault: null, detail: null, requests: 1 }
const refused = (code: string, detail: unknown): object => ({
  status: 502,
  fault: code,
  detail,
  sent: false,
  phase: 'tls',
  proxyStatus: `error=tls_certificate_error; details="${code}"`,
  requests: 0,
})

test('a server must have a certificate of a trusted issuer for its name', async () => {
  expect(await fateOf(local)).toMatchObject({ ...GOOD, serverName: 'localhost' })
  const other = authority.issue({ names: 'DNS:a.example, DNS:*.b.example' })
  expect(await fateOf(other)).toMatchObject(
    refused('tls_name_mismatch', 'certificate is for a.example, *.b.example, wanted localhost'),
  )
  expect(await fateOf(other, { server_name: 'x.b.example' })).toMatchObject({
    ...GOOD,
    serverName: 'x.b.example',
  })
  expect(await fateOf(other, { server_name: 'x.y.b.example' })).toMatchObject({ fault: 'tls_name_mismatch' })
  expect(await fateOf(other, { verify: false })).toMatchObject(GOOD)
})

test('the name in a subject counts for nothing', async () => {
  const bare = authority.issue({ names: 'email:x@y.example' }, 'localhost')
  expect(await fateOf(bare)).toMatchObject(
    refused('tls_name_mismatch', 'certificate is for no name, wanted localhost'),
  )
})

test('a server that is named by its address is asked for no name, and must have a certificate for it', async () => {
  const byAddress = authority.issue({ names: 'IP:127.0.0.1' })
  expect(await fateOf(byAddress, {}, '127.0.0.1')).toMatchObject({ ...GOOD, serverName: null })
  const named = authority.issue({ names: 'DNS:127.0.0.1' })
  expect(await fateOf(named, {}, '127.0.0.1')).toMatchObject({ fault: 'tls_name_mismatch' })
  expect(await fateOf(local, { server_name: 'localhost' }, '127.0.0.1')).toMatchObject({
    ...GOOD,
    serverName: 'localhost',
  })
})

test('what stands against a certificate is told apart', async () => {
  const own = issued(testCertificate().cert, testCertificate().key)
  expect(await fateOf(own)).toMatchObject(
    refused('tls_self_signed', 'certificate is CN=localhost, signed by itself'),
  )
  const stranger = new Authority('Somebody else').issue({ names: 'DNS:localhost' })
  expect(await fateOf(stranger)).toMatchObject(
    refused('tls_unknown_issuer', 'certificate is issued by CN=Somebody else'),
  )
  const old = authority.issue({ names: 'DNS:localhost', until: '20210203000000Z' })
  expect(await fateOf(old)).toMatchObject(refused('tls_expired', 'certificate expired on 2021-02-03'))
  const early = authority.issue({ names: 'DNS:localhost', from: '20980506000000Z' })
  expect(await fateOf(early)).toMatchObject(
    refused('tls_not_yet_valid', 'certificate is not valid before 2098-05-06'),
  )
  expect(await fateOf(own, { verify: false })).toMatchObject(GOOD)
})

test('without issuers of our own those of the system are trusted', async () => {
  expect(await fateOf(local, { ca: undefined })).toMatchObject({ fault: 'tls_unknown_issuer' })
})

test('a pinned key must be that of the server, whatever else is asked', async () => {
  const { pin: other } = authority.issue({ names: 'DNS:other' })
  expect(await fateOf(local, { pin: [other, local.pin] })).toMatchObject(GOOD)
  expect(await fateOf(local, { pin: other })).toMatchObject(
    refused('tls_pin_mismatch', `its key is ${local.pin}`),
  )
  expect(await fateOf(local, { pin: other, verify: false })).toMatchObject({ fault: 'tls_pin_mismatch' })
  const own = issued(testCertificate().cert, testCertificate().key)
  expect(await fateOf(own, { pin: own.pin, verify: false })).toMatchObject(GOOD)
})

test('requests go one after the other on a connection, and new connections resume the session', async () => {
  await using origin = startOrigin(answering('hello'))
  await using front = await TlsFront.start(origin.port, local)
  await using gateway = engineTo(front.url)
  const client = await gateway.client()
  for (let i = 0; i < 3; i++) expect((await client.get('/')).body).toBe('hello')
  expect(front.handshakes.map(({ isResumed }) => isResumed)).toEqual([false])
  const held = await Promise.all(Array.from({ length: 3 }, () => gateway.client()))
  await Promise.all(held.map((one) => one.get('/')))
  expect(front.handshakes.slice(1).map(({ isResumed }) => isResumed)).toEqual([true, true])
  // One that was resumed is resumed again.
  const more = await Promise.all(Array.from({ length: 6 }, () => gateway.client()))
  await Promise.all(more.map((one) => one.get('/')))
  expect(front.handshakes.length).toBeGreaterThan(3)
  expect(front.handshakes.slice(3).every(({ isResumed }) => isResumed)).toBe(true)
  await gateway.settled()
})

test('no session is resumed where that is not wanted', async () => {
  await using origin = startOrigin(answering('hello', ['Connection: close']))
  await using front = await TlsFront.start(origin.port, local)
  await using gateway = engineTo(front.url, { resume: false })
  const client = await gateway.client()
  for (let i = 0; i < 2; i++) expect((await client.get('/')).body).toBe('hello')
  expect(front.handshakes.map(({ isResumed }) => isResumed)).toEqual([false, false])
})

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`an answer that ends with its connection is whole only where that is said (${version})`, async () => {
    const seed = 'x'.repeat(40_000)
    const script: Script = async ({ target }, reply) => {
      const [, how, size] = /^\/(\w+)\/(\d+)/.exec(target) ?? []
      await reply.raw(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${seed.slice(0, Number(size))}`)
      // As short as a word on the end would be.
      await reply.raw('!\n')
      if (how === 'whole') reply.fin()
    }
    await using origin = startOrigin(script)
    await using front = await TlsFront.start(origin.port, {
      ...local,
      minVersion: version,
      maxVersion: version,
    })
    await using gateway = engineTo(front.url)
    const fates = async (how: string): Promise<unknown[]> => {
      const found: unknown[] = []
      for (const size of [0, 100, 40_000]) {
        const client = await gateway.client()
        client.send(`GET /${how}/${size} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
        await client.readUntil('!\n')
        if (how !== 'whole') front.cut(how === 'reset' ? 'rst' : 'fin')
        const isWhole = (await client.readToEnd()).endsWith('0\r\n\r\n')
        found.push(isWhole, (await gateway.logged()).fault)
      }
      return found
    }
    expect(await fates('whole')).toEqual([true, null, true, null, true, null])
    const CUT = [false, 'server_truncated']
    for (const how of ['cut', 'reset']) expect(await fates(how)).toEqual([...CUT, ...CUT, ...CUT])
  })

test('an answer of known length needs no word on the end', async () => {
  let front: TlsFront | null = null
  await using origin = startOrigin(async (_, reply) => {
    reply.send(200, 'whole')
  })
  front = await TlsFront.start(origin.port, local)
  await using gateway = engineTo(front.url)
  const client = await gateway.client()
  expect((await client.get('/')).body).toBe('whole')
  front.cut('fin')
  await waitFor(() => gateway.outbound.open === 0)
  expect((await client.get('/')).body).toBe('whole')
  await front[Symbol.asyncDispose]()
})
