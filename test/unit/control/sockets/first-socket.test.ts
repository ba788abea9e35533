import { afterEach, expect, test } from 'bun:test'
import { fstatSync } from 'node:fs'
import { openFirst } from '../../../../server/control/sockets/first-socket.ts'
import { type Binds, tcpBindsOf } from '../../../../server/lib/bind.ts'
import { bindUdp, type BoundSocket } from '../../../../server/lib/bind-fd.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { openSocket, boundPort } from '../../../../server/turn/sockets/tcp.ts'
import { SOCK_STREAM } from '../../../../server/sockets/calls.ts'
import { address } from '../../turn/sockets/net.ts'

const open: number[] = []
afterEach(() => closeFds(open.splice(0)))

/** One of TCP whose number nobody has of UDP, which it is given: strangers have some, too. */
function anyPort(): { readonly made: BoundSocket; readonly udp: number } {
  for (;;) {
    const fd = openSocket(SOCK_STREAM, address('127.0.0.1'), () => {})
    if (typeof fd !== 'number') throw new Error(fd)
    open.push(fd)
    const port = boundPort(fd)
    try {
      return { made: { fd, port }, udp: bindUdp('127.0.0.1', port).fd }
    } catch {
      // A stranger's.
    }
  }
}

/** Opens one where the first `taken` are somebody's of UDP; what was opened, and which of them it is. */
function openAmong(taken: number, binds: Binds): { all: BoundSocket[]; index: number } {
  const all: BoundSocket[] = []
  const [bind] = tcpBindsOf('turn', binds)
  const first = openFirst(bind!, binds, () => {
    const { made, udp } = anyPort()
    all.push(made)
    if (all.length <= taken) open.push(udp)
    else closeFds([udp])
    return made
  })
  return { all, index: all.indexOf(first) }
}

const BOTH: Binds = { bind: '127.0.0.1:0', protocol: 'turn', transports: ['udp', 'tcp'] }
const isClosed = ({ fd }: BoundSocket): boolean => {
  try {
    fstatSync(fd)
    return false
  } catch {
    return true
  }
}

test('any port of a listener of TCP and UDP is free of both, and those in vain are closed', () => {
  const { all, index } = openAmong(3, BOTH)
  expect(index).toBe(3)
  expect(all.map(isClosed)).toEqual([true, true, true, false])
  for (const one of all.slice(0, 3)) open.splice(open.indexOf(one.fd), 1)
})

test('where UDP has them all one is taken nevertheless', () => {
  const { all, index } = openAmong(100, BOTH)
  expect([all.length, index]).toEqual([16, 15])
  for (const one of all.slice(0, 15)) open.splice(open.indexOf(one.fd), 1)
})

test.each<[string, Binds]>([
  ['of TCP alone', { bind: '127.0.0.1:0' }],
  ['whose port is written', { ...BOTH, bind: '127.0.0.1:25000' }],
])('a listener %s takes the first', (_, binds) => {
  expect(openAmong(1, binds)).toMatchObject({ index: 0, all: { length: 1 } })
})
