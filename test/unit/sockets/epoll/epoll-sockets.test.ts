import { afterAll, describe } from 'bun:test'
import { testConformance } from '../conformance/conformance.ts'
import { makeSockets } from '../make-sockets.ts'

describe.if(process.platform === 'linux')('sockets on an epoll of ours', () => {
  const { sockets, close } = makeSockets('epoll')
  afterAll(close)
  testConformance({ name: 'epoll', kind: 'epoll', sockets: () => sockets })
})
