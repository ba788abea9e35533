import { afterAll, describe } from 'bun:test'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { testConformance } from '../conformance/conformance.ts'
import { makeSockets } from '../make-sockets.ts'

const why = probe()
if (why !== null) process.stderr.write(`skipped: needs io_uring: ${why}\n`)

describe.if(why === null)('sockets on a ring of ours', () => {
  const { sockets, close } = makeSockets('io_uring')
  afterAll(close)
  testConformance({ name: 'io_uring', kind: 'io_uring', sockets: () => sockets })
})
