import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { connect as connectTls } from 'node:tls'
import { Certificate } from '../../../server/tls/certificate.ts'
import { turnListener } from '../../support/turn-config.ts'
import { staysTrue, waitFor, within } from '../../support/wait.ts'
import { BINDING, Door, Scene, tlsOf } from './stream-scene.ts'
import { otherCertificateText } from './stream-certificates.ts'

let scene: Scene
beforeEach(() => void (scene = new Scene()))
afterEach(() => scene[Symbol.dispose]())
const door = (): Door => scene.door as Door

describe('whom the relay is told of', () => {
  test('a client over TCP: its address and port, ours, and the listener; then its bytes as they came', async () => {
    const open = scene.listen(false)
    const client = await scene.connect(open)
    client.write(BINDING)
    const visit = await door().visit()
    expect(visit.announced).toMatchObject({
      family: 4,
      client: '127.0.0.1',
      clientPort: client.socket.localPort,
      local: '127.0.0.1',
      localPort: open.port,
      isTls: false,
      listener: 'turn',
    })
    await waitFor(() => visit.bytes === BINDING.length)
    expect(Buffer.concat(visit.pieces)).toEqual(BINDING)
    visit.write('answer')
    await client.has('answer')
    client.write('and more')
    await visit.has('and more')
    expect(open.accepted).toBe(1)
  })

  test('a client over TLS, said to be one', async () => {
    const open = scene.listen(true)
    const client = await scene.connect(open, { tls: true })
    expect(client.handshake).toBe(true)
    client.write(BINDING)
    const visit = await door().visit()
    expect(visit.announced).toMatchObject({
      isTls: true,
      clientPort: client.socket.localPort,
      localPort: open.port,
    })
    visit.write('answer')
    await client.has('answer')
  })

  test('a client over IPv6; one over IPv4 on a socket of both is of IPv4', async () => {
    const open = scene.listen(false, undefined, '::')
    const six = await scene.connect(open, { host: '::1' })
    six.write(BINDING)
    expect((await door().visit()).announced).toMatchObject({ family: 6, client: `${'0'.repeat(31)}1` })
    const four = await scene.connect(open)
    four.write(BINDING)
    expect((await door().visit(1)).announced).toMatchObject({
      family: 4,
      client: '127.0.0.1',
      local: '127.0.0.1',
    })
  })

  test('nobody before the first byte', async () => {
    const open = scene.listen(false)
    await scene.connect(open)
    await waitFor(() => scene.open === 1)
    expect(await staysTrue(() => door().visits.length === 0, 50)).toBe(true)
  })
})

describe('what does not begin as STUN', () => {
  for (const [name, bytes] of [
    ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['channel data without an allocation', '@\0\0\x04abcd'],
    ['noise', '\x02'],
    ['a TLS handshake on the port without', '\x16\x03\x01\x02\x00'],
  ] as const)
    test(`${name} is closed at once, and the relay hears nothing of it`, async () => {
      const client = await scene.connect(scene.listen(false))
      client.write(Buffer.from(bytes, 'latin1'))
      await client.closed()
      expect(door().visits).toEqual([])
      expect(scene.open).toBe(0)
    })

  test('the same within TLS', async () => {
    const client = await scene.connect(scene.listen(true), { tls: true })
    client.write('GET / HTTP/1.1\r\n\r\n')
    await client.closed()
    expect(door().visits).toEqual([])
    expect(scene.open).toBe(0)
  })

  test('a message that comes byte by byte is the relay’s from its first byte on', async () => {
    const client = await scene.connect(scene.listen(false))
    client.socket.setNoDelay(true)
    for (const [i, byte] of BINDING.entries()) {
      client.write(Uint8Array.of(byte))
      const visit = await door().visit()
      await waitFor(() => visit.bytes === i + 1)
    }
    expect(Buffer.concat(door().visits[0]?.pieces ?? [])).toEqual(BINDING)
  })
})

describe('TLS', () => {
  const negotiated = (port: number, offered?: string[]): Promise<string | false | null> => {
    const { promise, resolve } = Promise.withResolvers<string | false | null>()
    const socket = connectTls({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(offered ? { ALPNProtocols: offered } : {}),
    })
    socket.on('secureConnect', () => {
      resolve(socket.alpnProtocol)
      socket.destroy()
    })
    socket.on('error', (error) => resolve((error as { code?: string }).code ?? 'error'))
    return within(promise, 'a handshake')
  }

  test('of the protocols that a client offers ours are chosen; who offers nothing is served, who offers others is not', async () => {
    const { port } = scene.listen(true)
    expect(await negotiated(port, ['h2', 'stun.turn'])).toBe('stun.turn')
    expect(await negotiated(port, ['stun.nat-discovery'])).toBe('stun.nat-discovery')
    expect(await negotiated(port, ['stun.nat-discovery', 'stun.turn'])).toBe('stun.turn')
    expect(await negotiated(port)).toBe(false)
    expect(await negotiated(port, ['h2'])).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    await waitFor(() => scene.open === 0)
  })

  test('bytes in the clear on its port end the connection', async () => {
    const client = await scene.connect(scene.listen(true))
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.ended()
    client.socket.terminate()
    await waitFor(() => scene.open === 0)
  })

  test('a handshake that is not done within 10 s ends', async () => {
    const open = scene.listen(true)
    const client = await scene.connect(open)
    client.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc))
    await waitFor(() => scene.open === 1)
    scene.pass(9000)
    expect(scene.open).toBe(1)
    scene.pass(1500)
    expect(scene.open).toBe(0)
    await client.closed()
  })

  test('another certificate is that of the next handshakes, without a name from the client as well; who is there stays', async () => {
    const open = scene.listen(true)
    const first = await scene.connect(open, { tls: true })
    const shown = (wire: typeof first): string =>
      (wire.socket as unknown as { getPeerCertificate(): { fingerprint256: string } }).getPeerCertificate()
        .fingerprint256
    open.swap(scene.listener({ tls: tlsOf(new Certificate(otherCertificateText())) }))
    const second = await scene.connect(open, { tls: true })
    expect(shown(second)).not.toBe(shown(first))
    first.write(BINDING)
    const visit = await door().visit()
    visit.write('still here')
    await first.has('still here')
  })
})

describe('limits', () => {
  test('who sends nothing is closed after a while', async () => {
    const open = scene.listen(
      false,
      scene.listener({ options: turnListener({ timeouts: { idle: 5000, handshake: 10_000 } }) }),
    )
    const silent = await scene.connect(open)
    const spoken = await scene.connect(open)
    spoken.write(BINDING)
    const visit = await door().visit()
    visit.write('here')
    await spoken.has('here')
    scene.pass(4000)
    expect(scene.open).toBe(2)
    scene.pass(1500)
    await silent.closed()
    // How long a client of the relay may be silent is the relay's to say.
    scene.pass(60_000)
    expect(scene.open).toBe(1)
    expect(spoken.isClosed).toBe(false)
  })

  test('connections of a listener are limited, on all its addresses together', async () => {
    const listener = scene.listener({
      options: turnListener({ limits: { connections: 2, unauthenticated: 200, binding: 5000 } }),
    })
    const [plain, tls] = [scene.listen(false, listener), scene.listen(true, listener)]
    const first = await scene.connect(plain)
    const second = await scene.connect(tls, { tls: true })
    const third = await scene.connect(plain)
    await third.closed()
    const fourth = await scene.connect(tls, { tls: true })
    await fourth.closed()
    expect(scene.open).toBe(2)
    expect([plain.accepted, tls.accepted]).toEqual([2, 2])
    first.socket.terminate()
    await waitFor(() => scene.open === 1)
    const fifth = await scene.connect(plain)
    fifth.write(BINDING)
    await door().visit()
    expect([second.isClosed, fifth.isClosed]).toEqual([false, false])
  })

  test('the limit of a new config holds from then on', async () => {
    const open = scene.listen(false)
    await scene.connect(open)
    await waitFor(() => scene.open === 1)
    open.swap(
      scene.listener({
        options: turnListener({ limits: { connections: 1, unauthenticated: 200, binding: 5000 } }),
      }),
    )
    await (await scene.connect(open)).closed()
    expect(scene.open).toBe(1)
  })
})

describe('a relay that is not there', () => {
  test('what the client sent waits until it is', async () => {
    door().close()
    const client = await scene.connect(scene.listen(false))
    client.write(BINDING)
    client.write('more')
    await waitFor(() => scene.clients.size === 1)
    scene.pass(1000)
    scene.door = new Door(scene.path)
    await waitFor(() => {
      scene.pass(250)
      return door().visits.length > 0
    })
    const visit = await door().visit()
    await visit.has('more')
    expect(visit.bytes).toBe(BINDING.length + 4)
    visit.write('answer')
    await client.has('answer')
    expect(door().visits.length).toBe(1)
  })

  test('after 2 s the client is closed', async () => {
    door().close()
    const client = await scene.connect(scene.listen(false))
    client.write(BINDING)
    await waitFor(() => {
      scene.pass(250)
      return client.isClosed
    })
    await client.closed()
    expect(scene.open).toBe(0)
  })

  test('a client that leaves meanwhile is not brought to it', async () => {
    door().close()
    const client = await scene.connect(scene.listen(false))
    client.write(BINDING)
    await waitFor(() => scene.open === 1)
    client.socket.terminate()
    await waitFor(() => scene.open === 0)
    scene.door = new Door(scene.path)
    scene.pass(2000)
    expect(await staysTrue(() => door().visits.length === 0, 50)).toBe(true)
  })
})

describe('draining', () => {
  /** Begins to drain; tells whether that is over. */
  function drain(withinMs: number): { readonly isOver: () => boolean } {
    let isOver = false
    scene.drain(withinMs, () => void (isOver = true))
    return { isOver: () => isOver }
  }

  test('without clients it is done at once', () => {
    expect(drain(1000).isOver()).toBe(true)
  })

  test('who came just now and has said nothing has a second; who is with the relay stays until that ends it', async () => {
    const open = scene.listen(false)
    const silent = await scene.connect(open)
    const hesitant = await scene.connect(open)
    const served = await scene.connect(open)
    served.write(BINDING)
    const visit = await door().visit()
    await waitFor(() => scene.open === 3)
    const { isOver } = drain(60_000)
    hesitant.write(BINDING)
    const second = await door().visit(1)
    scene.pass(1500)
    await silent.closed()
    expect([isOver(), scene.open]).toEqual([false, 2])
    visit.socket.shutdown()
    second.socket.shutdown()
    await served.ended()
    served.socket.shutdown()
    hesitant.socket.shutdown()
    await waitFor(isOver)
    expect(scene.open).toBe(0)
  })

  test('who has said nothing for longer is not waited for, nor who does not begin with TLS', async () => {
    const plain = await scene.connect(scene.listen(false))
    const mute = await scene.connect(scene.listen(true))
    await waitFor(() => scene.open === 2)
    scene.pass(2000)
    const { isOver } = drain(60_000)
    expect([isOver(), scene.open]).toEqual([true, 0])
    await Promise.all([plain.closed(), mute.closed()])
  })

  test('who finds the door closed does not wait for another relay: none comes', async () => {
    const client = await scene.connect(scene.listen(false))
    await waitFor(() => scene.open === 1)
    const { isOver } = drain(60_000)
    door().close()
    scene.door = null
    client.write(BINDING)
    await client.closed()
    await waitFor(isOver)
  })

  test('when the time is over the rest is cut off', async () => {
    const open = scene.listen(false)
    const silent = await scene.connect(open)
    const served = await scene.connect(open)
    served.write(BINDING)
    const visit = await door().visit()
    await waitFor(() => scene.open === 2)
    const { isOver } = drain(10)
    await waitFor(isOver)
    await Promise.all([silent.closed(), served.closed(), visit.closed()])
    expect(served.error).toBe('ECONNRESET')
  })
})
