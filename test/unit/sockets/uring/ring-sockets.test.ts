import { afterAll, describe } from 'bun:test'
import { Loop } from '../../../../server/sockets/loop.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { RingSockets } from '../../../../server/sockets/uring/ring-sockets.ts'
import { RingWaiter } from '../../../../server/sockets/uring/ring-waiter.ts'
import { testConformance } from '../conformance/conformance.ts'

const why = probe()
if (why !== null) process.stderr.write(`skipped: needs io_uring: ${why}\n`)

const END_AT_ONCE =
  'an end that has come with the last bytes is told in the same turn, and a relay sends both in one packet'

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
    const lacks = isOneByOne ? { [END_AT_ONCE]: 'an end is a piece of its own' } : {}
    testConformance({ name: 'io_uring', kind: 'io_uring', sockets: () => sockets, lacks })
  })
