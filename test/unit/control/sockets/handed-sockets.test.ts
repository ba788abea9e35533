// Which socket that was open before is whose.
import { afterEach, describe, expect, test } from 'bun:test'
import { ALL_SLOTS, HandedSockets } from '../../../../server/control/sockets/handed-sockets.ts'
import { bindUdp } from '../../../../server/lib/bind-fd.ts'
import { closeFds, duplicateFd } from '../../../../server/lib/pass-fds.ts'
import { socketName } from '../../../../server/lib/socket-name.ts'
import { tapEvents } from '../../../../server/telemetry/log.ts'

const fds: number[] = []
afterEach(() => closeFds(fds.splice(0)))

interface Made {
  readonly fd: number
  readonly port: number
}

/** One that listens for TCP. */
function listening(hostname: string, ipv6Only = false): Made {
  const options = { hostname, port: 0, ipv6Only, socket: { data() {} } }
  const socket = Bun.listen(options) as unknown as Made & { stop(isNow: boolean): void }
  const made = { fd: duplicateFd(socket.fd), port: socket.port }
  socket.stop(true)
  return made
}

/** Whether it is still that socket: its number may be another's by now. */
const isOpen = ({ fd, port }: Made): boolean => socketName(fd)?.port === port

/** What of systemd's a listener that binds this gets. */
const takes = (handed: HandedSockets, kind: 'tcp' | 'udp', bind: string): number => {
  const taken = handed.take(kind, { key: bind, bind }, [0, 1])
  fds.push(...taken.map(({ fd }) => fd))
  return taken.length
}

describe.if(process.platform === 'linux')('a socket of systemd', () => {
  test('is whose address is the very same: every address of IPv6 is not each of both', () => {
    const handed = new HandedSockets()
    const [both, six, udp] = [listening('::'), listening('::', true), bindUdp('::', 0)]
    for (const { fd } of [both, six, udp]) handed.lend(fd, 'a')
    fds.push(both.fd, six.fd, udp.fd)
    expect(takes(handed, 'tcp', `0.0.0.0:${both.port}`)).toBe(0)
    expect(takes(handed, 'udp', `[::]:${both.port}`)).toBe(0)
    expect(takes(handed, 'tcp', `[::]:${both.port}`)).toBe(1)
    // A listener at "[::]" takes clients of IPv4 as well, which this one does not get.
    expect(takes(handed, 'tcp', `[::]:${six.port}`)).toBe(0)
    // And of UDP it is that of IPv6 alone.
    expect(takes(handed, 'udp', `[::]:${udp.port}`)).toBe(1)
    expect(handed.told().map(({ address }) => address)).toEqual([`[::]:${both.port}`, `[::]:${udp.port}`])
  })

  test('is lent again and again, and closed where nobody wants it, which is told', () => {
    const handed = new HandedSockets()
    const [wanted, other] = [listening('127.0.0.1'), listening('127.0.0.1')]
    handed.lend(wanted.fd, 'wanted')
    handed.lend(other.fd, 'other')
    fds.push(wanted.fd)
    expect(takes(handed, 'tcp', `localhost:${wanted.port}`)).toBe(1)
    const told: unknown[] = []
    const untap = tapEvents((_, event, fields = {}) =>
      told.push([event, fields['socket'], fields['address']]),
    )
    expect(handed.closeRest()).toEqual([`other (127.0.0.1:${other.port})`])
    untap()
    expect(told).toEqual([['socket_not_wanted', 'other', `127.0.0.1:${other.port}`]])
    expect([isOpen(wanted), isOpen(other)]).toEqual([true, false])
    expect(takes(handed, 'tcp', `127.0.0.1:${wanted.port}`)).toBe(1)
  })

  test.each([
    ['another process', { LISTEN_PID: '7', LISTEN_FDS: '1' }],
    ['nobody', { LISTEN_FDS: '1' }],
    ['us, and none', { LISTEN_PID: '8', LISTEN_FDS: '0' }],
    ['us, and no number', { LISTEN_PID: '8', LISTEN_FDS: 'all' }],
  ])('that is for %s is left alone', (_, env) => {
    expect(HandedSockets.fromSystemd(env, 8).isEmpty).toBe(true)
  })
})

describe.if(process.platform === 'linux')('a socket of the gateway before', () => {
  test('is of its key and of the slots that there are; the rest is closed here', () => {
    const handed = new HandedSockets()
    const made = [0, 1, 2].map(() => listening('127.0.0.1'))
    for (const [slot, { fd }] of made.entries()) handed.leave(fd, { key: 'web', slot }, false)
    const shared = listening('127.0.0.1')
    handed.leave(shared.fd, { key: 'unix', slot: ALL_SLOTS }, false)
    fds.push(...made.slice(0, 2).map(({ fd }) => fd), shared.fd)
    const bind = '127.0.0.1:1'
    expect(handed.take('tcp', { key: 'other', bind }, [0, 1])).toEqual([])
    expect(handed.take('tcp', { key: 'web', bind }, [0, 1]).map(({ slot, fd }) => [slot, fd])).toEqual([
      [0, made[0]!.fd],
      [1, made[1]!.fd],
    ])
    expect(handed.take('tcp', { key: 'web', bind }, [0, 1])).toEqual([])
    expect(handed.take('tcp', { key: 'unix', bind }, [0, 1]).map(({ slot }) => slot)).toEqual([ALL_SLOTS])
    expect(handed.taken).toEqual([
      { key: 'web', slot: 0 },
      { key: 'web', slot: 1 },
      { key: 'unix', slot: ALL_SLOTS },
    ])
    expect(handed.closeRest()).toEqual([])
    expect(made.map(isOpen)).toEqual([true, true, false])
  })
})
