import { afterAll, afterEach, describe, expect, spyOn, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import { closeFds } from '../../../../server/lib/pass-fds.ts'
import { listeningFd } from '../../../../server/sockets/open-listening.ts'
import { Poller } from '../../../../server/sockets/poller.ts'
import { writeBug } from '../../turn/sockets/net.ts'
import { waitFor } from '../../../support/wait.ts'
import { localName } from '../../../../server/sockets/socket-ends.ts'
import { Recorder } from '../conformance/recorder.ts'
import { Scene } from '../conformance/scene.ts'
import { makeSockets } from '../make-sockets.ts'

const ENOSPC = 28
const HERE = { hostname: '127.0.0.1', port: 0 }
const descriptors = (): number => readdirSync('/proc/self/fd').length

/** The system has no room to poll one more (fs.epoll.max_user_watches), until the test ends. */
const refuse = (): void => void spyOn(Poller.prototype, 'tryAdd').mockReturnValue(ENOSPC)

describe.if(process.platform === 'linux')('where nothing more can be polled', () => {
  let pauses = 0
  const { sockets, close } = makeSockets('epoll', () => void pauses++)
  afterAll(close)
  afterEach(() => void spyOn(Poller.prototype, 'tryAdd').mockRestore())

  test('a listening socket cannot be opened, and no descriptor is left; one that was given stays open', () => {
    const given = listeningFd(HERE)
    const before = descriptors()
    refuse()
    expect(() => sockets.listen(HERE, () => {})).toThrow('epoll_ctl failed (ENOSPC)')
    expect(() => sockets.listen({ fd: given }, () => {})).toThrow('epoll_ctl failed (ENOSPC)')
    expect(descriptors()).toBe(before)
    spyOn(Poller.prototype, 'tryAdd').mockRestore()
    sockets.listen({ fd: given }, () => {}).stop()
    expect(descriptors()).toBe(before - 1)
  })

  test('a dial fails for lack of room, as one without a descriptor does', () => {
    const fd = listeningFd(HERE)
    const port = localName(fd)!.port
    const before = descriptors()
    const recorder = new Recorder()
    refuse()
    sockets.dial('127.0.0.1', port, recorder)
    expect(recorder.events).toEqual(['descriptor_limit'])
    expect(descriptors()).toBe(before)
    closeFds([fd])
  })

  test('who is accepted is closed, which is no bug, and accepting counts it', async () => {
    const bugs: unknown[] = []
    tellBugsTo((error) => bugs.push(error))
    const scene = new Scene({ name: 'epoll', kind: 'epoll', sockets: () => sockets })
    const before = descriptors()
    scene.onAccepted = refuse
    const peer = scene.peer()
    await waitFor(() => scene.accepted[0]?.isClosed)
    spyOn(Poller.prototype, 'tryAdd').mockRestore()
    expect([pauses, bugs]).toEqual([1, []])
    peer.close()
    await waitFor(() => descriptors() <= before)
    scene.close()
    tellBugsTo(writeBug)
  })
})
