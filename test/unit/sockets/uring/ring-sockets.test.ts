import { afterAll, describe } from 'bun:test'
import { Loop } from '../../../../server/sockets/loop.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { RingSockets } from '../../../../server/sockets/uring/ring-sockets.ts'
import { RingWaiter } from '../../../../server/sockets/uring/ring-waiter.ts'
import { testConformance } from '../conformance/conformance.ts'

const why = probe()
if (why !== null) process.stderr.write(`skipped: needs io_uring: ${why}\n`)

// As kernels before Linux 6.17 have it, too.
for (const isOneByOne of why === null ? [false, true] : [])
  describe(`sockets on a ring of ours${isOneByOne ? ', read piece by piece' : ''}`, () => {
    const waiter = new RingWaiter()
    const loop = new Loop(waiter)
    const sockets = new RingSockets(loop, waiter, () => {}, { isOneByOne })
    afterAll(() => {
      loop.close()
      waiter.close()
    })
    testConformance({ name: 'io_uring', kind: 'io_uring', sockets: () => sockets })
  })
