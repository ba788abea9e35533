import { expect, test } from 'bun:test'
import type { Sockets, SocketsKind } from '../../../server/sockets/socket.ts'
import { makeSockets } from '../../../server/sockets/make-sockets.ts'

const fake = (kind: SocketsKind) => (): Promise<Sockets> => {
  const nowhere = (): never => {
    throw new Error('a fake')
  }
  return Promise.resolve({ kind, listen: nowhere, dial: nowhere, dialUnix: nowhere })
}
const closed = (why: string) => () => Promise.reject(new Error(why))

test('the kind that is asked for is made, and no other', async () => {
  const makers = { io_uring: closed('asked'), epoll: fake('epoll'), bun: closed('asked') }
  expect(await makeSockets('epoll', makers)).toMatchObject({ made: { kind: 'epoll' }, why: null })
})

test('what cannot be made is followed by the next, with why', async () => {
  const makers = { io_uring: closed('no memory'), epoll: closed('no descriptor'), bun: fake('bun') }
  expect(await makeSockets('io_uring', makers)).toMatchObject({
    made: { kind: 'bun' },
    why: 'io_uring: no memory; epoll: no descriptor',
  })
})

test('when none can be made, all reasons are told', () => {
  const makers = { io_uring: closed('no memory'), epoll: closed('no descriptor'), bun: closed('asked') }
  expect(makeSockets('epoll', makers)).rejects.toThrow(
    'no sockets can be had: epoll: no descriptor; bun: asked',
  )
})
