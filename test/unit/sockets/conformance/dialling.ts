import { afterAll, expect } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenUnix } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { IPPROTO_TCP, OPEN_FLAGS, readOption, TCP_NODELAY } from '../../../../server/sockets/calls.ts'
import { libc } from '../../../../server/lib/native.ts'
import { freePort } from '../../../support/kernel.ts'
import { waitFor } from '../../../support/wait.ts'
import { Door, Peer } from './peer.ts'
import { Recorder } from './recorder.ts'
import { pattern, type Subject, testOf } from './scene.ts'

const descriptors = (): number => readdirSync('/proc/self/fd').length

/** Dials. */
export function testDialling(subject: Subject): void {
  testDials(subject)
  testDialsThatFail(subject)
  testDialsGivenUp(subject)
  testUnixDials(subject)
}

function testDials(subject: Subject): void {
  const test = testOf(subject)
  for (const host of ['127.0.0.1', '::1'])
    test(`a dial to ${host} connects, and its socket does as others do`, async () => {
      const door = new Door(host)
      const owner = new Recorder()
      subject.sockets().dial(host, door.port, owner)
      const peer = await door.next()
      await waitFor(() => owner.has('connected'))
      const socket = owner.socket!
      expect(readOption(socket.fd, IPPROTO_TCP, TCP_NODELAY)).toBe(1)
      expect(socket.localAddress).toBe(host)
      expect(socket.localPort).toBeGreaterThan(0)
      socket.write(Buffer.from('question'), 0, 8)
      expect((await peer.readBytes(8)).toString()).toBe('question')
      peer.send('answer')
      await waitFor(() => owner.text === 'answer')
      peer.shutdown()
      await waitFor(() => owner.has('end'))
      socket.shutdown()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['connected', 'data', 'end', 'close'])
      peer.close()
      door.close()
    })

  test('what is written as it is connected arrives, and what waits there already is told', async () => {
    const door = new Door()
    const owner = new Recorder()
    owner.on.connected = (socket) => void socket.write(Buffer.from('at once'), 0, 7)
    const other = Peer.connect(door.port)
    const accepted = await door.next()
    accepted.close()
    other.close()
    subject.sockets().dial('127.0.0.1', door.port, owner)
    const peer = await door.next()
    peer.send('first')
    expect((await peer.readBytes(7)).toString()).toBe('at once')
    await waitFor(() => owner.text === 'first')
    owner.socket?.terminate()
    expect(owner.events).toEqual(['connected', 'data', 'close'])
    peer.close()
    door.close()
  })

  test('a dialled socket that is reset at once tells both', async () => {
    const door = new Door()
    const owner = new Recorder()
    subject.sockets().dial('127.0.0.1', door.port, owner)
    const peer = await door.next()
    peer.reset()
    await waitFor(() => owner.isClosed || owner.has('connect_failed'))
    if (owner.has('connected')) expect(owner.events).toEqual(['connected', 'close broken'])
    else expect(owner.events).toEqual(['connect_failed'])
    door.close()
  })

  test('many dials at once each get their own bytes', async () => {
    const door = new Door('127.0.0.1', 512)
    const owners = Array.from({ length: 200 }, () => new Recorder())
    for (const [i, owner] of owners.entries()) {
      owner.on.connected = (socket) => void socket.write(Buffer.from(`${i};`), 0, `${i};`.length)
      subject.sockets().dial('127.0.0.1', door.port, owner)
    }
    const peers: Peer[] = []
    await waitFor(() => {
      for (let peer = door.accept(); peer !== null; peer = door.accept()) peers.push(peer)
      return peers.length === owners.length
    })
    for (const peer of peers) {
      await waitFor(() => (peer.read(), peer.text.endsWith(';')))
      peer.send(peer.bytes)
    }
    for (const [i, owner] of owners.entries()) {
      await waitFor(() => owner.text === `${i};`)
      owner.socket?.terminate()
    }
    for (const peer of peers) peer.close()
    door.close()
  })
}

function testDialsThatFail(subject: Subject): void {
  const test = testOf(subject)
  for (const host of ['127.0.0.1', '::1'])
    test(`a dial to a port of ${host} where nobody listens is refused, and no descriptor stays`, async () => {
      const before = descriptors()
      const owner = new Recorder()
      subject.sockets().dial(host, freePort(), owner)
      await waitFor(() => owner.events.length > 0)
      expect(owner.events).toEqual(['connect_refused'])
      await waitFor(() => descriptors() <= before)
    })

  test('what is no address literal is no connection', () => {
    const owner = new Recorder()
    subject.sockets().dial('example', 80, owner)
    expect(owner.events).toEqual(['connect_failed'])
  })

  test('who dials may dial again as it hears of the failure', async () => {
    const door = new Door()
    const owner = new Recorder()
    const first = new Recorder()
    first.onDialFailed = () => void subject.sockets().dial('127.0.0.1', door.port, owner)
    subject.sockets().dial('127.0.0.1', freePort(), first)
    const peer = await door.next()
    await waitFor(() => owner.has('connected'))
    owner.socket?.terminate()
    peer.close()
    door.close()
  })
}

function testDialsGivenUp(subject: Subject): void {
  const test = testOf(subject)
  test('a dial that nobody answers is given up at any time, and no descriptor stays', async () => {
    const door = new Door('127.0.0.1', 0)
    // The queue of the door is full: whoever comes now hears nothing.
    const fillers = [Peer.connect(door.port), Peer.connect(door.port), Peer.connect(door.port)]
    const before = descriptors()
    const owners = Array.from({ length: 10 }, () => new Recorder())
    const dials = owners.map((owner) => subject.sockets().dial('127.0.0.1', door.port, owner))
    // Turns go by.
    const probe = new Recorder()
    subject.sockets().dial('127.0.0.1', freePort(), probe)
    await waitFor(() => probe.has('connect_refused'))
    for (const owner of owners) expect(owner.events).toEqual([])
    for (const dial of dials) dial.cancel()
    await waitFor(() => descriptors() <= before)
    for (const owner of owners) expect(owner.events).toEqual([])
    for (const dial of dials) dial.cancel()
    for (const filler of fillers) filler.close()
    door.close()
  })

  test('a dial that is given up before anybody could hear of it is not heard of', async () => {
    const door = new Door()
    const before = descriptors()
    const owner = new Recorder()
    subject.sockets().dial('127.0.0.1', door.port, owner).cancel()
    // It may have heard before it gave up.
    const heard = [...owner.events]
    const other = new Recorder()
    subject.sockets().dial('127.0.0.1', freePort(), other)
    await waitFor(() => other.has('connect_refused'))
    expect(owner.events).toEqual(heard)
    door.accept()?.close()
    await waitFor(() => descriptors() <= before)
    door.close()
  })

  test('given up when it is connected, its socket ends and nobody hears of it', async () => {
    const door = new Door()
    const owner = new Recorder()
    const dial = subject.sockets().dial('127.0.0.1', door.port, owner)
    const peer = await door.next()
    await waitFor(() => owner.has('connected'))
    dial.cancel()
    expect(await peer.readToEnd()).toBe('reset')
    expect(owner.events).toEqual(['connected'])
    peer.close()
    door.close()
  })

  test('given up or terminated within the event that it is connected, nothing comes after it', async () => {
    const door = new Door()
    const owner = new Recorder()
    owner.on.connected = (socket) => socket.terminate()
    subject.sockets().dial('127.0.0.1', door.port, owner)
    const peer = await door.next()
    peer.send('x')
    await waitFor(() => owner.isClosed)
    expect(await peer.readToEnd()).toBe('reset')
    expect(owner.events).toEqual(['connected', 'close'])
    peer.close()
    door.close()
  })
}

function testUnixDials(subject: Subject): void {
  const test = testOf(subject)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-dial-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('a dial to a Unix socket connects, half-closes, and moves bytes exactly', async () => {
    const path = join(folder, 'open')
    const listening = listenUnix(path, 8)
    const owner = new Recorder()
    subject.sockets().dialUnix(path, owner)
    const fd = await waitFor(() => {
      const accepted = libc().accept4(listening, null, null, OPEN_FLAGS)
      return accepted < 0 ? null : accepted
    })
    const peer = new Peer(fd)
    await waitFor(() => owner.has('connected'))
    const socket = owner.socket!
    const bytes = pattern(3 * 1024 * 1024)
    let at = 0
    const go = (): void => {
      const taken = socket.write(bytes, at, bytes.length)
      if (taken > 0) at += taken
      if (at === bytes.length) socket.shutdown()
    }
    owner.on.drain = go
    go()
    expect(await peer.readToEnd()).toBe('end')
    expect(peer.bytes.equals(bytes)).toBe(true)
    peer.send('still')
    peer.close()
    await waitFor(() => owner.isClosed)
    expect(owner.text).toBe('still')
    expect(owner.events.filter((event) => event !== 'drain')).toEqual(['connected', 'data', 'end', 'close'])
    closeFds([listening])
  })

  test('a path where nothing is, or nobody listens, is no connection', async () => {
    const path = join(folder, 'left-behind')
    closeFds([listenUnix(path, 8)])
    const [nothing, nobody] = [new Recorder(), new Recorder()]
    subject.sockets().dialUnix(join(folder, 'nothing'), nothing)
    subject.sockets().dialUnix(path, nobody)
    await waitFor(() => nothing.events.length > 0 && nobody.events.length > 0)
    expect(nothing.events).toEqual(['connect_failed'])
    expect(nobody.events).toEqual(['connect_refused'])
  })
}
