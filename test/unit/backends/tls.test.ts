// TLS with the servers of a backend: who says the same shares what is known, who says something else begins
// anew, with connections of its own.
import { expect, test } from 'bun:test'
import { redirected } from '../../../server/http1/ask-request.ts'
import type { ServerTlsWords } from '../../../server/tls/server-tls.options.ts'
import { Authority } from '../../support/authority.ts'
import { backendConfig, Bench } from './backends.ts'

const [one, two] = [new Authority('one'), new Authority('two')]
const WORDS: ServerTlsWords = { verify: true, ca: ['/ca.pem'], pin: [], min_version: 'TLSv1.2', resume: true }
const FILES = { '/ca.pem': one.text, '/other.pem': two.text }
const bench = new Bench()
const made = (tls: ServerTlsWords, more: object = {}) => {
  const options = backendConfig([{ name: 'a', url: 'https://A.example.' }, { name: 'plain' }], { tls })
  return bench.backend(options, { files: FILES, ...more } as never)
}

test('servers that are spoken to plain have none, and a name is compared in lower case without its dot', () => {
  const [a, plain] = made(WORDS).servers
  expect([a?.tls?.name, a?.tls?.sni, plain?.tls]).toEqual(['a.example', 'a.example', null])
  expect(made({ ...WORDS, server_name: '127.0.0.1' }).servers[0]?.tls).toMatchObject({
    name: '127.0.0.1',
    sni: undefined,
  })
})

test('the same words keep connections and sessions, other words have their own', () => {
  const before = made(WORDS)
  const same = made({ ...WORDS }, { previous: before })
  expect(same.servers[0]?.tls).toBe(before.servers[0]?.tls as never)
  expect(same.servers[0]?.live).toBe(before.servers[0]?.live as never)
  for (const change of [
    { verify: false },
    { ca: ['/other.pem'] },
    { pin: ['sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] },
    { server_name: 'b.example' },
    { min_version: 'TLSv1.3' as const },
    { resume: false },
  ]) {
    const other = made({ ...WORDS, ...change }, { previous: before })
    expect(other.servers[0]?.live).not.toBe(before.servers[0]?.live as never)
    // A plain one has nothing to do with it.
    expect(other.servers[1]?.live).toBe(before.servers[1]?.live as never)
  }
})

test('files that change make another context, and forget the session; others change nothing', () => {
  const backend = made(WORDS)
  const { tls } = backend.servers[0]!
  const before = tls!.client.context
  tls!.keep(Buffer.from('session'), before, 60_000)
  backend.filesChanged({ '/else.pem': 'words' })
  backend.filesChanged({ '/ca.pem': one.text })
  expect([tls!.client.context === before, tls!.session?.toString()]).toEqual([true, 'session'])
  backend.filesChanged({ '/ca.pem': two.text })
  expect([tls!.client.context === before, tls!.session]).toEqual([false, null])
  // One that was agreed before and comes late is of no use either.
  tls!.keep(Buffer.from('late'), before, 60_000)
  expect(tls!.session).toBeNull()
})

test('what is wrong with files is thrown before anything is changed', () => {
  const backend = made(WORDS)
  const before = backend.servers[0]!.tls!.client.context
  expect(() => backend.filesChanged({ '/ca.pem': 'no certificate' })).toThrow('"ca" holds no PEM certificate')
  expect(backend.servers[0]!.tls!.client.context).toBe(before)
})

test('a redirect goes on by TLS, under the same words, or not at all', () => {
  const { host, port, authority, tls } = made(WORDS).servers[0]!
  const asked = {
    target: { host: host.toLowerCase(), port, authority, tls },
    request: { method: 'GET', target: '/', fields: [], body: null },
  }
  const to = (location: string) => redirected(302, location, asked)
  expect(to('/next')).toMatchObject({ target: { tls }, request: { target: '/next' } })
  expect(to('https://b.example/')).toMatchObject({
    target: { port: 443, tls: { name: 'b.example', client: tls!.client } },
  })
  expect(to('http://a.example/')).toMatch(/not spoken here/)
})
