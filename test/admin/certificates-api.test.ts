// Certificates by the API of a running gateway: looked at before they are served, made, served at once, and
// told with all that a page wants to know of them.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { makePair } from '../support/pki.ts'
import { testCertificate } from '../support/certificate.ts'

let gateway: Gateway
beforeAll(async () => {
  const { cert, key } = testCertificate()
  gateway = await startGateway({
    config: {
      certificates: { own: { self_signed: { names: ['own.example'] } }, file: { cert, key } },
      listeners: {
        web: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['own', 'file'] },
        turn: {
          ...{ bind: '127.0.0.1:0', protocol: 'turn', realm: 'x', auth: 'none' },
          tls: { bind: '127.0.0.1:0', cert, key },
        },
      },
      rules: [{ name: 'all', respond: { body: 'ok' } }],
      ...{ admin: false, drain: '50ms' },
    },
  })
})
afterAll(() => gateway[Symbol.asyncDispose]())

// oxlint-disable-next-line typescript/no-explicit-any -- documents of many shapes
async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const answer = await fetch(`http://localhost/api/v1/${path}`, {
    unix: controlSocketPath(`${gateway.folder}/data`, gateway.configFile),
    method,
    ...(body !== undefined && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: answer.status, body: await answer.json() }
}

/** The fingerprint of what is served for a name. */
function shownFor(servername: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: gateway.port('web'), servername, rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
}

test('each is told with its life, its chain, who names it and what clients may have against it', async () => {
  const { body } = await ask('GET', 'certificates')
  const [own, file] = body.items.map(({ live }: { live: unknown }) => live)
  expect(own).toMatchObject({
    ...{
      certificate: 'own',
      state: 'valid',
      source: 'self_signed',
      subject: 'own.example',
      key: 'ECDSA P-256',
    },
    ...{ used_by: ['listeners/web'], renews_by_itself: true, chain: [], names: ['own.example'] },
    findings: [{ code: 'self_signed', level: 'warning' }],
  })
  expect(own.used).toBeLessThan(0.01)
  expect(Date.parse(own.renew_at)).toBeLessThan(Date.parse(own.not_after))
  expect(own.fingerprint).toBe(await shownFor('own.example'))
  expect(file).toMatchObject({
    source: 'files',
    used_by: ['listeners/web'],
    renews_by_itself: false,
    renew_at: null,
  })
  // Of a turn listener, which names its files itself.
  expect(body.others).toMatchObject([{ source: 'files', used_by: ['listeners/turn'] }])
})

test('one of our own making is made, kept and served at once where a listener names it; a dry run makes none', async () => {
  const made = { name: 'dev', names: ['dev.example', '127.0.0.1'], days: 30 }
  const tried = await ask('POST', 'certificates/self-signed?dry_run=true', made)
  expect([tried.status, /dev"?:/.test(tried.body.text)]).toEqual([200, true])
  const kept = (): string[] => {
    try {
      return readdirSync(`${gateway.folder}/data/uploaded`)
    } catch {
      return []
    }
  }
  expect(kept()).toEqual([])
  const { status, body } = await ask('POST', 'certificates/self-signed', made)
  expect([status, kept().length]).toEqual([201, 2])
  expect(body.live).toMatchObject({ source: 'upload', names: ['dev.example', '127.0.0.1'], days_left: 29 })
  expect(JSON.stringify(body)).not.toContain('PRIVATE KEY')
  await ask('PATCH', 'listeners/web', { certificates: ['own', 'file', 'dev'] })
  expect(await shownFor('dev.example')).toBe(body.live.fingerprint)
  expect((await ask('POST', 'certificates/self-signed', made)).body.code).toBe('exists')
  expect((await ask('POST', 'certificates/self-signed', { ...made, names: ['not a name'] })).status).toBe(422)
})

test('a pair is looked at without being kept, also against the names of what it replaces', async () => {
  const before = readFileSync(gateway.configFile, 'utf8')
  const pair = makePair(['own.example'])
  const [good, other] = [{ certificate_pem: pair.cert, private_key_pem: pair.key }, makePair(['x.example'])]
  expect((await ask('POST', 'certificates/validate', { ...good, replaces: 'own' })).body).toMatchObject({
    usable: true,
    certificate: { names: ['own.example'] },
    findings: [{ code: 'self_signed' }],
  })
  const wrong = await ask('POST', 'certificates/validate', {
    ...{ certificate_pem: other.cert, private_key_pem: pair.key, replaces: 'own' },
  })
  expect(wrong.body.usable).toBe(false)
  expect(wrong.body.findings.map(({ code }: { code: string }) => code)).toEqual([
    ...['key_mismatch', 'self_signed', 'names_missing'],
  ])
  // One text with both, as many tools write it.
  expect(
    (await ask('POST', 'certificates/validate', { certificate_pem: pair.key + pair.cert })).body.usable,
  ).toBe(true)
  const pfx = await ask('POST', 'certificates/validate', { certificate_pem: `MIIJ${'A'.repeat(40)}==` })
  expect([pfx.status, pfx.body.errors[0].code]).toEqual([422, 'pfx'])
  expect(pfx.body.hint).toContain('openssl pkcs12')
  expect(readFileSync(gateway.configFile, 'utf8')).toBe(before)
})

test('an upload and the listeners that are to serve it are one change, of which nothing stays when it is refused', async () => {
  const pair = makePair(['both.example'])
  const uploaded = (): string[] => readdirSync(`${gateway.folder}/data/uploaded`)
  const before = uploaded()
  const set = (certificates: readonly string[], key = pair.key): object => ({
    ops: [
      {
        ...{ op: 'create', resource: 'certificates' },
        value: { name: 'both', certificate_pem: pair.cert, private_key_pem: key },
      },
      { op: 'update', resource: 'listeners/web', value: { certificates } },
    ],
  })
  const refused = await ask('POST', 'changesets', set(['own', 'nobody']))
  expect([refused.status, uploaded()]).toEqual([422, before])
  const noKey = await ask('POST', 'changesets', set(['own', 'both'], 'no key'))
  expect(noKey.body.errors[0].pointer).toBe('/ops/0/value/private_key_pem')
  const tried = await ask('POST', 'changesets?dry_run=true', set(['own', 'both']))
  expect([tried.body.dry_run, uploaded()]).toEqual([true, before])
  expect((await ask('POST', 'changesets', set(['own', 'both']))).status).toBe(200)
  const { body } = await ask('GET', 'certificates/both')
  expect([body.live.source, body.live.used_by]).toEqual(['upload', ['listeners/web']])
  expect(await shownFor('both.example')).toBe(body.live.fingerprint)
})

test('one that does not come by ACME has no log', async () => {
  expect((await ask('GET', 'certificates/own/log')).status).toBe(404)
})
