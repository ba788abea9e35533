// Listeners of HTTP in TLS as a worker has them: certificates that change while they are served, and
// challenges that are answered in a handshake.
import { afterEach, expect, test } from 'bun:test'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Config } from '../../../server/config/schema.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
import { certificateText } from '../../../server/tls/read-certificate.ts'
import type { CertificateText } from '../../../server/tls/certificate.ts'
import type { InProcess } from '../../../server/worker/in-process.ts'
import { waitFor, within } from '../../support/wait.ts'
import { helloOf } from '../../vectors/hellos.ts'
import { config, machine, planOf, serve, stopMachines } from './machines.ts'

afterEach(stopMachines)

const textFor = (...names: string[]): CertificateText =>
  certificateText([selfSigned(names, { nowMs: Date.now() })])

const words = (...certificates: string[]): Config =>
  config({
    certificates: Object.fromEntries(certificates.map((name) => [name, { self_signed: true }])),
    listeners: { web: { bind: '127.0.0.1:0', protocol: 'https', certificates } },
    rules: [{ name: 'all', respond: { status: 200, body: 'served' } }],
  })

interface Answer {
  readonly shown: string
  readonly text: string
}

/** A whole connection, with a request behind the handshake. */
function ask(made: InProcess, servername: string, ...ALPNProtocols: string[]): Promise<Answer> {
  const port = made.plane.ports().get('web') ?? 0
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false, servername, ALPNProtocols }
  let [shown, text] = ['', '']
  const socket: TLSSocket = connectTls(options, () => {
    shown = socket.getPeerCertificate().subjectaltname ?? ''
    socket.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n')
  })
  socket.on('data', (bytes: Buffer) => void (text += bytes.toString()))
  socket.on('end', () => resolve({ shown, text }))
  socket.on('error', reject)
  return within(promise, 'an answer')
}

test('one that is replaced is another for handshakes from then on, for its new names too', async () => {
  const made = machine()
  const [a, b] = [textFor('a.example'), textFor('b.example')]
  await serve(made, planOf(1, words('a', 'b'), { certificates: { a, b } }))
  expect((await ask(made, 'b.example')).shown).toBe('DNS:b.example')
  made.plane.amend({ type: 'certificate', name: 'b', text: textFor('b.example', 'c.example') })
  for (const name of ['b.example', 'c.example'])
    expect(await ask(made, name)).toMatchObject({
      shown: 'DNS:b.example, DNS:c.example',
      text: expect.stringContaining('served'),
    })
  made.plane.amend({ type: 'certificate', name: 'b', text: textFor('c.example') })
  expect((await ask(made, 'b.example')).shown).toBe('DNS:a.example')
})

test('a challenge is answered to who asks for it, by a handshake and nothing more; others get what they ever get', async () => {
  const made = machine()
  const certificates = { a: textFor('a.example') }
  await serve(made, planOf(1, words('a'), { certificates }))
  const text = certificateText([selfSigned(['a.example', 'challenge.test'], { nowMs: Date.now() })])
  made.plane.amend({ type: 'challenge', serverName: 'a.example', text })
  const answered = { shown: 'DNS:a.example, DNS:challenge.test', text: '' }
  expect(await ask(made, 'a.example', 'acme-tls/1')).toEqual(answered)
  for (const offered of [['http/1.1'], [], ['acme-tls/1', 'http/1.1']])
    expect(await ask(made, 'a.example', ...offered)).toMatchObject({
      shown: 'DNS:a.example',
      text: expect.stringContaining('served'),
    })
  // Another plan has those that are under way.
  await serve(made, planOf(2, words('a'), { certificates, challenges: { 'a.example': text } }))
  expect(await ask(made, 'A.Example', 'acme-tls/1')).toEqual(answered)
  made.plane.amend({ type: 'challenge', serverName: 'a.example', text: null })
  expect(ask(made, 'a.example', 'acme-tls/1')).rejects.toThrow()
  expect((await ask(made, 'a.example')).text).toContain('served')
  await waitFor(() => made.plane.openConnections === 0)
})

test('a worker that comes while challenges are under way answers them; a plan without them ends that', async () => {
  const made = machine()
  const certificates = { a: textFor('a.example') }
  const text = certificateText([selfSigned(['challenge.test'], { nowMs: Date.now() })])
  await serve(made, planOf(1, words('a'), { certificates, challenges: { 'a.example': text } }))
  expect((await ask(made, 'a.example', 'acme-tls/1')).shown).toBe('DNS:challenge.test')
  await serve(made, planOf(2, words('a'), { certificates }))
  expect(ask(made, 'a.example', 'acme-tls/1')).rejects.toThrow()
  await waitFor(() => made.plane.openConnections === 0)
})

test('while a challenge is under way a hello may come in pieces, or never be whole', async () => {
  const made = machine()
  const text = textFor('a.example')
  await serve(made, planOf(1, words('a'), { certificates: { a: text }, challenges: { 'b.example': text } }))
  const port = made.plane.ports().get('web') ?? 0
  const hello = helloOf('curl')
  const seen = (socket: Socket): Promise<boolean> =>
    within(
      new Promise((resolve) => {
        socket.on('data', () => resolve(true))
        socket.on('close', () => resolve(false))
      }),
      'an answer or an end',
    )
  const dial = async (): Promise<Socket> => {
    const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true }).on('error', () => {})
    await within(new Promise((resolve) => void socket.once('connect', resolve)), 'a connection')
    return socket
  }
  const whole = await dial()
  const answered = seen(whole)
  for (const byte of hello) {
    whole.write(Uint8Array.of(byte))
    await new Promise((resolve) => void setImmediate(resolve))
  }
  expect(await answered).toBe(true)
  whole.destroy()
  for (const end of ['end', 'resetAndDestroy'] as const) {
    const cut = await dial()
    const gone = seen(cut)
    cut.write(hello.subarray(0, 60))
    await waitFor(() => made.plane.openConnections === 1)
    cut[end]()
    expect(await gone).toBe(false)
    await waitFor(() => made.plane.openConnections === 0)
  }
})
