// Accepting stops before descriptors run out, and goes on when clients have gone; who dials without one
// blames nobody.
import { afterEach, expect, spyOn, test } from 'bun:test'
import { join } from 'node:path'
import {
  Accepting,
  acceptingStops,
  clientAccepted,
  clientGone,
  clientsMax,
  isAcceptingStopped,
  tellAcceptingTo,
} from '../../../server/accept/accepting.ts'
import { limitDescriptors } from '../../../server/lib/descriptor-budget.ts'
import { BunSocket } from '../../../server/sockets/bun/bun-socket.ts'
import { NOBODY, type Socket } from '../../../server/sockets/socket.ts'
import { sockets } from '../../../server/sockets/sockets.ts'
import { descriptorLimit, nextDescriptor, softLimitIn } from '../../../server/lib/descriptors.ts'
import { rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'

const ANY_PORT = { hostname: '127.0.0.1', port: 0 }

afterEach(() => limitDescriptors(descriptorLimit(), nextDescriptor()))

if (process.platform === 'linux') {
  test('clients beyond half of the descriptors wait in the queue of the kernel, and are accepted as others go', async () => {
    let accepted = 0
    const accepting = new Accepting(ANY_PORT, false, (socket) => {
      accepted++
      clientAccepted(0)
      socket.owner = { ...NOBODY, onClose: () => clientGone() }
      socket.write(Buffer.from('hi'), 0, 2)
    })
    limitDescriptors(nextDescriptor() + 200, nextDescriptor() + 200 - 24 - 2 * 8)
    expect(clientsMax()).toBe(8)
    const stops = acceptingStops()
    const clients = await Promise.all(Array.from({ length: 12 }, () => rawClient(accepting.port)))
    await waitFor(() => isAcceptingStopped())
    expect([accepted, acceptingStops()]).toEqual([8, stops + 1])
    expect(accepting.fd).toBeGreaterThan(0)
    for (const client of clients.slice(0, 5)) client.rst()
    await waitFor(() => accepted === 12)
    await Promise.all(clients.slice(5).map((client) => client.readUntil('hi')))
    for (const client of clients) client.rst()
    await waitFor(() => !isAcceptingStopped())
    accepting.stop()
    expect(accepting.fd).toBe(-1)
  })

  test('where a process may have few descriptors, several clients are served at a time, and it goes on when they have gone', async () => {
    let accepted = 0
    const accepting = new Accepting(ANY_PORT, false, (socket) => {
      accepted++
      clientAccepted(0)
      socket.owner = { ...NOBODY, onClose: () => clientGone() }
    })
    const before = nextDescriptor()
    for (const [left, most] of [
      [22, 4],
      [16, 3],
      [8, 2],
      [4, 1],
    ] as const) {
      limitDescriptors(before + left, before)
      expect([left, clientsMax()]).toEqual([left, most])
      accepted = 0
      const clients = await Promise.all(Array.from({ length: most }, () => rawClient(accepting.port)))
      await waitFor(() => accepted === most && isAcceptingStopped())
      for (const client of clients) client.rst()
      await waitFor(() => !isAcceptingStopped())
    }
    accepting.stop()
  })

  test('where clients wait, a part of all places is asked for, and as many as are needed', async () => {
    const asked: number[] = []
    tellAcceptingTo({ stopped() {}, waiting: (count) => void asked.push(count), resumed() {} })
    const accepting = new Accepting(ANY_PORT, false, (socket) => socket.terminate())
    for (const [places, least] of [
      [8, 4],
      [12, 4],
      [160, 10],
      [4000, 64],
    ] as const) {
      limitDescriptors(24 + 2 * places, 0)
      expect(clientsMax()).toBe(places)
      for (let n = 0; n < places; n++) clientAccepted(0)
      asked.length = 0
      await waitFor(() => asked.length > 0)
      expect([places, asked[0]]).toEqual([places, least])
      for (let n = 0; n < places; n++) clientGone()
      await waitFor(() => !isAcceptingStopped())
    }
    accepting.stop()
    tellAcceptingTo(null)
  })

  test('when the last client has gone accepting goes on, though more descriptors are in use than were reckoned', async () => {
    const accepting = new Accepting(ANY_PORT, false, (socket) => {
      clientAccepted(nextDescriptor())
      socket.owner = { ...NOBODY, onClose: () => clientGone() }
    })
    limitDescriptors(nextDescriptor() + 2, nextDescriptor() - 60)
    for (let i = 0; i < 2; i++) {
      const stops = acceptingStops()
      const client = await rawClient(accepting.port)
      await waitFor(() => acceptingStops() === stops + 1)
      client.rst()
      await waitFor(() => !isAcceptingStopped())
    }
    accepting.stop()
  })

  // Of Bun's: those of ours have their listening socket all the time.
  test.skipIf(sockets().kind !== 'bun')(
    'a listening socket that cannot be taken back at first is tried until it accepts again',
    async () => {
      let accepted = 0
      const accepting = new Accepting(ANY_PORT, false, (socket) => {
        accepted++
        clientAccepted(0)
        socket.owner = { ...NOBODY, onClose: () => clientGone() }
      })
      const { port } = accepting
      limitDescriptors(nextDescriptor() + 200, nextDescriptor() + 200 - 24 - 2 * 8)
      const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(port)))
      await waitFor(() => isAcceptingStopped())
      const listens = spyOn(Bun, 'listen').mockImplementation(() => {
        throw new Error('no room for another watch')
      })
      for (const client of clients) client.rst()
      await waitFor(() => listens.mock.calls.length >= 2)
      listens.mockRestore()
      await using _ = await rawClient(port)
      await waitFor(() => accepted === 9)
      accepting.stop()
    },
  )

  test('one that cannot be taken back while it becomes one of TLS accepts a little later, for that', async () => {
    const opened: Socket[] = []
    const accepting = new Accepting(ANY_PORT, false, (socket) => void opened.push(socket))
    const listens = spyOn(Bun, 'listen').mockImplementation(() => {
      throw new Error('no room for another watch')
    })
    accepting.useTls(true)
    await waitFor(() => listens.mock.calls.length >= 2)
    await using _ = await rawClient(accepting.port)
    listens.mockRestore()
    await waitFor(() => opened.length > 0)
    expect(opened[0]).toBeInstanceOf(BunSocket)
    accepting.stop()
  })

  test('one that becomes one of TLS and back before it is taken back keeps one descriptor', () => {
    const before = nextDescriptor()
    const accepting = new Accepting(ANY_PORT, false, () => {})
    const listens = spyOn(Bun, 'listen').mockImplementation(() => {
      throw new Error('no room for another watch')
    })
    for (const isTls of [true, false, true]) accepting.useTls(isTls)
    accepting.stop()
    listens.mockRestore()
    expect([accepting.fd, nextDescriptor()]).toEqual([-1, before])
  })

  test('one that is parked closes its descriptor when it stops', () => {
    const before = nextDescriptor()
    const accepting = new Accepting(ANY_PORT, false, () => {})
    accepting.park()
    const listens = spyOn(Bun, 'listen').mockImplementation(() => {
      throw new Error('no room for another watch')
    })
    accepting.stop()
    listens.mockRestore()
    expect([accepting.fd, nextDescriptor()]).toEqual([-1, before])
  })

  test('a dial without a descriptor says so, and so does a look whether one is left', async () => {
    const code = `
      const { startConnect } = await import(${JSON.stringify(join(import.meta.dir, '../../../server/sockets/start-connect.ts'))})
      const { libc } = await import(${JSON.stringify(join(import.meta.dir, '../../../server/lib/native.ts'))})
      const d = await import(${JSON.stringify(join(import.meta.dir, '../../../server/lib/descriptors.ts'))})
      const before = d.hasDescriptors()
      const limit = d.descriptorLimit()
      const more = []
      for (let fd = libc().dup(2); fd >= 0; fd = libc().dup(2)) more.push(fd)
      const failure = startConnect('127.0.0.1', 9)
      const after = d.hasDescriptors()
      for (const fd of more) libc().close(fd)
      console.log(JSON.stringify([limit, before, failure, after]))`
    const child = Bun.spawn(['sh', '-c', 'ulimit -n 100; exec "$0" -e "$1"', process.execPath, code], {
      stdout: 'pipe',
    })
    expect(JSON.parse(await child.stdout.text())).toEqual([100, true, 'descriptor_limit', false])
  })
}

test('the soft limit of open files is read as the kernel writes it', () => {
  expect(softLimitIn('Max open files            1024                20000                files\n')).toBe(1024)
  expect(softLimitIn('')).toBe(Number.POSITIVE_INFINITY)
})
